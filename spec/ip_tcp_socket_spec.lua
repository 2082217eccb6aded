local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local time = require "emilua.time"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local keep, closing, new_socket, new_acceptor = tcp.keep, tcp.closing, tcp.new_socket, tcp.new_acceptor
local listening, pair, has_v6, interruption_caught = tcp.listening, tcp.pair, tcp.has_v6, tcp.interruption_caught
local wrong_argument, check_wrong_self = tcp.wrong_argument, tcp.check_wrong_self

helper.install()

describe("ip.tcp.socket:connect", function()
    it("opens a closed socket with the address's family", closing(function()
        local acceptor, sock = listening(), new_socket()
        assert.equal(0, select("#", sock:connect(address.loopback_v4(), acceptor.local_port)))
        assert.is_true(sock.is_open)
        assert.is_true(sock.local_address.is_v4)
        if has_v6() then
            local v6 = new_acceptor()
            v6:open("v6")
            v6:bind(address.loopback_v6(), 0)
            v6:listen()
            local other = new_socket()
            other:connect(address.loopback_v6(), v6.local_port)
            assert.is_true(other.remote_address == address.loopback_v6())
        end
    end))

    it("takes a socket that is open and bound", closing(function()
        local acceptor, sock = listening(), new_socket()
        sock:open("v4")
        sock:bind("127.0.0.1", 0)
        local port = sock.local_port
        sock:connect(address.loopback_v4(), acceptor.local_port)
        assert.equal(port, keep(acceptor:accept()).remote_port)
    end))

    it("raises EINVAL unless addr is an address object, also for a string", closing(function()
        local sock = new_socket()
        for _, value in ipairs{"127.0.0.1", {}, byte_span.new(1)} do
            helper.EINVAL(function() sock:connect(value, 80) end, 2)
        end
        assert.is_false(sock.is_open)
    end))

    it("raises EINVAL for a port out of range or of another type", closing(function()
        local sock = new_socket()
        helper.EINVAL(function() sock:connect(address.loopback_v4(), 65536) end, 3)
        helper.EINVAL(function() sock:connect(address.loopback_v4(), -1) end, 3)
        wrong_argument(function() sock:connect(address.loopback_v4(), {}) end, 3)
        wrong_argument(function() sock:connect(address.loopback_v4()) end, 3)
    end))

    it("raises EINVAL for a wrong self", closing(function()
        check_wrong_self(new_socket(), "connect", address.loopback_v4(), 80)
    end))

    it("raises ECONNREFUSED where nobody listens; the socket stays open", closing(function()
        local bound, sock = new_acceptor(), new_socket()
        bound:open("v4")
        bound:bind("127.0.0.1", 0)
        helper.raises("system", "ECONNREFUSED", function() sock:connect(address.loopback_v4(), bound.local_port) end)
        assert.is_true(sock.is_open)
        bound:listen()
        sock:close()
        sock:connect(address.loopback_v4(), bound.local_port)
    end))

    it("raises EISCONN on a connected socket", closing(function()
        local client = pair()
        local acceptor = listening()
        helper.raises("system", "EISCONN", function() client:connect(address.loopback_v4(), acceptor.local_port) end)
    end))

    it("raises the error of the OS for an address of the other family", closing(function()
        local sock = new_socket()
        sock:open("v4")
        local ok, e = pcall(sock.connect, sock, address.loopback_v6(), 80)
        assert.is_false(ok)
        assert.equal("system", tostring(e.category))
    end))

    it("suspends, and is an interruption point", closing(function()
        local acceptor, sock = listening(), new_socket()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function()
            sock:connect(address.loopback_v4(), acceptor.local_port)
        end)
        this_fiber.allow_suspend()
        assert.is_true(interruption_caught(function() sock:connect(address.loopback_v4(), acceptor.local_port) end))
        assert.is_false(sock.is_open)
    end))

    it("interrupted leaves the socket open; after close it connects anew", closing(function()
        -- The kernel drops the handshakes that do not fit into the queue, so those connects stay pending.
        local acceptor, fibers, socks = listening(0), {}, {}
        for i = 1, 8 do
            socks[i] = new_socket()
            fibers[i] = spawn(function() socks[i]:connect(address.loopback_v4(), acceptor.local_port) end)
        end
        time.sleep(0.02)
        local interrupted
        for i = 1, 8 do
            fibers[i]:interrupt()
            fibers[i]:join()
            if fibers[i].interruption_caught then interrupted = socks[i] end
        end
        assert.is_truthy(interrupted)
        assert.is_true(interrupted.is_open)
        interrupted:close()
        interrupted:connect(address.loopback_v4(), listening().local_port)
    end))
end)

