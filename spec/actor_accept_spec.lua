-- Several VMs that accept at one port, each in a context of its own.

local actors = require "spec.actor_helper"
local emilua = require "emilua"
local helper = require "spec.helper"
local inbox = require "emilua.inbox"
local ip = require "emilua.ip"

helper.install()

-- Accepts at the port that it is sent, says so, and answers each connection with its number.
local SERVER = [[
    local ip, byte_span = require "emilua.ip", emilua.byte_span
    local setup = inbox:receive()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:set_option("reuse_port", true)
    acceptor:bind(ip.address.loopback_v4(), setup.port)
    acceptor:listen()
    setup.to:send(acceptor.local_port)
    local accepting = emilua.spawn(function()
        while true do
            local socket = acceptor:accept()
            socket:write_some(byte_span.append(tostring(setup.number)))
            socket:close()
        end
    end)
    pcall(inbox.receive, inbox)
    accepting:interrupt()
    accepting:join()
    acceptor:close()
]]

describe("reuse_port", function()
    it("lets VMs accept at one port in parallel, each connection going to one", helper.fiber(function()
        local servers, port = {}, 0
        for number = 1, 4 do
            servers[number] = actors.worker(SERVER, { inherit_context = false })
            servers[number]:send({ number = number, port = port, to = inbox })
            local bound = inbox:receive()
            assert.is_true(port == 0 or bound == port)
            port = bound
        end
        local count, used = {}, 0
        local bs = emilua.byte_span.new(8)
        for _ = 1, 64 do
            local socket = ip.tcp.dial("127.0.0.1:" .. port)
            local number = tonumber(tostring(bs:first(socket:read_some(bs))))
            socket:close()
            if not count[number] then used = used + 1 end
            count[number] = (count[number] or 0) + 1
        end
        local total = 0
        for number = 1, 4 do total = total + (count[number] or 0) end
        assert.equal(64, total)
        -- The kernel chooses by the client's port: that all 64 went to one would be a wonder.
        assert.is_true(used > 1)
        for number = 1, 4 do servers[number]:close() end
    end))
end)
