-- The list "Checks worth a test" of the chapter (§12), as far as ip is concerned, in its order and words.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local address = ip.address
local closing, keep, pair = tcp.closing, tcp.keep, tcp.pair
local loopback = address.loopback_v4()

helper.install()

local function text(s) return byte_span.append(s) end

local function datagrams()
    local a, b = keep(ip.udp.socket.new()), keep(ip.udp.socket.new())
    b:open("v4")
    b:bind(loopback, 0)
    a:connect(loopback, b.local_port)
    return a, b
end

it("1. read_some at peer close raises misc:eof; with an empty span it returns 0", closing(function()
    local client, server = pair()
    client:close()
    helper.raises("asio.misc", "eof", function() server:read_some(byte_span.new(1)) end)
    assert.equal(0, server:read_some(byte_span.new(0)))
end))

it("2. connect on a closed socket opens it with the address's family", closing(function()
    local acceptor = keep(ip.tcp.listen("[::1]:0"))
    local sock = tcp.new_socket()
    sock:connect(address.loopback_v6(), acceptor.local_port)
    assert.is_true(sock.is_open)
    assert.is_true(sock.local_address.is_v6)
end))

it("2. open twice gives already_open; close twice is fine; cancel on closed is EBADF", closing(function()
    for _, new in ipairs{ip.tcp.socket.new, ip.tcp.acceptor.new, ip.udp.socket.new} do
        local io = keep(new())
        io:open("v4")
        helper.raises("asio.misc", "already_open", function() io:open("v4") end)
        io:close()
        io:close()
        helper.raises("system", "EBADF", function() io:cancel() end)
    end
end))

it("3. a fiber interrupted in read_some while data arrives: never lost, never both", closing(function()
    local client, server = pair()
    local sent, received, interrupted = 0, 0, 0
    for i = 1, 300 do
        local got
        local fiber = spawn(function() got = server:read_some(byte_span.new(1)) end)
        helper.turns(i % 3)
        client:write_some(text "x")
        sent = sent + 1
        helper.turns(i % 5)
        fiber:interrupt()
        fiber:join()
        if got then
            received = received + got
        else
            assert.is_true(fiber.interruption_caught)
            interrupted = interrupted + 1
        end
        assert.equal(300, received + interrupted + 300 - i)
    end
    client:shutdown("send")
    while pcall(server.read_some, server, byte_span.new(1)) do received = received + 1 end
    assert.equal(sent, received)
end))

