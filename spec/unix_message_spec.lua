local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"
local sockets = require "spec.unix_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, keep, outcome = fds.closing, fds.keep, fds.outcome
local bound, pair, path, receiver = sockets.bound, sockets.pair, sockets.path, sockets.receiver

helper.install()

local function put(sock, text) assert.equal(#text, sock:send(byte_span.append(text))) end

for _, kind in ipairs{ "seqpacket", "datagram" } do
    local name = ("unix.%s.socket"):format(kind)
    local new = unix[kind].socket.new

    describe(name, function()
        it("receive takes one message, waits for it, and drops what does not fit", closing(function()
            local a, b = pair(kind)
            local waiting = receiver(b)
            this_fiber.yield()
            put(a, "first")
            put(a, "second")
            put(a, "third")
            assert.equal("first", waiting:join())
            assert.equal("sec", receiver(b, 3):join())
            assert.equal("third", receiver(b):join())
        end))

        it("receive with peek leaves the message", closing(function()
            local a, b = pair(kind)
            put(a, "message")
            local bs = byte_span.new(10)
            assert.equal(7, b:receive(bs, { "peek" }))
            assert.equal("message", tostring(bs:slice(1, 7)))
            assert.equal(7, b:receive(bs, {}))
        end))

        it("flags are nil or a list with peek only, else EINVAL", closing(function()
            local a = pair(kind)
            for _, method in ipairs{ "receive", "send" } do
                for _, wrong in ipairs{ { "out_of_band" }, { 1 }, { "peek", "more" }, 1, "peek", true } do
                    helper.EINVAL(function() a[method](a, byte_span.new(1), wrong) end, 3)
                end
            end
        end))

        it("receive and send raise EINVAL for a wrong self and no span, EBADF when closed", closing(function()
            local a = pair(kind)
            for _, method in ipairs{ "receive", "send" } do
                fds.check_wrong_self(a, method, byte_span.new(1))
                for _, wrong in ipairs{ 1, "text", {} } do
                    helper.EINVAL(function() a[method](a, wrong) end, 2)
                end
                local closed = new()
                helper.raises("system", "EBADF", function() closed[method](closed, byte_span.new(1)) end)
                assert.is_true(sockets.interruption_caught(function() a[method](a, byte_span.new(1)) end))
            end
        end))

        it("has no read_some and no write_some", closing(function()
            local a = pair(kind)
            helper.bad_index(function() return a.read_some end)
            helper.bad_index(function() return a.write_some end)
        end))

        it("send without a peer raises ENOTCONN; too much is EMSGSIZE", closing(function()
            local sock = keep(new())
            sock:open()
            helper.raises("system", "ENOTCONN", function() sock:send(byte_span.new(1)) end)
            local a = pair(kind)
            helper.raises("system", "EMSGSIZE", function() a:send(byte_span.new(16777216)) end)
        end))

        it("send waits while the queue is full; interrupting it sends nothing", closing(function()
            local a, b = pair(kind)
            local sent = 0
            local writer = spawn(function()
                while true do
                    local result = outcome(a.send, a, byte_span.new(10000))
                    if result ~= 10000 then return result end
                    sent = sent + 1
                end
            end)
            local before
            repeat
                before = sent
                helper.turns(5)
            until before == sent and sent > 0
            writer:interrupt()
            assert.equal("interrupted", writer:join())
            for _ = 1, sent do assert.equal(10000, b:receive(byte_span.new(20000))) end
            assert.equal(0, b:io_control("bytes_readable"))
        end))
    end)
end

describe("a seqpacket socket", function()
    it("reports an empty message as eof, and so a receive with an empty span", closing(function()
        local a, b = pair("seqpacket")
        assert.equal(0, a:send(byte_span.new(0)))
        put(a, "more")
        put(a, "last")
        assert.equal("eof", receiver(b):join())
        assert.equal("more", receiver(b):join())
        assert.equal("eof", receiver(b, 0):join())
        a:close()
        assert.equal("eof", receiver(b):join())
    end))
end)

describe("a datagram socket", function()
    it("takes empty datagrams and has no eof", closing(function()
        local a, b = pair("datagram")
        a:send(byte_span.new(0))
        put(a, "dropped")
        put(a, "next")
        assert.equal("", receiver(b):join())
        assert.equal("", receiver(b, 0):join())
        assert.equal("next", receiver(b):join())
    end))

    it("send_to sends to a name, receive_from tells the sender's", closing(function()
        local service, client = bound("datagram"), bound("datagram")
        assert.equal(4, client:send_to(byte_span.append("ping"), service.local_path))
        local bs = byte_span.new(10)
        local n, sender = service:receive_from(bs)
        assert.equal("ping", tostring(bs:slice(1, n)))
        assert.equal("filesystem.path", getmetatable(sender))
        assert.equal(tostring(client.local_path), tostring(sender))
        service:send_to(byte_span.append("pong"), sender)
        assert.equal(4, client:receive(bs))
    end))

    it("receive_from gives an empty path for an unnamed sender", closing(function()
        local a, b = pair("datagram")
        put(a, "x")
        local n, sender = b:receive_from(byte_span.new(5))
        assert.equal(1, n)
        assert.equal("", tostring(sender))
    end))

    it("receive_from knows peek", closing(function()
        local a, b = pair("datagram")
        put(a, "x")
        assert.equal(1, (b:receive_from(byte_span.new(5), { "peek" })))
        assert.equal(1, (b:receive_from(byte_span.new(5))))
    end))

    it("receive_from waits; fibers are served in order", closing(function()
        local a, b = pair("datagram")
        local first = spawn(function() return (b:receive_from(byte_span.new(5))) end)
        local second = receiver(b)
        this_fiber.yield()
        put(a, "1")
        put(a, "22")
        assert.equal(1, first:join())
        assert.equal("22", second:join())
    end))

    it("send_to raises the errors of the system", closing(function()
        local sock = bound("datagram")
        local bs = byte_span.new(1)
        helper.raises("system", "ENOENT", function() sock:send_to(bs, path("/nonexistent")) end)
        helper.raises("system", "ECONNREFUSED", function() sock:send_to(bs, sockets.abstract()) end)
        helper.raises("system", "ENAMETOOLONG", function() sock:send_to(bs, path(("x"):rep(300))) end)
        helper.raises("system", "EBADF", function()
            unix.datagram.socket.new():send_to(bs, sockets.abstract())
        end)
    end))

    it("argument errors", closing(function()
        local sock, bs = bound("datagram"), byte_span.new(1)
        fds.check_wrong_self(sock, "receive_from", bs)
        fds.check_wrong_self(sock, "send_to", bs, sock.local_path)
        helper.EINVAL(function() sock:receive_from("text") end, 2)
        helper.EINVAL(function() sock:receive_from(bs, { "no" }) end, 3)
        helper.EINVAL(function() sock:receive_from(bs, 1) end, 3)
        helper.EINVAL(function() sock:send_to("text", sock.local_path) end, 2)
        for _, wrong in ipairs{ "text", 1, {} } do helper.EINVAL(function() sock:send_to(bs, wrong) end, 3) end
        helper.EINVAL(function() sock:send_to(bs, sock.local_path, { "no" }) end, 4)
        helper.EINVAL(function() sock:send_to(bs, sock.local_path, "peek") end, 4)
    end))
end)
