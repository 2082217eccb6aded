-- The examples of sockets and descriptors, run as a user runs them; socat is their peer.

local helper = require "spec.helper"

local interpreter, sh = helper.interpreter, helper.shell

local PATIENCE = 30 -- seconds after which a program counts as hanging

-- Starts a program that says on which port it listens; its port, and a function that ends it.
local function start(command)
    local errors = os.tmpname()
    local program = io.popen(([[
        exec 2>/dev/null
        sh -c 'echo $$; exec timeout --foreground -s KILL %d %s 2>%s'
        true]]):format(2 * PATIENCE, command, errors))
    local pid = program:read "*l"
    local line = tostring(program:read "*l")
    local port = line:match "^listening on 127%.0%.0%.1:(%d+)$"
    local file = assert(io.open(errors))
    local text = file:read "*a"
    file:close()
    os.remove(errors)
    return assert(port, line .. text), function()
        os.execute("kill -TERM " .. pid .. " 2>/dev/null")
        program:close()
    end
end

local function socat(port) return ("timeout %d socat -t %d - TCP:127.0.0.1:%s"):format(PATIENCE, PATIENCE, port) end

describe("examples/socket_worker.lua", function()
    it("serves connections in the worker", function()
        local port, stop = start(interpreter .. " examples/socket_worker.lua")
        for _ = 1, 3 do
            local output, status = sh(socat(port) .. " </dev/null")
            assert.truthy(output:find("^hello, 127%.0%.0%.1:%d+\n$"), output)
            assert.equal(0, status)
        end
        stop()
    end)
end)

describe("examples/port_forwarder.lua", function()
    it("forwards both ways until both sides have ended", function()
        local port, stop = start(interpreter .. " examples/echo_server.lua 0")
        local forwarded, stop_forwarder = start(interpreter .. " examples/port_forwarder.lua 127.0.0.1 " .. port)
        local sent, got = os.tmpname(), os.tmpname()
        sh("head -c 3000000 /dev/urandom >" .. sent)
        assert.same({ "", 0 }, { sh(("%s <%s >%s"):format(socat(forwarded), sent, got)) })
        assert.same({ "", 0 }, { sh(("cmp %s %s"):format(sent, got)) })
        os.remove(sent)
        os.remove(got)
        stop_forwarder()
        stop()
    end)

    it("closes the connection when nobody listens there", function()
        local port, stop = start(interpreter .. " examples/port_forwarder.lua 127.0.0.1 1")
        assert.same({ "", 0 }, { sh(socat(port) .. " </dev/null") })
        stop()
    end)
end)
