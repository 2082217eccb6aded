local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local closing, keep, pair, listening = tcp.closing, tcp.keep, tcp.pair, tcp.listening

helper.install()

local function text(s) return byte_span.append(s) end

local OOB = {"out_of_band"}

-- A fiber that receives at most 10 bytes and returns them.
local function receiving(sock, flags)
    return spawn(function()
        local bs = byte_span.new(10)
        return tostring(bs:first(flags and sock:receive(bs, flags) or sock:read_some(bs)))
    end)
end

describe("ip.tcp.socket:receive", function()
    it("is read_some with flags", closing(function()
        local client, server = pair()
        client:write_some(text "hello")
        local bs = byte_span.new(3)
        assert.equal(3, server:receive(bs, {}))
        assert.equal("hel", tostring(bs))
        assert.equal(2, server:receive(bs, {"do_not_route"}))
    end))

    it("peek leaves the bytes", closing(function()
        local client, server = pair()
        client:write_some(text "hello")
        local bs = byte_span.new(10)
        for _ = 1, 3 do assert.equal(5, server:receive(bs, {"peek"})) end
        assert.equal(5, server:read_some(bs))
    end))

    it("waits for data, with peek too", closing(function()
        local client, server = pair()
        local fiber = receiving(server, {"peek"})
        this_fiber.yield()
        client:write_some(text "x")
        assert.equal("x", fiber:join())
        assert.equal("x", receiving(server):join())
    end))

    it("raises eof when the peer has closed", closing(function()
        local client, server = pair()
        client:close()
        helper.raises("asio.misc", "eof", function() server:receive(byte_span.new(1), {}) end)
        helper.raises("asio.misc", "eof", function() server:receive(byte_span.new(1), {"peek"}) end)
    end))

    it("gives 0 for an empty span, at the end too", closing(function()
        local client, server = pair()
        assert.equal(0, server:receive(byte_span.new(0), {}))
        assert.equal(0, server:receive(byte_span.new(0), OOB))
        assert.equal(0, client:send(byte_span.new(0), {}))
        client:close()
        assert.equal(0, server:receive(byte_span.new(0), {}))
    end))

    it("queues with read_some", closing(function()
        local client, server = pair()
        local bs = byte_span.new(1)
        local order = {}
        local first = spawn(function() server:read_some(bs) order[#order + 1] = "read_some" end)
        local second = spawn(function() server:receive(bs, {}) order[#order + 1] = "receive" end)
        this_fiber.yield()
        client:write_some(text "ab")
        first:join()
        second:join()
        assert.same({"read_some", "receive"}, order)
    end))
end)

describe("ip.tcp.socket:send", function()
    it("is write_some with flags", closing(function()
        local client, server = pair()
        for _, flags in ipairs{{}, {"do_not_route"}, {"end_of_record"}} do
            assert.equal(1, client:send(text "x", flags))
            assert.equal("x", receiving(server):join())
        end
    end))

    it("raises EPIPE, not SIGPIPE", closing(function()
        local client, server = pair()
        server:set_option("linger", true, 0)
        server:close()
        local ok, e
        repeat ok, e = pcall(client.send, client, text "x", {}) until not ok
        assert.is_true(e.code == helper.errno.EPIPE or e.code == helper.errno.ECONNRESET)
        helper.raises("system", "EPIPE", function() client:send(text "x", {}) end)
    end))
end)

describe("urgent data", function()
    it("is waited for apart from normal data", closing(function()
        local client, server = pair()
        local urgent, normal = receiving(server, OOB), receiving(server)
        this_fiber.yield()
        client:send(text "normal", {})
        assert.equal("normal", normal:join())
        normal = receiving(server)
        client:send(text "!", OOB)
        assert.equal("!", urgent:join())
        client:send(text "more", {})
        assert.equal("more", normal:join())
    end))

    it("that is there already is received at once", closing(function()
        local client, server = pair()
        client:send(text "!", OOB)
        server:wait("error")
        assert.equal("!", receiving(server, OOB):join())
    end))

    it("is served to fibers in order", closing(function()
        local client, server = pair()
        local first, second = receiving(server, OOB), receiving(server, OOB)
        this_fiber.yield()
        client:send(text "1", OOB)
        assert.equal("1", first:join())
        client:send(text "2", OOB)
        assert.equal("2", second:join())
    end))

    it("ends with the connection", closing(function()
        local client, server = pair()
        local fiber = spawn(function() return pcall(server.receive, server, byte_span.new(1), OOB) end)
        this_fiber.yield()
        client:set_option("linger", true, 0)
        client:close()
        assert.is_false((fiber:join()))
    end))

    it("inline is part of the flow: a read stops at the mark, and asking for it is EINVAL", closing(function()
        local client, server = pair()
        server:set_option("out_of_band_inline", true)
        client:send(text "ab", {})
        client:send(text "!", OOB)
        helper.raises("system", "EINVAL", function() server:receive(byte_span.new(1), OOB) end)
        assert.is_false(server.at_mark)
        assert.equal("ab", receiving(server):join())
        server:wait("read")
        assert.is_true(server.at_mark)
        assert.equal("!", receiving(server):join())
        assert.is_false(server.at_mark)
    end))

    it("is left by who is interrupted, and aborted by cancel and close", closing(function()
        local client, server = pair()
        local fiber = receiving(server, OOB)
        this_fiber.yield()
        fiber:interrupt()
        fiber:join()
        assert.is_true(fiber.interruption_caught)
        for _, name in ipairs{"cancel", "close"} do
            local aborted = spawn(function() return select(2, pcall(server.receive, server, byte_span.new(1), OOB)) end)
            local waiting = spawn(function() return select(2, pcall(server.wait, server, "error")) end)
            this_fiber.yield()
            if name == "cancel" then client:send(text "a", {}) end
            server[name](server)
            helper.is_error(aborted:join(), "system", "ECANCELED")
            helper.is_error(waiting:join(), "system", "ECANCELED")
        end
    end))
end)

describe("ip.tcp.socket:wait", function()
    it("read: returns when data is there and consumes nothing", closing(function()
        local client, server = pair()
        local fiber = spawn(function() return select("#", server:wait("read")) end)
        this_fiber.yield()
        client:write_some(text "x")
        assert.equal(0, fiber:join())
        server:wait("read")
        assert.equal("x", receiving(server):join())
    end))

    it("read: returns at the end of the stream", closing(function()
        local client, server = pair()
        client:shutdown("send")
        server:wait("read")
        helper.raises("asio.misc", "eof", function() server:read_some(byte_span.new(1)) end)
    end))

    it("write: returns when there is room", closing(function()
        local client, server = pair()
        client:wait("write")
        local full = byte_span.new(1048576)
        local writer = spawn(function() while true do client:write_some(full) end end)
        helper.turns(5)
        writer:interrupt()
        writer:join()
        local waiting = spawn(function() client:wait("write") end)
        local reader = spawn(function() while true do server:read_some(full) end end)
        waiting:join()
        reader:interrupt()
        reader:join()
    end))

    it("error: is not woken by normal data, but by urgent data and broken connections", closing(function()
        local client, server = pair()
        local fiber = spawn(function() server:wait("error") return "woken" end)
        this_fiber.yield()
        client:send(text "normal", {})
        server:wait("read")
        helper.turns(3)
        assert.is_true(fiber.joinable)
        client:send(text "!", OOB)
        assert.equal("woken", fiber:join())
        assert.equal("!", receiving(server, OOB):join())
        fiber = spawn(function() server:wait("error") return "woken" end)
        this_fiber.yield()
        client:set_option("linger", true, 0)
        client:close()
        assert.equal("woken", fiber:join())
    end))

    it("is aborted, and interrupted", closing(function()
        local _, server = pair()
        local fiber = spawn(function() return select(2, pcall(server.wait, server, "read")) end)
        this_fiber.yield()
        server:cancel()
        helper.is_error(fiber:join(), "system", "ECANCELED")
        for _, kind in ipairs{"read", "error"} do
            fiber = spawn(function() server:wait(kind) end)
            this_fiber.yield()
            fiber:interrupt()
            fiber:join()
            assert.is_true(fiber.interruption_caught)
        end
    end))

    it("raises EBADF on a closed socket", closing(function()
        for _, kind in ipairs{"read", "write", "error"} do
            helper.raises("system", "EBADF", function() tcp.new_socket():wait(kind) end)
        end
    end))
end)

describe("ip.tcp.acceptor:wait", function()
    it("read: returns when a connection is there, and accepts nothing", closing(function()
        local acceptor, client = listening(), tcp.new_socket()
        local fiber = spawn(function() acceptor:wait("read") end)
        this_fiber.yield()
        client:connect(address.loopback_v4(), acceptor.local_port)
        fiber:join()
        assert.equal(client.local_port, keep(acceptor:accept()).remote_port)
    end))
end)

describe("ip.tcp.socket:disconnect", function()
    it("resets the connection; the socket stays open and can connect again", closing(function()
        local acceptor, client = listening(), tcp.new_socket()
        client:connect(address.loopback_v4(), acceptor.local_port)
        local server = keep(acceptor:accept())
        client:disconnect()
        assert.is_true(client.is_open)
        helper.raises("system", "ENOTCONN", function() return client.remote_port end)
        helper.raises("system", "ECONNRESET", function() server:read_some(byte_span.new(1)) end)
        client:connect(address.loopback_v4(), acceptor.local_port)
        local again = keep(acceptor:accept())
        client:write_some(text "x")
        assert.equal("x", receiving(again):join())
    end))

    it("raises EBADF on a closed socket", closing(function()
        helper.raises("system", "EBADF", function() tcp.new_socket():disconnect() end)
    end))
end)

describe("ip.tcp.socket:io_control", function()
    it("bytes_readable counts", closing(function()
        local client, server = pair()
        assert.equal(0, server:io_control("bytes_readable"))
        client:write_some(text "hello")
        server:wait("read")
        assert.equal(5, server:io_control("bytes_readable"))
    end))

    it("knows nothing else", closing(function()
        local client = pair()
        helper.ENOTSUP(function() client:io_control("non_blocking_io") end)
        helper.EINVAL(function() client:io_control(1) end, 2)
        helper.raises("system", "EBADF", function() tcp.new_socket():io_control("bytes_readable") end)
    end))
end)

describe("assign and release", function()
    it("hand a connection over", closing(function()
        local client, server = pair()
        client:write_some(text "ab")
        local bs = byte_span.new(1)
        server:read_some(bs)
        local fd = server:release()
        assert.equal("file_descriptor", getmetatable(fd))
        assert.is_false(server.is_open)
        local other = tcp.new_socket()
        assert.equal(0, select("#", other:assign("v4", fd)))
        assert.equal("b", receiving(other):join())
        other:write_some(text "c")
        assert.equal("c", receiving(client):join())
        helper.EINVAL(function() tcp.new_socket():assign("v4", fd) end, 3)
        fd:close()
    end))

    it("hand an acceptor and a UDP socket over", closing(function()
        local acceptor = listening()
        local other = tcp.new_acceptor()
        other:assign(acceptor.local_address, acceptor:release())
        local client = keep(ip.tcp.dial("127.0.0.1:" .. other.local_port))
        assert.equal(client.local_port, keep(other:accept()).remote_port)

        local sock, peer = keep(ip.udp.socket.new()), keep(ip.udp.socket.new())
        sock:open("v4")
        sock:bind("127.0.0.1", 0)
        peer:assign("v4", sock:release())
        peer:send_to(text "x", address.loopback_v4(), peer.local_port)
        assert.equal(1, peer:receive(byte_span.new(1)))
    end))

    it("release aborts pending operations", closing(function()
        local _, server = pair()
        local fiber = spawn(function() return select(2, pcall(server.read_some, server, byte_span.new(1))) end)
        this_fiber.yield()
        server:release():close()
        helper.is_error(fiber:join(), "system", "ECANCELED")
    end))

    it("refuse wrong arguments and consume nothing then", closing(function()
        for _, new in ipairs{ip.tcp.socket.new, ip.tcp.acceptor.new, ip.udp.socket.new} do
            local source, target = keep(new()), keep(new())
            helper.EBADF(function() source:release() end)
            source:open("v4")
            local fd = source:release()
            for _, value in ipairs{1, "fd", {}, byte_span.new(1), address.new()} do
                helper.EINVAL(function() target:assign("v4", value) end, 3)
            end
            helper.EINVAL(function() target:assign("v4") end, 3)
            for _, family in ipairs{"v5", 4, true, {}} do
                helper.EINVAL(function() target:assign(family, fd) end, 2)
            end
            target:open("v4")
            helper.raises("asio.misc", "already_open", function() target:assign("v4", fd) end)
            target:close()
            target:assign("v4", fd)
            assert.is_true(target.is_open)
        end
    end))
end)

describe("options for keep-alive and time-outs", function()
    it("are integers", closing(function()
        local client = pair()
        for name, value in pairs{tcp_keep_alive_idle = 100, tcp_keep_alive_interval = 7, tcp_keep_alive_count = 3,
            tcp_user_timeout = 12345} do
            assert.equal(0, select("#", client:set_option(name, value)))
            assert.equal(value, client:get_option(name))
            for _, wrong in ipairs{true, "1", 1.5, 2 ^ 31} do
                helper.EINVAL(function() client:set_option(name, wrong) end, 3)
            end
            helper.ENOTSUP(function() listening():set_option(name, value) end)
        end
        helper.raises("system", "EINVAL", function() client:set_option("tcp_keep_alive_idle", 0) end)
    end))

    it("end a connection whose peer does not answer", closing(function()
        -- The server reads nothing, so that its window closes and stays closed.
        local client = pair()
        client:set_option("tcp_user_timeout", 100)
        local full = byte_span.new(1048576)
        helper.raises("system", "ETIMEDOUT", function() while true do client:write_some(full) end end)
    end))
end)

describe("reuse_port", function()
    it("lets several acceptors share a port, each connection going to one", closing(function()
        local acceptors = {}
        for i = 1, 4 do
            local acceptor = tcp.new_acceptor()
            acceptor:open("v4")
            acceptor:set_option("reuse_port", true)
            assert.is_true(acceptor:get_option("reuse_port"))
            acceptor:bind(address.loopback_v4(), i == 1 and 0 or acceptors[1].local_port)
            acceptor:listen()
            acceptors[i] = acceptor
        end
        local counts, total, fibers = {}, 0, {}
        local enough = 64
        for i, acceptor in ipairs(acceptors) do
            counts[i] = 0
            fibers[i] = spawn(function()
                while true do
                    acceptor:accept():close()
                    counts[i] = counts[i] + 1
                    total = total + 1
                end
            end)
        end
        local bs = byte_span.new(1)
        for _ = 1, enough do
            local sock = ip.tcp.dial("127.0.0.1:" .. acceptors[1].local_port)
            pcall(sock.read_some, sock, bs) -- until it is accepted and closed
            sock:close()
        end
        assert.equal(enough, total)
        local used = 0
        for i = 1, 4 do used = used + (counts[i] > 0 and 1 or 0) end
        assert.is_true(used > 1)
        for i = 1, 4 do
            fibers[i]:interrupt()
            fibers[i]:join()
        end
    end))
end)
