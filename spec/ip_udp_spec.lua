local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local environment = require "spec.environment"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local closing, keep = tcp.closing, tcp.keep
local loopback = address.loopback_v4()

helper.install()

local function new_socket() return keep(ip.udp.socket.new()) end

-- A socket that is bound to a free port of 127.0.0.1.
local function bound()
    local sock = new_socket()
    sock:open("v4")
    sock:bind(loopback, 0)
    return sock
end

-- Two sockets that are each other's peer.
local function pair()
    local a, b = bound(), bound()
    a:connect(loopback, b.local_port)
    b:connect(loopback, a.local_port)
    return a, b
end

local function text(s) return byte_span.append(s) end

local EMPTY = byte_span.new(0)

describe("ip.udp.socket", function()
    it("is a class with closed objects at first", closing(function()
        local sock = new_socket()
        assert.equal("ip.udp.socket", getmetatable(sock))
        assert.equal("ip.udp.socket", emilua.type(sock))
        assert.is_false(sock.is_open)
    end))

    it("has no stream methods, no wait and no at_mark", closing(function()
        local sock = new_socket()
        for _, name in ipairs{"read_some", "write_some", "wait", "at_mark", "send_file", "listen", "no_such"} do
            helper.bad_index(function() return sock[name] end)
        end
        assert.is_false((pcall(function() sock.field = 1 end)))
    end))

    it("opens by family or address, once", closing(function()
        local sock = new_socket()
        sock:open("v6")
        assert.is_true(sock.local_address == address.any_v6())
        helper.raises("asio.misc", "already_open", function() sock:open("v4") end)
        sock:close()
        sock:close()
        sock:open(loopback)
        assert.is_true(sock.local_address.is_v4)
        assert.equal(0, sock.local_port)
    end))

    it("can be closed and opened while a fiber waits: that one is aborted", closing(function()
        local sock = bound()
        local fiber = spawn(function() return pcall(sock.receive, sock, byte_span.new(1)) end)
        this_fiber.yield()
        sock:close()
        local ok, e = fiber:join()
        assert.is_false(ok)
        helper.is_error(e, "system", "ECANCELED")
    end))

    it("raises EBADF when it is closed", closing(function()
        local sock = new_socket()
        for _, call in ipairs{
            function() sock:bind("127.0.0.1", 0) end, function() sock:cancel() end, function() sock:disconnect() end,
            function() sock:shutdown("send") end, function() sock:io_control("bytes_readable") end,
            function() sock:get_option("broadcast") end, function() sock:set_option("broadcast", true) end,
            function() sock:set_option("join_multicast_group", address.new("239.1.1.1")) end,
            function() return sock.local_port end, function() return sock.remote_address end,
            function() sock:receive(text "x") end, function() sock:receive_from(text "x") end,
            function() sock:send(text "x") end, function() sock:send_to(text "x", loopback, 9) end,
            function() sock:receive(EMPTY) end, function() sock:send(EMPTY) end,
        } do
            helper.raises("system", "EBADF", call)
        end
    end))
end)

describe("ip.udp.socket:connect", function()
    it("opens by itself and fixes the peer", closing(function()
        local sock, peer = new_socket(), bound()
        assert.equal(0, select("#", sock:connect(loopback, peer.local_port)))
        assert.is_true(sock.is_open)
        assert.is_true(sock.remote_address == loopback)
        assert.equal(peer.local_port, sock.remote_port)
    end))

    it("filters incoming datagrams", closing(function()
        local a, b = pair()
        local stranger = bound()
        stranger:send_to(text "stranger", loopback, a.local_port)
        b:send(text "peer")
        local buffer = byte_span.new(20)
        assert.equal("peer", tostring(buffer:first(a:receive(buffer))))
    end))

    it("may be repeated, and disconnect forgets the peer", closing(function()
        local sock, one, two = new_socket(), bound(), bound()
        sock:connect(loopback, one.local_port)
        sock:connect(loopback, two.local_port)
        sock:send(text "x")
        assert.equal(1, two:receive(byte_span.new(1)))
        sock:disconnect()
        helper.raises("system", "ENOTCONN", function() return sock.remote_port end)
        helper.raises("system", "EDESTADDRREQ", function() sock:send(text "x") end)
        sock:send_to(text "x", loopback, one.local_port)
        assert.equal(1, one:receive(byte_span.new(1)))
    end))

    it("lets ICMP errors surface", closing(function()
        local unused = bound()
        local port = unused.local_port
        unused:close()
        local sock = new_socket()
        sock:connect(loopback, port)
        sock:send(text "x")
        helper.raises("system", "ECONNREFUSED", function() sock:receive(byte_span.new(1)) end)
    end))
end)

