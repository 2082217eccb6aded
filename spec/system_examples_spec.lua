-- The examples about processes, signals and terminals, run as a user runs them.

local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local system = require "emilua.system"
local time = require "emilua.time"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local process = require "spec.process_helper"
local pty = require "spec.pty_helper"

local closing = fd.closing
local signal = system.signal

helper.install()

-- The command line of an example.
local function words(name, ...)
    local list = {}
    for word in helper.interpreter:gmatch "%S+" do list[#list + 1] = word end
    list[#list + 1] = helper.root .. "examples/" .. name .. ".lua"
    for _, word in ipairs{ ... } do list[#list + 1] = word end
    return list
end

local function start(list, opts)
    local environment = system.environment
    environment.LUA_CPATH = helper.root .. "?.so;;"
    local all = { program = list[1], arguments = list, environment = environment, stderr = "share" }
    for name, value in pairs(opts) do all[name] = value end
    return system.spawn(all)
end

-- Reads lines of a stream, one for each call.
local function lines(stream)
    local rest, bs = "", byte_span.new(4096)
    return function()
        while not rest:find "\n" do
            local ok, n = pcall(stream.read_some, stream, bs)
            if not ok then return nil end
            rest = rest .. tostring(bs:first(n))
        end
        local line, after = rest:match "^([^\n]*)\n(.*)$"
        rest = after
        return line
    end
end

describe("examples/supervisor.lua", function()
    it("restarts a program that ends, and ends with it", closing(function()
        local p = start(words("supervisor", "sh", "-c", "echo run; exit 3"), { stderr = "pipe" })
        local next_line = lines(p.stderr)
        local restarts = 0
        while restarts < 3 do
            local line = next_line()
            if line:find "restart in" then restarts = restarts + 1 end
        end
        p:kill(signal.SIGTERM)
        p:wait()
        assert.equal(0, p.exit_code)
        p.stderr:close()
    end))

    it("restarts on SIGHUP, and kills what the program has started", closing(function()
        local p = start(words("supervisor", "sh", "-c", "echo pid $$; sleep 600 & sleep 600"), {
            stdout = "pipe", stderr = "pipe",
        })
        local next_line = lines(p.stdout)
        local first = next_line():match "pid (%d+)"
        p:kill(signal.SIGHUP)
        local second = next_line():match "pid (%d+)"
        assert.not_equal(first, second)
        p:kill(signal.SIGINT)
        p:wait()
        assert.equal(0, p.exit_code)
        for _, pid in ipairs{ first, second } do
            for _ = 1, 500 do
                if not pcall(system.kill, -tonumber(pid), 0) then break end
                time.sleep(0.01)
            end
            helper.raises("system", "ESRCH", function() system.kill(-tonumber(pid), 0) end)
        end
        p.stdout:close()
        p.stderr:close()
    end))
end)

describe("examples/graceful_shutdown.lua", function()
    local function server(seconds)
        local p = start(words("graceful_shutdown", "0", seconds), { stdout = "pipe" })
        local next_line = lines(fd.keep(p.stdout))
        local port = tonumber(next_line():match ":(%d+)$")
        local client = fd.keep(ip.tcp.socket.new())
        client:connect(ip.address.loopback_v4(), port)
        local bs = byte_span.append "ping"
        client:write_some(bs)
        client:read_some(bs)
        return p, next_line, client
    end

    it("lets connections finish", closing(function()
        local p, next_line, client = server "60"
        p:kill(signal.SIGTERM)
        assert.equal("closing, 1 open", next_line())
        local bs = byte_span.append "pong"
        client:write_some(bs)
        assert.equal(4, client:read_some(bs))
        client:close()
        assert.equal("bye", next_line())
        p:wait()
        assert.equal(0, p.exit_code)
    end))

    it("closes those that take too long", closing(function()
        local p, next_line, client = server "0.1"
        p:kill(signal.SIGINT)
        assert.equal("closing, 1 open", next_line())
        helper.raises("asio.misc", "eof", function() client:read_some(byte_span.new(1)) end)
        assert.equal("bye", next_line())
        p:wait()
        assert.equal(0, p.exit_code)
    end))

    it("ends at once by a second signal", closing(function()
        local p, next_line = server "60"
        p:kill(signal.SIGTERM)
        assert.equal("closing, 1 open", next_line())
        p:kill(signal.SIGTERM)
        p:wait()
        assert.equal(signal.SIGTERM, p.exit_signal)
    end))
end)

describe("examples/make.lua", function()
    local function make(text, jobs)
        local path = helper.write_temporary(text)
        local output, status = helper.shell(("timeout 60 %s examples/make.lua %s %s"):format(
            helper.interpreter, path, jobs or ""))
        os.remove(path)
        return output, status
    end

    it("runs rules after those they need", function()
        local output, status = make "all one two: echo all\ntwo one: echo two\none: echo one\n# comment\n"
        assert.equal("== one\none\n== two\ntwo\n== all\nall\n", output)
        assert.equal(0, status)
    end)

    it("runs those that need nothing of each other at once, as many as allowed", function()
        -- Each waits for the other.
        local fifo = os.tmpname()
        os.remove(fifo)
        helper.shell("mkfifo " .. fifo)
        local output, status = make(("a: echo x >%s\nb: read line <%s\n"):format(fifo, fifo), 2)
        os.remove(fifo)
        assert.equal(0, status, output)
    end)

    it("stops at the first that fails", function()
        local output, status = make "a: exit 3\nb: sleep 600\nc a: echo never\n"
        assert.equal("== a\nmake: a failed with 3\n", output)
        assert.equal(1, status)
    end)
end)

describe("examples/multiplexer.lua", function()
    it("shows one of several terminals", closing(function()
        local t = pty.open()
        system.terminal.set_size(t.slave, 100, 40)
        local p = start(words("multiplexer", "stty size; read line; echo first has $line", "echo ready; cat"), {
            stdin = t.slave, stdout = t.slave, stderr = t.slave, start_new_session = true, set_ctty = t.slave,
        })
        pty.expect(t, "40 100")
        pty.type(t, "input\r")
        pty.expect(t, "first has input")
        pty.type(t, "\1n")
        pty.expect(t, "%[2%]")
        pty.expect(t, "ready")
        pty.type(t, "text\r")
        pty.expect(t, "text\r\ntext")
        pty.type(t, "\1q")
        p:wait()
        assert.equal(0, p.exit_code)
        process.none_left()
    end))
end)
