local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local pipe = require "emilua.pipe"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"
local sockets = require "spec.unix_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, keep, outcome = fds.closing, fds.keep, fds.outcome
local bound, pair, path = sockets.bound, sockets.pair, sockets.path

helper.install()

-- `n` descriptors of pipes.
local function descriptors(n)
    local list = {}
    for i = 1, n do
        local reading, writing = pipe.pair()
        list[i] = keep(reading:release())
        writing:close()
    end
    return list
end

local function count() return helper.holdings().count.descriptors end

-- Receives; what came is closed at the end of the test.
local function receive(sock, size, maxfds)
    local bs = byte_span.new(size or 100)
    local n, list = sock:receive_with_fds(bs, maxfds or 255)
    for _, fd in ipairs(list) do keep(fd) end
    return tostring(bs:slice(1, n)), list
end

-- Fills the queue of `sock` with single bytes of its method; how many there are.
local function fill(sock, kind)
    local n = 0
    local filler = spawn(function()
        while true do
            local method = kind == "stream" and sock.write_some or sock.send
            local result = outcome(method, sock, byte_span.new(kind == "stream" and 65536 or 1))
            if type(result) ~= "number" then return end
            n = n + result
        end
    end)
    local before
    repeat
        before = n
        helper.turns(5)
    until before == n and n > 0
    filler:interrupt()
    filler:join()
    return n
end

-- Receives `n` bytes in all.
local function drain(sock, kind, n)
    local bs = byte_span.new(65536)
    while n > 0 do
        local method = kind == "stream" and sock.read_some or sock.receive
        n = n - method(sock, bs)
    end
end