describe("ip.tcp.socket:read_some", function()
    it("stores 1..#bs bytes at the start and returns the count", closing(function()
        local client, server = pair()
        client:write_some(byte_span.append("abc"))
        local bs = byte_span.append("........")
        assert.equal(3, server:read_some(bs))
        assert.equal("abc.....", tostring(bs))
    end))

    it("uses the length of the span, not its capacity", closing(function()
        local client, server = pair()
        client:write_some(byte_span.append("abcdef"))
        local block = byte_span.append("........")
        assert.equal(2, server:read_some(block:slice(2, 3)))
        assert.equal(".ab.....", tostring(block))
        assert.equal(4, server:read_some(block))
        assert.equal("cdef....", tostring(block))
    end))

    it("waits until at least one byte is there", closing(function()
        local client, server = pair()
        local bs = byte_span.new(4)
        local reader = spawn(function() return server:read_some(bs) end)
        this_fiber.yield()
        assert.is_true(reader.joinable)
        client:write_some(byte_span.append("x"))
        assert.equal(1, reader:join())
        assert.equal("x", tostring(bs:first(1)))
    end))

    it("raises eof when the peer has closed, never returns 0 for it, again and again", closing(function()
        local client, server = pair()
        client:write_some(byte_span.append("last"))
        client:close()
        local bs = byte_span.new(8)
        assert.equal(4, server:read_some(bs))
        for _ = 1, 3 do helper.raises("asio.misc", "eof", function() server:read_some(bs) end) end
    end))

    it("raises eof in a fiber that waits when the peer closes", closing(function()
        local client, server = pair()
        local reader = spawn(function()
            helper.raises("asio.misc", "eof", function() server:read_some(byte_span.new(1)) end)
        end)
        this_fiber.yield()
        client:close()
        reader:join()
    end))

    it("raises ECONNRESET when the peer resets the connection", closing(function()
        local client, server = pair()
        client:set_option("linger", true, 0)
        client:close()
        helper.raises("system", "ECONNRESET", function() server:read_some(byte_span.new(1)) end)
    end))

    it("with an empty span completes at once with 0, even at EOF", closing(function()
        local client, server = pair()
        assert.equal(0, server:read_some(byte_span.new(0)))
        client:write_some(byte_span.append("x"))
        assert.equal(0, server:read_some(byte_span.new(0, 4)))
        assert.equal(1, server:read_some(byte_span.new(4)))
        client:close()
        assert.equal(0, server:read_some(byte_span.new(0)))
    end))

    it("with an empty span still is a suspension and an interruption point", closing(function()
        local _, server = pair()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() server:read_some(byte_span.new(0)) end)
        this_fiber.allow_suspend()
        assert.is_true(interruption_caught(function() server:read_some(byte_span.new(0)) end))
    end))

    it("raises EINVAL for something else than a span, or a wrong self", closing(function()
        local _, server = pair()
        for _, value in ipairs{"text", 1, true, {}, address.new()} do
            helper.EINVAL(function() server:read_some(value) end, 2)
        end
        helper.EINVAL(function() server:read_some() end, 2)
        check_wrong_self(server, "read_some", byte_span.new(1))
    end))

    it("checks forbid-suspend and interruption before the classes", closing(function()
        local _, server = pair()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() server:read_some(address.new()) end)
        this_fiber.allow_suspend()
        assert.is_true(interruption_caught(function() server:read_some(address.new()) end))
    end))

    it("raises EBADF on a closed socket, ENOTCONN on an open one without a peer", closing(function()
        local sock = new_socket()
        helper.raises("system", "EBADF", function() sock:read_some(byte_span.new(1)) end)
        sock:open("v4")
        helper.raises("system", "ENOTCONN", function() sock:read_some(byte_span.new(1)) end)
    end))

    it("raises EPERM outside a run", function()
        helper.EPERM(function() ip.tcp.socket.new():read_some(byte_span.new(1)) end)
    end)
end)

