-- Each program in examples/ is run as a user runs it; socat is the echo server's peer.

local helper = require "spec.helper"

local interpreter, sh = helper.interpreter, helper.shell

local PATIENCE = 30 -- seconds after which a program counts as hanging

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

local function example(name, arguments)
    return sh(("timeout %d %s examples/%s.lua %s"):format(PATIENCE, interpreter, name, arguments or ""))
end

describe("examples/sleep_sort.lua", function()
    it("sorts its arguments", function()
        assert.same({ "0 10 20 30\n", 0 }, { example("sleep_sort", "30 10 0 20") })
    end)

    it("prints an empty line without arguments", function()
        assert.same({ "\n", 0 }, { example "sleep_sort" })
    end)

    it("refuses what is no number", function()
        local output, status = example("sleep_sort", "3 x")
        assert.truthy(output:find("not a number: x", 1, true))
        assert.equal(1, status)
    end)
end)

describe("examples/producer_consumer.lua", function()
    it("hands every item over once", function()
        assert.same({ "100 items, sum 5050\n", 0 }, { example "producer_consumer" })
    end)
end)

describe("examples/port_scan.lua", function()
    it("finds the port that is open", function()
        local ip = require "emilua.ip"
        local acceptor = ip.tcp.acceptor.new()
        acceptor:open("v4")
        acceptor:bind("127.0.0.1", 0)
        acceptor:listen()
        local port = acceptor.local_port
        local output, status = example("port_scan", ("127.0.0.1 %d %d"):format(port, port))
        acceptor:close()
        assert.same({ port .. " is open\n1 of 1 ports are open\n", 0 }, { output, status })
    end)

    it("finds none where nobody listens", function()
        assert.same({ "0 of 3 ports are open\n", 0 }, { example("port_scan", "127.0.0.1 1 3") })
    end)

    it("explains its usage", function()
        local output, status = example "port_scan"
        assert.truthy(output:find("usage: luajit port_scan.lua ADDRESS FIRST LAST", 1, true))
        assert.equal(2, status)
    end)
end)

describe("examples/watchdog.lua", function()
    it("prints what the stuck fibers wait for", function()
        local output, status = example "watchdog"
        assert.equal(0, status)
        assert.truthy(output:find "Fiber 0x%x+ 'watchdog' is running\n", output)
        assert.truthy(output:find "Fiber 0x%x+ 'booking' waits for mutex 0x%x+, %d+%.%d+ s\n", output)
        assert.truthy(output:find "Fiber 0x%x+ 'audit' waits for mutex 0x%x+, %d+%.%d+ s\n", output)
        assert.truthy(output:find("false\tno progress\n", 1, true), output)
    end)
end)

describe("examples/timer_spec.lua", function()
    it("is a suite that passes", function()
        local output, status = sh(("timeout %d busted --lua=%s -o plainTerminal "
            .. "examples/timer_spec.lua"):format(PATIENCE, helper.quote(interpreter:match "^%S+")))
        assert.truthy(output:find("3 successes / 0 failures / 0 errors / 0 pending", 1, true), output)
        assert.equal(0, status)
    end)
end)