it("4. two fibers in read_some on one socket: both served, first come first served", closing(function()
    local client, server = pair()
    local order = {}
    local fibers = {}
    for i = 1, 2 do
        fibers[i] = spawn(function()
            local bs = byte_span.new(1)
            server:read_some(bs)
            order[#order + 1] = i .. tostring(bs)
        end)
    end
    this_fiber.yield()
    client:write_some(text "ab")
    for i = 1, 2 do fibers[i]:join() end
    assert.same({"1a", "2b"}, order)
end))

it("4. cancel() wakes both with ECANCELED; interrupting one leaves the other", closing(function()
    local client, server = pair()
    local function reader()
        return spawn(function() return select(2, pcall(server.read_some, server, byte_span.new(1))) end)
    end
    local one, two = reader(), reader()
    this_fiber.yield()
    server:cancel()
    helper.is_error(one:join(), "system", "ECANCELED")
    helper.is_error(two:join(), "system", "ECANCELED")
    one, two = spawn(function() server:read_some(byte_span.new(1)) end), reader()
    this_fiber.yield()
    one:interrupt()
    one:join()
    assert.is_true(one.interruption_caught)
    client:write_some(text "x")
    assert.equal(1, two:join())
end))

it("5. write_all(s, \"text\"); write_at_least with minimum > #bs; read_all with an empty span does not suspend",
    closing(function()
        local client, server = pair()
        assert.equal(4, stream.write_all(client, "text"))
        assert.equal(4, stream.write_at_least(client, text "more", 100))
        local bs = byte_span.new(8)
        assert.equal(8, stream.read_all(server, bs))
        assert.equal("textmore", tostring(bs))
        local ran = false
        local other = spawn(function() ran = true end)
        assert.equal(0, stream.read_all(server, byte_span.new(0)))
        assert.is_false(ran)
        other:join()
    end))

it("7. toendpoint/tostring round trip for v4, v6, scoped v6", function()
    for _, endpoint in ipairs{"1.2.3.4:0", "255.255.255.255:65535", "[::1]:80", "[2001:db8::1]:443",
        "[::ffff:1.2.3.4]:1", "[fe80::1%4242]:80", "[2001:db8::1%7]:80"} do
        assert.equal(endpoint, ip.tostring(ip.toendpoint(endpoint)))
    end
end)

it("7. every error row of 3.2", function()
    for _, endpoint in ipairs{"1.2.3.4", "1.2.3.4:", "1.2.3.4:8x", "1.2.3.4:080", "[::1:80", "[1.2.3.4]:80",
        "::1:80"} do
        helper.EINVAL(function() ip.toendpoint(endpoint) end, 1)
    end
    helper.ERANGE(function() ip.toendpoint("1.2.3.4:65536") end, 1)
    helper.raises("system", "EINVAL", function() ip.toendpoint("localhost:80") end)
    helper.EINVAL(function() ip.tostring(loopback, 80, 1) end, 3)
end)

it("8. ordering: v4 before v6; equality with different scope is false", function()
    assert.is_true(address.broadcast_v4() < address.any_v6())
    assert.is_true(address.broadcast_v4() <= address.any_v6())
    assert.is_false(address.any_v6() < address.any_v4())
    local one, two = address.new("fe80::1"), address.new("fe80::1")
    assert.is_true(one == two)
    two.scope_id = 3
    assert.is_false(one == two)
    assert.is_true(one < two)
end)

it("9. linger two values; buffer sizes round trip on Linux; unknown option ENOTSUP", closing(function()
    local client = pair()
    client:set_option("linger", true, 7)
    assert.same({true, 7, n = 2}, helper.pack(client:get_option("linger")))
    client:set_option("linger", false, 7)
    assert.is_false((client:get_option("linger")))
    local _, b = datagrams()
    for _, sock in ipairs{client, b} do
        for _, name in ipairs{"send_buffer_size", "receive_buffer_size"} do
            sock:set_option(name, 32768)
            assert.equal(32768, sock:get_option(name))
        end
        helper.ENOTSUP(function() sock:get_option("no_such_option") end)
        helper.ENOTSUP(function() sock:set_option("no_such_option", 1) end)
    end
end))

it("10. UDP: zero-length peek then bytes_readable; empty datagrams; truncated receive", closing(function()
    local a, b = datagrams()
    a:send(text "hello")
    assert.equal(0, b:receive(byte_span.new(0), {"peek"}))
    assert.equal(5, b:io_control("bytes_readable"))
    local bs = byte_span.new(3)
    assert.equal(3, b:receive(bs))
    assert.equal("hel", tostring(bs))
    a:send(byte_span.new(0))
    assert.equal(0, b:receive(bs))
    a:send(text "x")
    assert.equal(1, b:receive(bs))
end))

it("13. release, new object, use; second use of the consumed fd fails, close() on it is a no-op", closing(function()
    local client, server = pair()
    local fd, other = server:release(), tcp.new_socket()
    other:assign("v4", fd)
    client:write_some(text "x")
    assert.equal(1, other:read_some(byte_span.new(1)))
    helper.EINVAL(function() tcp.new_socket():assign("v4", fd) end, 3)
    fd:close()
    client:write_some(text "y")
    assert.equal(1, other:read_some(byte_span.new(1)))
end))

it("15. OOB: an out_of_band receive is not woken by normal data; at_mark after inline wait(\"read\")",
    closing(function()
        local client, server = pair()
        local woken = false
        local fiber = spawn(function()
            server:receive(byte_span.new(1), {"out_of_band"})
            woken = true
        end)
        this_fiber.yield()
        client:write_some(text "normal")
        assert.equal(6, server:read_some(byte_span.new(10)))
        helper.turns(5)
        assert.is_false(woken)
        client:send(text "!", {"out_of_band"})
        fiber:join()

        client, server = pair()
        server:set_option("out_of_band_inline", true)
        client:send(text "!", {"out_of_band"})
        server:wait("read")
        assert.is_true(server.at_mark)
    end))
