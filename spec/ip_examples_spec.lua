-- The examples of ip with real peers: socat, curl and each other.

local helper = require "spec.helper"

local interpreter, sh = helper.interpreter, helper.shell

helper.install()

-- Runs the shell text `body` while servers run in the background: `servers` are commands that print a line which ends
-- in their port; the body knows the ports as $port1, $port2... Later servers know the ports of earlier ones.
local function served(servers, body)
    local words = { "pids=; trap 'kill $pids; wait' EXIT" }
    for i, server in ipairs(servers) do
        local path = os.tmpname()
        words[#words + 1] = ("timeout 60 %s > %s & pids=\"$pids $!\""):format(server, path)
        words[#words + 1] = ("while [ ! -s %s ] && kill -0 $!; do sleep 0.01; done"):format(path)
        words[#words + 1] = ("port%d=$(sed -n '1s/.*[^0-9]//p' %s); rm %s"):format(i, path, path)
    end
    words[#words + 1] = body
    return sh("{ " .. table.concat(words, "\n") .. "\n} 2>&1")
end

local function example(name, arguments)
    return ("%s examples/%s.lua %s"):format(interpreter, name, arguments or "")
end

describe("examples/udp_service.lua", function()
    it("answers socat", function()
        local output = served({ example "udp_service" }, [[
            for text in 'echo hello, world' 'count' 'nonsense'; do
                answer=$(mktemp)
                printf '%s\n' "$text" | timeout 30 socat -t 30 - "UDP:127.0.0.1:$port1,shut-none" > $answer & client=$!
                while [ ! -s $answer ] && kill -0 $client; do sleep 0.01; done
                kill $client; cat $answer; rm $answer
            done ]])
        assert.equal("hello, world\n2\nunknown command\n", output)
    end)
end)

describe("examples/shared_port.lua", function()
    it("answers curl, each connection by one of the workers", function()
        local output = served({ example("shared_port", "0 one"), example("shared_port", "$port1 two") }, [[
            for i in $(seq 100); do
                curl -s --max-time 30 "http://127.0.0.1:$port1/path" || exit 1
            done | sort | uniq -c ]])
        local one, two = output:match "(%d+) one was asked for /path\n%s*(%d+) two was asked for /path\n$"
        assert.truthy(one, output)
        assert.equal(100, one + two)
    end)
end)

describe("examples/http_get.lua", function()
    it("gets what the other example serves", function()
        local get = example("http_get", "http://127.0.0.1:$port1/a/b?c") .. "\n"
            .. example("http_get", "http://localhost:$port1")
        local output = served({ example("shared_port", "0 server") }, get)
        assert.equal("server was asked for /a/b?c\nserver was asked for /\n", output)
    end)

    -- socat answers every connection with a file.
    local function answered(answer)
        local path = helper.write_temporary(answer)
        local listen = "socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr"
        local server = ([[sh -c '%s SYSTEM:"head -n 4 >&2; cat %s" 2>&1 | sed -un "s/.*listening on/&/p"']]):format(
            listen, path)
        local get = example("http_get", "http://127.0.0.1:$port1/") .. "\necho \"status $?\""
        local output, status = served({ server }, get)
        os.remove(path)
        return output, status
    end

    it("puts chunks together", function()
        local output = answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            .. "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n")
        assert.equal("hello, worldstatus 0\n", output)
    end)

    it("reads to the end without a length, and tells of a failure", function()
        assert.equal("not herestatus 1\n", (answered("HTTP/1.1 404 Not Found\r\n\r\nnot here")))
    end)

    it("says how it is used", function()
        local output, status = sh(example("http_get", "ftp://host/"))
        assert.truthy(output:find("usage: ", 1, true))
        assert.equal(1, status)
    end)
end)