describe("datagrams", function()
    it("keep their boundaries", closing(function()
        local a, b = pair()
        a:send(text "one")
        a:send(text "three")
        local buffer = byte_span.new(20)
        assert.equal(3, b:receive(buffer))
        assert.equal(5, b:receive(buffer))
    end))

    it("come with their sender", closing(function()
        local a, b = bound(), bound()
        assert.equal(2, a:send_to(text "hi", loopback, b.local_port))
        local buffer = byte_span.new(20)
        local n, from, port = b:receive_from(buffer)
        assert.equal(2, n)
        assert.is_true(from == loopback)
        assert.equal(a.local_port, port)
    end))

    it("work over v6", closing(function()
        local a, b = new_socket(), new_socket()
        b:open("v6")
        b:bind("::1", 0)
        a:open("v6")
        a:send_to(text "six", address.loopback_v6(), b.local_port)
        local n, from = b:receive_from(byte_span.new(20))
        assert.equal(3, n)
        assert.is_true(from == address.loopback_v6())
    end))

    it("that are too large to send raise EMSGSIZE", closing(function()
        local a, b = pair()
        helper.raises("system", "EMSGSIZE", function() a:send(byte_span.new(65508)) end)
        helper.raises("system", "EMSGSIZE", function() a:send_to(byte_span.new(70000), loopback, b.local_port) end)
        assert.equal(65507, a:send(byte_span.new(65507)))
    end))

    it("larger than the span lose their rest silently", closing(function()
        local a, b = pair()
        a:send(text "hello")
        a:send(text "next")
        local buffer = byte_span.new(2)
        assert.equal(2, b:receive(buffer))
        assert.equal("he", tostring(buffer))
        assert.equal(2, b:receive(buffer))
        assert.equal("ne", tostring(buffer))
    end))

    it("of another family than the socket's are refused by the system", closing(function()
        local a = bound()
        assert.is_false((pcall(a.send_to, a, text "x", address.loopback_v6(), 9)))
    end))

    it("may be empty, and are no end", closing(function()
        local a, b = pair()
        assert.equal(0, a:send(EMPTY))
        assert.equal(0, a:send_to(EMPTY, loopback, b.local_port))
        a:send(text "x")
        local buffer = byte_span.new(4)
        assert.equal(0, b:receive(buffer))
        assert.equal(0, (b:receive_from(buffer)))
        assert.equal(1, b:receive(buffer))
    end))

    it("are waited for and consumed by a receive without room", closing(function()
        local a, b = pair()
        local fiber = spawn(function() return b:receive(EMPTY) end)
        this_fiber.yield()
        a:send(text "gone")
        assert.equal(0, fiber:join())
        a:send(text "next")
        assert.equal(4, b:receive(byte_span.new(10)))
    end))

    it("are kept by a peek", closing(function()
        local a, b = pair()
        a:send(text "hello")
        assert.equal(0, b:receive(EMPTY, {"peek"}))
        assert.equal(5, b:io_control("bytes_readable"))
        local n, from, port = b:receive_from(byte_span.new(3), {"peek"})
        assert.equal(3, n)
        assert.is_true(from == loopback)
        assert.equal(a.local_port, port)
        assert.equal(5, b:receive(byte_span.new(10)))
        assert.equal(0, b:io_control("bytes_readable"))
    end))

    it("are served to waiting fibers in order", closing(function()
        local a, b = pair()
        local fibers = {}
        for i = 1, 4 do
            fibers[i] = spawn(function()
                local buffer = byte_span.new(10)
                return tostring(buffer:first(b:receive(buffer)))
            end)
        end
        this_fiber.yield()
        for i = 1, 4 do a:send(text("datagram" .. i)) end
        for i = 1, 4 do assert.equal("datagram" .. i, fibers[i]:join()) end
    end))
end)