describe("ip.tcp.socket:write_some", function()
    it("takes a prefix of the span and returns its length", closing(function()
        local client, server = pair()
        local bs = byte_span.append("abcdef"):slice(2, 4)
        assert.equal(3, client:write_some(bs))
        local read = byte_span.new(8)
        assert.equal(3, server:read_some(read))
        assert.equal("bcd", tostring(read:first(3)))
    end))

    it("waits until at least one byte can be taken; short writes are normal", closing(function()
        local client, server = pair()
        local bs, taken, blocked = byte_span.with_zeros(1048576), 0, true
        local writer = spawn(function()
            for _ = 1, 64 do
                local n = client:write_some(bs)
                assert.is_true(n >= 1 and n <= #bs)
                taken = taken + n
            end
            blocked = false
            client:close()
        end)
        time.sleep(0.02)
        assert.is_true(blocked)
        local read = 0
        while true do
            local ok, n = pcall(server.read_some, server, bs)
            if not ok then
                helper.is_error(n, "asio.misc", "eof")
                break
            end
            read = read + n
        end
        writer:join()
        assert.equal(taken, read)
    end))

    it("with an empty span completes at once with 0, but is a suspension and interruption point", closing(function()
        local client = pair()
        assert.equal(0, client:write_some(byte_span.new(0, 4)))
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() client:write_some(byte_span.new(0)) end)
        this_fiber.allow_suspend()
        assert.is_true(interruption_caught(function() client:write_some(byte_span.new(0)) end))
    end))

    it("raises EPIPE on a connection that the peer has closed; no SIGPIPE is delivered", closing(function()
        local client, server = pair()
        server:close()
        local bs = byte_span.append("x")
        local ok, e
        for _ = 1, 1000 do
            ok, e = pcall(client.write_some, client, bs)
            if not ok and e.code ~= helper.errno.ECONNRESET then break end
        end
        assert.is_false(ok)
        helper.is_error(e, "system", "EPIPE")
    end))

    it("raises EINVAL for something else than a span, also for a string, or a wrong self", closing(function()
        local client = pair()
        for _, value in ipairs{"text", 1, true, {}, address.new()} do
            helper.EINVAL(function() client:write_some(value) end, 2)
        end
        check_wrong_self(client, "write_some", byte_span.new(1))
    end))

    it("raises EBADF on a closed socket", closing(function()
        local sock = new_socket()
        helper.raises("system", "EBADF", function() sock:write_some(byte_span.new(1)) end)
    end))
end)

describe("ip.tcp.socket:shutdown", function()
    it("send lets the peer see EOF and leaves the other direction open", closing(function()
        local client, server = pair()
        assert.equal(0, select("#", client:shutdown("send")))
        local bs = byte_span.append("x")
        helper.raises("asio.misc", "eof", function() server:read_some(bs) end)
        helper.raises("system", "EPIPE", function() client:write_some(bs) end)
        server:write_some(bs)
        assert.equal(1, client:read_some(bs))
    end))

    it("receive ends the reads of this side", closing(function()
        local client, server = pair()
        client:shutdown("receive")
        helper.raises("asio.misc", "eof", function() client:read_some(byte_span.new(1)) end)
        client:write_some(byte_span.append("x"))
        assert.equal(1, server:read_some(byte_span.new(1)))
    end))

    it("both ends both directions", closing(function()
        local client, server = pair()
        client:shutdown("both")
        helper.raises("asio.misc", "eof", function() client:read_some(byte_span.new(1)) end)
        helper.raises("system", "EPIPE", function() client:write_some(byte_span.new(1)) end)
        helper.raises("asio.misc", "eof", function() server:read_some(byte_span.new(1)) end)
        assert.is_true(client.is_open)
    end))

    it("wakes a fiber that reads on this side", closing(function()
        local client = pair()
        local reader = spawn(function()
            helper.raises("asio.misc", "eof", function() client:read_some(byte_span.new(1)) end)
        end)
        this_fiber.yield()
        client:shutdown("receive")
        reader:join()
    end))

    it("raises EINVAL for a bad value, or a wrong self", closing(function()
        local client = pair()
        helper.EINVAL(function() client:shutdown("read") end, 2)
        helper.EINVAL(function() client:shutdown("") end, 2)
        wrong_argument(function() client:shutdown() end, 2)
        wrong_argument(function() client:shutdown({}) end, 2)
        check_wrong_self(client, "shutdown", "both")
    end))

    it("raises ENOTCONN without a peer, EBADF on a closed socket", closing(function()
        local sock = new_socket()
        helper.raises("system", "EBADF", function() sock:shutdown("both") end)
        sock:open("v4")
        helper.raises("system", "ENOTCONN", function() sock:shutdown("both") end)
    end))
end)

describe("the remote properties of ip.tcp.socket", function()
    it("remote_address and remote_port are the peer's", closing(function()
        local client, server = pair()
        assert.is_true(client.remote_address == address.loopback_v4())
        assert.is_true(client.local_address == address.loopback_v4())
        assert.equal(server.local_port, client.remote_port)
        assert.equal(client.local_port, server.remote_port)
    end))

    it("raise ENOTCONN without a peer, EBADF on a closed socket", closing(function()
        local sock = new_socket()
        helper.raises("system", "EBADF", function() return sock.remote_address end)
        helper.raises("system", "EBADF", function() return sock.remote_port end)
        sock:open("v4")
        helper.raises("system", "ENOTCONN", function() return sock.remote_address end)
        helper.raises("system", "ENOTCONN", function() return sock.remote_port end)
    end))
end)