describe("descriptors that a read of a stream drops", function()
    -- Sends two pieces to who waits for them and reads the first, then calls read_next(socket, span). Returns how many
    -- descriptors were open before, and the results.
    local function check(read_next)
        local a, b = pair("stream")
        local reading = spawn(function()
            local bs = byte_span.new(10)
            assert.equal(1, b:read_some(bs))
            return read_next(b, bs)
        end)
        helper.turns(3)
        local list = descriptors(1)
        local before = count()
        a:send_with_fds(byte_span.append("x"), list)
        a:send_with_fds(byte_span.append("y"), list)
        return before, reading:join()
    end

    it("do not keep the bytes behind them from the next read", closing(function()
        local before, n = check(function(sock, bs) return sock:read_some(bs) end)
        assert.equal(1, n)
        assert.equal(before, count())
    end))

    it("nor from a receive with descriptors, which gets those that come then", closing(function()
        local _, n, received = check(function(sock, bs)
            local n, received = sock:receive_with_fds(bs, 1)
            keep(received[1])
            return n, received
        end)
        assert.same({ 1, 1 }, { n, #received })
    end))
end)

for _, kind in ipairs(sockets.KINDS) do
    describe(("descriptors over unix.%s.socket"):format(kind), function()
        it("arrive as new, close-on-exec descriptors of the same files; the sender keeps its own", closing(function()
            local a, b = pair(kind)
            local list = descriptors(3)
            assert.equal(4, a:send_with_fds(byte_span.append("text"), list))
            local text, received = receive(b)
            assert.equal("text", text)
            assert.equal(3, #received)
            for i = 1, 3 do
                assert.equal("file_descriptor", getmetatable(received[i]))
                assert.not_equal(tostring(list[i]), tostring(received[i]))
                assert.equal(0, received[i]:kcmp(list[i]))
                assert.is_true(fds.is_close_on_exec(received[i]))
            end
        end))

        it("an empty list is a plain send, and 0 is a possible number", closing(function()
            local a, b = pair(kind)
            a:send_with_fds(byte_span.append("plain"), {})
            local text, received = receive(b)
            assert.equal("plain", text)
            assert.same({}, received)
        end))

        it("more than maxfds are closed, never leaked", closing(function()
            local a, b = pair(kind)
            local list = descriptors(5)
            for maxfds = 1, 5 do
                a:send_with_fds(byte_span.append("x"), list)
                local before = count()
                local _, received = receive(b, 10, maxfds)
                assert.equal(maxfds, #received)
                for i = 1, maxfds do assert.equal(0, received[i]:kcmp(list[i])) end
                assert.equal(before + maxfds, count())
            end
        end))

        it("those that plain receives meet are closed", closing(function()
            local a, b = pair(kind)
            a:send_with_fds(byte_span.append("x"), descriptors(2))
            local before = count()
            local method = kind == "stream" and b.read_some or b.receive
            assert.equal(1, method(b, byte_span.new(10)))
            assert.equal(before, count())
        end))

        it("253 go at once, 254 are refused", closing(function()
            local a, b = pair(kind)
            local fd = descriptors(1)[1]
            local list = {}
            for i = 1, 254 do list[i] = keep(fd:dup()) end
            helper.raises("system", "EINVAL", function() a:send_with_fds(byte_span.new(1), list) end)
            list[254] = nil
            a:send_with_fds(byte_span.new(1), list)
            local _, received = receive(b, 1, 1000)
            assert.equal(253, #received)
        end))

        it("maxfds is an integer of at least 1, else EINVAL", closing(function()
            local _, b = pair(kind)
            for _, wrong in ipairs{ 0, -1, 1.5, "1", {}, 0 / 0 } do
                helper.EINVAL(function() b:receive_with_fds(byte_span.new(1), wrong) end, 3)
            end
            helper.EINVAL(function() b:receive_with_fds(byte_span.new(1)) end, 3)
        end))

        it("the list's elements are descriptors, else EINVAL with the list's index, and nothing is sent",
            closing(function()
                local a, b = pair(kind)
                local fd = descriptors(1)[1]
                for _, wrong in ipairs(fds.wrong_descriptors()) do
                    helper.EINVAL(function() a:send_with_fds(byte_span.new(1), { fd, wrong }) end, 3)
                end
                for _, wrong in ipairs{ 1, "text", true, fd } do
                    helper.EINVAL(function() a:send_with_fds(byte_span.new(1), wrong) end, 3)
                end
                helper.EINVAL(function() a:send_with_fds(byte_span.new(1)) end, 3)
                assert.equal(0, b:io_control("bytes_readable"))
            end))

        it("the list ends at the first nil; the same object twice is sent once", closing(function()
            local a, b = pair(kind)
            local list = descriptors(3)
            local holey = { list[1], list[1], list[2] }
            holey[5] = list[3]
            a:send_with_fds(byte_span.append("x"), holey)
            local _, received = receive(b)
            assert.equal(2, #received)
        end))

        it("wrong self, wrong span, closed object", closing(function()
            local a = pair(kind)
            fds.check_wrong_self(a, "send_with_fds", byte_span.new(1), {})
            fds.check_wrong_self(a, "receive_with_fds", byte_span.new(1), 1)
            helper.EINVAL(function() a:send_with_fds("text", {}) end, 2)
            helper.EINVAL(function() a:receive_with_fds("text", 1) end, 2)
            local closed = unix[kind].socket.new()
            helper.raises("system", "EBADF", function() closed:send_with_fds(byte_span.new(1), {}) end)
            helper.raises("system", "EBADF", function() closed:receive_with_fds(byte_span.new(1), 1) end)
        end))

        it("are locked during a send that waits; valid after its end, interruption and error", closing(function()
            for _, ending in ipairs{ "sent", "interrupted", "aborted" } do
                local a, b = pair(kind)
                local filled = fill(a, kind)
                local fd, other = unpack(descriptors(2))
                local sender = spawn(function()
                    return outcome(a.send_with_fds, a, byte_span.append("x"), { fd })
                end)
                helper.turns(3)
                helper.EBUSY(function() return fd.type end)
                helper.EBUSY(function() fd:close() end)
                helper.EBUSY(function() fd:dup() end)
                helper.EBUSY(function() return tostring(fd) end)
                helper.EBUSY(function() a:send_with_fds(byte_span.new(1), { other, fd }) end)
                helper.EBUSY(function() pipe.read_stream.new(fd) end)
                assert.equal("fifo", other.type)
                if ending == "interrupted" then sender:interrupt() end
                if ending == "aborted" then a:cancel() end
                if ending == "sent" then
                    drain(b, kind, filled)
                    assert.equal(1, sender:join())
                    local text, received = receive(b)
                    assert.equal("x", text)
                    assert.equal(0, received[1]:kcmp(fd))
                else
                    assert.equal(ending, sender:join())
                    drain(b, kind, filled)
                    assert.equal(0, b:io_control("bytes_readable"))
                end
                assert.equal("fifo", fd.type)
            end
        end))

        it("a receive that was interrupted takes nothing", closing(function()
            local a, b = pair(kind)
            local waiting = spawn(function() return outcome(b.receive_with_fds, b, byte_span.new(1), 1) end)
            this_fiber.yield()
            waiting:interrupt()
            a:send_with_fds(byte_span.append("x"), descriptors(1))
            if waiting:join() == "interrupted" then
                local _, received = receive(b)
                assert.equal(1, #received)
            end
        end))
    end)
end

describe("descriptors over a stream", function()
    it("travel with the first byte; a read stops at them and loses no byte behind", closing(function()
        local a, b = pair("stream")
        a:write_some(byte_span.append("before"))
        a:send_with_fds(byte_span.append("with"), descriptors(1))
        a:write_some(byte_span.append("after"))
        local text, received = "", {}
        while #text < 15 do
            local piece, list = receive(b)
            text = text .. piece
            for _, fd in ipairs(list) do received[#received + 1] = fd end
        end
        assert.equal("beforewithafter", text)
        assert.equal(1, #received)
    end))

    it("do not make plain readers wait for what is behind them", closing(function()
        local a, b = pair("stream")
        -- Registered first: an edge that was taken for drained would not come again.
        local first = fds.reader(b)
        this_fiber.yield()
        a:write_some(byte_span.append("0"))
        assert.equal("0", first:join())
        a:send_with_fds(byte_span.append("1"), descriptors(1))
        a:send_with_fds(byte_span.append("2"), descriptors(1))
        a:write_some(byte_span.append("3"))
        local text = ""
        while #text < 3 do text = text .. fds.reader(b):join() end
        assert.equal("123", text)
    end))

    it("an empty span is done at once", closing(function()
        local a, b = pair("stream")
        assert.equal(0, a:send_with_fds(byte_span.new(0), descriptors(1)))
        local n, list = b:receive_with_fds(byte_span.new(0), 1)
        assert.equal(0, n)
        assert.same({}, list)
    end))
end)

describe("the end of a connection", function()
    for _, kind in ipairs(sockets.CONNECTED) do
        it("is eof for receive_with_fds: " .. kind, closing(function()
            local a, b = pair(kind)
            a:close()
            helper.raises("asio.misc", "eof", function() b:receive_with_fds(byte_span.new(1), 1) end)
        end))
    end

    it("closes descriptors that came with an empty message of a seqpacket socket", closing(function()
        local a, b = pair("seqpacket")
        a:send_with_fds(byte_span.new(0), descriptors(2))
        local before = count()
        helper.raises("asio.misc", "eof", function() b:receive_with_fds(byte_span.new(1), 2) end)
        assert.equal(before, count())
    end))

    it("does not exist for datagrams: an empty one may carry descriptors", closing(function()
        local a, b = pair("datagram")
        a:send_with_fds(byte_span.new(0), descriptors(2))
        local text, received = receive(b)
        assert.equal("", text)
        assert.equal(2, #received)
    end))
end)

describe("unix.datagram.socket", function()
    it("send_to_with_fds sends to a name; receive_from_with_fds tells the sender's", closing(function()
        local service, client = bound("datagram"), bound("datagram")
        client:send_to_with_fds(byte_span.append("take"), service.local_path, descriptors(2))
        local n, sender, received = service:receive_from_with_fds(byte_span.new(10), 1)
        assert.equal(4, n)
        assert.equal(tostring(client.local_path), tostring(sender))
        assert.equal(1, #received)
        received[1]:close()
    end))

    it("receive_from_with_fds gives nil for an unnamed sender", closing(function()
        local a, b = pair("datagram")
        a:send(byte_span.append("x"))
        local n, sender, received = b:receive_from_with_fds(byte_span.new(10), 1)
        assert.equal(1, n)
        assert.is_nil(sender)
        assert.same({}, received)
    end))

    it("send_to_with_fds with an empty path acts like send_with_fds", closing(function()
        local a, b = pair("datagram")
        a:send_to_with_fds(byte_span.append("x"), path(""), descriptors(1))
        local text, received = receive(b)
        assert.equal("x", text)
        assert.equal(1, #received)
    end))

    it("argument errors", closing(function()
        local sock, bs = bound("datagram"), byte_span.new(1)
        local name = sock.local_path
        fds.check_wrong_self(sock, "receive_from_with_fds", bs, 1)
        fds.check_wrong_self(sock, "send_to_with_fds", bs, name, {})
        helper.EINVAL(function() sock:receive_from_with_fds(bs, 0) end, 3)
        helper.EINVAL(function() sock:receive_from_with_fds("text", 1) end, 2)
        helper.EINVAL(function() sock:send_to_with_fds("text", name, {}) end, 2)
        helper.EINVAL(function() sock:send_to_with_fds(bs, "text", {}) end, 3)
        helper.EINVAL(function() sock:send_to_with_fds(bs, name, 1) end, 4)
        helper.EINVAL(function() sock:send_to_with_fds(bs, name, { 1 }) end, 4)
    end))
end)

describe("a descriptor in flight at the end of its run", function()
    it("is closed", function()
        local fd
        pcall(emilua.run, function()
            local a, b = unix.stream.socket.pair()
            local reading, writing = pipe.pair()
            writing:close()
            fd = reading:release()
            fill(a, "stream")
            spawn(function() a:send_with_fds(byte_span.new(1), { fd }) end):detach()
            helper.turns(3)
            helper.EBUSY(function() return fd.type end)
            b:close()
            error("the end")
        end)
        emilua.run(function()
            helper.bad_index(function() return fd.type end)
            fd:close()
        end)
    end)
end)