describe("ip.udp.socket flags", function()
    it("are nil or a list of names", closing(function()
        local a, b = pair()
        a:send(text "x", {})
        a:send(text "x", {"do_not_route"})
        a:send(text "x", nil)
        local buffer = byte_span.new(1)
        for _ = 1, 3 do assert.equal(1, b:receive(buffer, {})) end
    end))

    it("that are unknown, no strings or no table are refused", closing(function()
        local a, b = pair()
        for _, flags in ipairs{{"peeks"}, {1}, {true}, {{}}, {peek = true}, {"peek", ""}, "peek", 2, true} do
            helper.EINVAL(function() b:receive(text "x", flags) end, 3)
            helper.EINVAL(function() b:receive_from(text "x", flags) end, 3)
            helper.EINVAL(function() a:send(text "x", flags) end, 3)
            helper.EINVAL(function() a:send_to(text "x", loopback, b.local_port, flags) end, 5)
        end
    end))

    it("that the system rejects raise its error", closing(function()
        local a = pair()
        helper.raises("system", "EOPNOTSUPP", function() a:send(text "x", {"out_of_band"}) end)
    end))
end)

describe("ip.udp.socket:shutdown", function()
    it("ends a direction of the local object", closing(function()
        local a, b = pair()
        a:shutdown("send")
        helper.raises("system", "EPIPE", function() a:send(text "x") end)
        b:send(text "x")
        assert.equal(1, a:receive(byte_span.new(1)))
    end))

    it("needs a peer", closing(function()
        helper.raises("system", "ENOTCONN", function() bound():shutdown("both") end)
    end))
end)

describe("ip.udp.socket:set_option", function()
    for _, name in ipairs{"reuse_address", "reuse_port", "broadcast", "do_not_route"} do
        it(name .. " is a boolean, initially false", closing(function()
            local sock = new_socket()
            sock:open("v4")
            assert.is_false(sock:get_option(name))
            sock:set_option(name, true)
            assert.is_true(sock:get_option(name))
            for _, value in ipairs{0, "true", {}} do
                helper.EINVAL(function() sock:set_option(name, value) end, 3)
            end
        end))
    end

    for _, family in ipairs{"v4", "v6"} do
        it("sets hops and loop at the level of " .. family, closing(function()
            local sock = new_socket()
            sock:open(family)
            assert.is_true(sock:get_option("multicast_loop"))
            sock:set_option("multicast_loop", false)
            assert.is_false(sock:get_option("multicast_loop"))
            assert.equal(1, sock:get_option("multicast_hops"))
            for _, hops in ipairs{0, 255} do
                sock:set_option("multicast_hops", hops)
                assert.equal(hops, sock:get_option("multicast_hops"))
            end
            sock:set_option("unicast_hops", 17)
            assert.equal(17, sock:get_option("unicast_hops"))
            helper.raises("system", "EINVAL", function() sock:set_option("unicast_hops", 1000) end)
        end))
    end

    it("v6_only is for v6", closing(function()
        local sock = new_socket()
        sock:open("v6")
        sock:set_option("v6_only", true)
        assert.is_true(sock:get_option("v6_only"))
    end))

    it("buffer sizes round-trip", closing(function()
        local sock = bound()
        for _, name in ipairs{"send_buffer_size", "receive_buffer_size"} do
            sock:set_option(name, 16384)
            assert.equal(16384, sock:get_option(name))
        end
    end))

    it("refuses hops out of range and other types", closing(function()
        local sock = bound()
        for _, value in ipairs{-1, 256, 1.5, "1", true} do
            helper.EINVAL(function() sock:set_option("multicast_hops", value) end, 3)
        end
        for _, value in ipairs{1.5, "1", true, 2 ^ 40} do
            helper.EINVAL(function() sock:set_option("unicast_hops", value) end, 3)
        end
    end))

    it("multicast groups and interfaces are addresses and set only", closing(function()
        local sock = bound()
        for _, name in ipairs{"join_multicast_group", "leave_multicast_group", "multicast_interface"} do
            helper.ENOTSUP(function() sock:get_option(name) end)
            for _, value in ipairs{"239.1.1.1", 1, true, {}} do
                helper.EINVAL(function() sock:set_option(name, value) end, 3)
            end
            helper.EINVAL(function() sock:set_option(name) end, 3)
        end
        helper.EINVAL(function() sock:set_option("multicast_interface", address.loopback_v6()) end, 3)
        helper.raises("system", "EINVAL", function() sock:set_option("join_multicast_group", loopback) end)
        helper.raises("system", "EADDRNOTAVAIL", function()
            sock:set_option("leave_multicast_group", address.new("239.1.1.1"))
        end)
    end))

    it("does not know options of TCP", closing(function()
        local sock = bound()
        for _, name in ipairs{"tcp_no_delay", "keep_alive", "linger", "no_such_option", "enable_connection_aborted"} do
            helper.ENOTSUP(function() sock:get_option(name) end)
            helper.ENOTSUP(function() sock:set_option(name, true) end)
        end
        helper.EINVAL(function() sock:get_option(1) end, 2)
        helper.EINVAL(function() sock:set_option(nil, true) end, 2)
    end))
end)