describe("examples/echo_server.lua", function()
    local server, pid, port, errors

    before_each(function()
        errors = os.tmpname()
        -- timeout(1) passes signals on.
        server = io.popen(([[
            exec 2>/dev/null
            sh -c 'echo $$; exec timeout --foreground -s KILL %d %s examples/echo_server.lua 0 2>%s'
            echo "status $?"]]):format(2 * PATIENCE, interpreter, errors))
        pid = server:read "*l"
        port = assert(tostring(server:read "*l"):match "^listening on 127%.0%.0%.1:(%d+)$", read(errors))
    end)

    after_each(function()
        os.execute("kill -TERM " .. pid .. " 2>/dev/null")
        server:close()
        os.remove(errors)
    end)

    local function socat()
        return ("timeout %d socat -t %d - TCP:127.0.0.1:%s"):format(PATIENCE, PATIENCE, port)
    end

    local function client(arguments)
        return ("timeout %d %s examples/echo_client.lua 127.0.0.1 %s %s")
            :format(PATIENCE, interpreter, port, arguments or "")
    end

    it("returns what it gets and closes after the peer's end of stream", function()
        assert.same({ "hello\nworld\n", 0 }, { sh("printf 'hello\\nworld\\n' | " .. socat()) })
    end)

    it("returns nothing to a peer that sends nothing", function()
        assert.same({ "", 0 }, { sh(socat() .. " </dev/null") })
    end)

    it("returns a million random bytes unchanged", function()
        local sent, got = os.tmpname(), os.tmpname()
        sh("head -c 1000000 /dev/urandom >" .. sent)
        assert.same({ "", 0 }, { sh(("%s <%s >%s"):format(socat(), sent, got)) })
        assert.is_true(read(sent) == read(got))
        os.remove(sent)
        os.remove(got)
    end)

    it("serves many connections at once", function()
        local commands = {}
        for i = 1, 20 do
            -- Each keeps its connection while others come and go.
            commands[i] = ("{ (echo first %d; sleep 0.%d; echo last %d) | %s; } &"):format(i, i % 5, i, socat())
        end
        local output, status = sh(table.concat(commands, "\n") .. "\nwait")
        assert.equal(0, status)
        for i = 1, 20 do
            local first = assert(output:find(("first %d\n"):format(i), 1, true), output)
            assert.truthy(output:find(("last %d\n"):format(i), first, true), output)
        end
    end)

    it("goes on after a connection that the peer has reset, and says so", function()
        -- A linger time of zero makes close(2) a reset, without the end of the stream before it.
        assert.same({ "", 0 }, { helper.child([[
            local byte_span = require "emilua.byte_span"
            local ip = require "emilua.ip"
            require "emilua".run(function()
                local sock = ip.tcp.socket.new()
                sock:connect(ip.address.loopback_v4(), tonumber(arg[1]))
                sock:set_option("linger", true, 0)
                sock:write_some(byte_span.append "x")
                sock:read_some(byte_span.new(1)) -- it is being served
                sock:close()
            end)]], { args = { port } }) })
        assert.same({ "alive\n", 0 }, { sh("echo alive | " .. socat()) })
        assert.equal("connection lost: Connection reset by peer\n", read(errors))
    end)

    it("prints nothing about connections that end in order", function()
        sh("echo text | " .. socat())
        assert.equal("", read(errors))
    end)

    for signal, number in pairs{ TERM = 15, INT = 2 } do
        it("ends by SIG" .. signal .. " while a connection is open", function()
            local peer = io.popen(("exec socat -u TCP:127.0.0.1:%s - 2>/dev/null"):format(port))
            sh(client "hello") -- accepted after the peer, which thus is being served
            os.execute(("kill -%s %s"):format(signal, pid))
            assert.equal(("status %d\n"):format(128 + number), server:read "*a")
            peer:close()
        end)
    end

    it("returns the arguments of examples/echo_client.lua", function()
        assert.same({ "hello\nbig world\n", 0 }, { sh(client "hello 'big world'") })
    end)

    it("returns the lines that examples/echo_client.lua reads", function()
        assert.same({ "one\ntwo\n\nfour\n", 0 }, { sh("printf 'one\\ntwo\\n\\nfour\\n' | " .. client()) })
    end)

    it("returns a line larger than the socket buffers", function()
        local command = "{ head -c 8000000 /dev/zero | tr '\\0' x; echo; } | " .. client "| wc -c"
        assert.same({ "8000001\n", 0 }, { sh(command) })
    end)
end)

describe("examples/echo_client.lua", function()
    it("fails with the system's message where nobody listens", function()
        -- Port 1 of the loopback: tcpmux, which nobody runs.
        local output, status = example("echo_client", "127.0.0.1 1 hello")
        assert.truthy(output:find("Connection refused", 1, true), output)
        assert.equal(1, status)
    end)

    it("explains its usage", function()
        local output, status = example "echo_client"
        assert.truthy(output:find("usage: luajit echo_client.lua ADDRESS PORT", 1, true))
        assert.equal(2, status)
    end)
end)

describe("examples/program", function()
    local command = interpreter .. " lua/bin/emilua examples/program"

    it("is run by the launcher", function()
        assert.same({ "hello, main\nhello, fiber\nfalse\tThere is nobody to greet\ttrue\tInvalid argument\n", 0 },
            { sh(("LC_ALL=C timeout %d %s"):format(PATIENCE, command)) })
    end)
end)

describe("examples/embed", function()
    local work = os.tmpname()

    setup(function()
        os.remove(work)
        local output, status = sh(("mkdir %s && cc -Wall -Wextra -Werror -o %s/embed examples/embed/main.c "):format(
            work, work) .. "$(pkg-config --cflags --libs luajit)")
        assert.equal(0, status, output)
    end)

    teardown(function() sh("rm -r " .. work) end)

    local function embedded(source, arguments)
        local path = work .. "/script.lua"
        local file = assert(io.open(path, "w"))
        file:write(source)
        file:close()
        return sh(("LUA_CPATH=%s timeout %d %s/embed %s %s"):format(
            helper.quote(helper.root .. "?.so"), PATIENCE, work, path, arguments or ""))
    end

    it("runs a script that uses the module", function()
        assert.same({ "argument\n", 0 }, { embedded([[
            local emilua, time = require "emilua", require "emilua.time"
            local argument = ...
            print(emilua.run(function()
                time.sleep(0.001)
                return argument
            end))
        ]], "argument") })
    end)

    it("prints an error with a traceback and ends with 1", function()
        local output, status = embedded [[require("emilua").run(function() require("emilua.mutex").new():unlock() end)]]
        assert.matches("^embed: Operation not permitted\nstack traceback:\n", output)
        assert.equal(1, status)
    end)
end)

describe("the README", function()
    it("lists every example", function()
        local text = read "README.md"
        for name in sh("ls examples"):gmatch "%S+" do
            assert.truthy(text:find(("](examples/%s"):format(name), 1, true), name)
        end
    end)
end)