describe("multicast", function()
    -- Every member on this machine gets what is sent with no hops.
    local function exchange(family, group)
        local receivers, sender = {}, new_socket()
        for i = 1, 2 do
            local sock = new_socket()
            sock:open(family)
            sock:set_option("reuse_address", true)
            sock:bind(group, i == 1 and 0 or receivers[1].local_port)
            sock:set_option("join_multicast_group", group)
            receivers[i] = sock
        end
        sender:open(family)
        sender:set_option("multicast_hops", 0)
        sender:send_to(text "all", group, receivers[1].local_port)
        local buffer = byte_span.new(10)
        for i = 1, 2 do
            assert.equal("all", tostring(buffer:first(receivers[i]:receive(buffer))))
            receivers[i]:set_option("leave_multicast_group", group)
        end
    end

    it("reaches each member over v4", closing(function()
        environment.need("multicast", environment.has_multicast)
        exchange("v4", address.new("239.255.77.1"))
    end))

    it("reaches each member over v6, on the interface of the scope", closing(function()
        environment.need("multicast over IPv6", environment.has_multicast_v6)
        local group, probe = address.new("ff02::4242"), new_socket()
        probe:open("v6")
        for index = 1, 64 do
            group.scope_id = index
            if pcall(probe.send_to, probe, EMPTY, group, 9) then break end
        end
        exchange("v6", group)
    end))

    it("leaves by the chosen interface", closing(function()
        local sock = bound()
        sock:set_option("multicast_interface", loopback)
        helper.raises("system", "EADDRNOTAVAIL", function()
            sock:set_option("multicast_interface", address.new("203.0.113.77"))
        end)
    end))
end)

describe("interrupting a receive", function()
    it("consumes no datagram", closing(function()
        local a, b = pair()
        local fiber = spawn(function() b:receive(byte_span.new(10)) end)
        this_fiber.yield()
        fiber:interrupt()
        fiber:join()
        assert.is_true(fiber.interruption_caught)
        a:send(text "kept")
        assert.equal(4, b:receive(byte_span.new(10)))
    end))

    it("leaves other fibers waiting", closing(function()
        local a, b = pair()
        local one = spawn(function() b:receive(byte_span.new(10)) end)
        local two = spawn(function() return b:receive(byte_span.new(10)) end)
        this_fiber.yield()
        one:interrupt()
        a:send(text "two")
        assert.equal(3, two:join())
        one:join()
    end))

    it("is done by cancel() with operation_aborted", closing(function()
        local _, b = pair()
        local fibers = {}
        for i = 1, 2 do
            fibers[i] = spawn(function() return select(2, pcall(b.receive, b, byte_span.new(10))) end)
        end
        this_fiber.yield()
        b:cancel()
        for i = 1, 2 do helper.is_error(fibers[i]:join(), "system", "ECANCELED") end
        assert.is_true(b.is_open)
    end))
end)

describe("a send that must wait", function()
    it("goes to its own endpoint, whatever others send meanwhile", closing(function()
        -- A send buffer that one datagram fills: the later ones queue.
        local sender, a, b = bound(), bound(), bound()
        sender:set_option("send_buffer_size", 1)
        local size, fibers = 2000, {}
        for i = 1, 40 do
            fibers[i] = spawn(function()
                local to = i % 2 == 0 and a or b
                sender:send_to(text(("%02d"):format(i) .. ("x"):rep(size - 2)), loopback, to.local_port)
            end)
        end
        for i = 1, 40 do fibers[i]:join() end
        local buffer = byte_span.new(size)
        for i = 1, 40 do
            local to = i % 2 == 0 and a or b
            assert.equal(size, to:receive(buffer))
            assert.equal(i % 2, tonumber(tostring(buffer:first(2))) % 2)
        end
    end))
end)
