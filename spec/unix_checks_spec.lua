-- The checks of net §12 for UNIX sockets, pipes and descriptors, by their numbers. Those for TCP and UDP are in
-- ip_checks_spec.lua; more about each is in the specs of the modules.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local pipe = require "emilua.pipe"
local stream = require "emilua.stream"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"
local sockets = require "spec.unix_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, keep, outcome, reader, write = fds.closing, fds.keep, fds.outcome, fds.reader, fds.write

helper.install()

-- Streams by name: functions that return the end to write to and the end to read from.
local STREAMS = {
    pipe = function()
        local reading, writing = fds.pipe()
        return writing, reading
    end,
    unix = function() return sockets.pair("stream") end,
}

for name, new in pairs(STREAMS) do
    describe("net §12, a " .. name, function()
        it("1: read_some at the peer's close raises eof; with an empty span it returns 0", closing(function()
            local writing, reading = new()
            writing:close()
            assert.equal("eof", reader(reading):join())
            assert.equal(0, reading:read_some(byte_span.new(0)))
        end))

        it("3: an interrupted read neither loses nor repeats what arrives", closing(function()
            local writing, reading = new()
            for turns = 0, 3 do
                local waiting = reader(reading, 1)
                helper.turns(turns)
                write(writing, "x")
                waiting:interrupt()
                if waiting:join() ~= "x" then assert.equal("x", reader(reading, 1):join()) end
            end
        end))

        it("4: two fibers are served first come first; cancel wakes both; interrupting one leaves the other",
            closing(function()
                local writing, reading = new()
                local first, second = reader(reading, 1), reader(reading, 1)
                this_fiber.yield()
                write(writing, "ab")
                assert.equal("a", first:join())
                assert.equal("b", second:join())
                first, second = reader(reading, 1), reader(reading, 1)
                this_fiber.yield()
                reading:cancel()
                assert.equal("aborted", first:join())
                assert.equal("aborted", second:join())
                first, second = reader(reading, 1), reader(reading, 1)
                this_fiber.yield()
                first:interrupt()
                assert.equal("interrupted", first:join())
                write(writing, "c")
                assert.equal("c", second:join())
            end))

        it("5: write_all of a string; write_at_least beyond the length; read_all of nothing does not suspend",
            closing(function()
                local writing, reading = new()
                assert.equal(4, stream.write_all(writing, "text"))
                assert.equal(2, stream.write_at_least(writing, byte_span.append("ab"), 10))
                local turn = false
                local f = spawn(function() turn = true end)
                assert.equal(0, stream.read_all(reading, byte_span.new(0)))
                assert.is_false(turn)
                f:join()
                assert.equal("textab", reader(reading):join())
            end))
    end)
end

describe("net §12, UNIX sockets", function()
    it("2: connect opens; open twice is already_open; close twice is fine; cancel on closed: EBADF", closing(function()
        for _, kind in ipairs(sockets.CONNECTED) do
            local _, name = sockets.listening(kind)
            local sock = keep(unix[kind].socket.new())
            sock:connect(name)
            assert.is_true(sock.is_open)
            helper.raises("asio.misc", "already_open", function() sock:open() end)
            sock:close()
            sock:close()
            helper.raises("system", "EBADF", function() sock:cancel() end)
        end
    end))

    it("3: interrupted accepts and receives with descriptors lose nothing", closing(function()
        local acceptor, name = sockets.listening("seqpacket")
        for turns = 0, 3 do
            local accepting = spawn(function() return outcome(acceptor.accept, acceptor) end)
            helper.turns(turns)
            local client = keep(unix.seqpacket.dial((tostring(name):gsub("^%z", "@"))))
            accepting:interrupt()
            local server = accepting:join()
            server = keep(type(server) == "table" and server or acceptor:accept())

            local fd = keep((fds.pipe()):release())
            local list
            local receiving = spawn(function()
                return outcome(function()
                    local n
                    n, list = server:receive_with_fds(byte_span.new(5), 2)
                    return n
                end)
            end)
            helper.turns(turns)
            client:send_with_fds(byte_span.append("x"), { fd })
            receiving:interrupt()
            if receiving:join() ~= 1 then
                assert.is_nil(list)
                list = select(2, server:receive_with_fds(byte_span.new(5), 2))
            end
            assert.equal(0, keep(list[1]):kcmp(fd))
        end
    end))

    it("9: buffer sizes round trip; unknown option ENOTSUP", closing(function()
        for _, kind in ipairs(sockets.KINDS) do
            local sock = sockets.pair(kind)
            sock:set_option("receive_buffer_size", 32768)
            assert.equal(32768, sock:get_option("receive_buffer_size"))
            helper.ENOTSUP(function() sock:get_option("linger") end)
        end
    end))

    it("10: empty datagrams; truncated receive; zero-length peek, then bytes_readable", closing(function()
        local a, b = sockets.pair("datagram")
        a:send(byte_span.append("datagram"))
        assert.equal(0, b:receive(byte_span.new(0), { "peek" }))
        assert.equal(8, b:io_control("bytes_readable"))
        assert.equal(3, b:receive(byte_span.new(3)))
        a:send(byte_span.new(0))
        assert.equal(0, b:receive(byte_span.new(3)))
    end))

    it("11: an empty seqpacket message reads as eof, an empty datagram does not", closing(function()
        local a, b = sockets.pair("seqpacket")
        a:send(byte_span.new(0))
        helper.raises("asio.misc", "eof", function() b:receive(byte_span.new(1)) end)
        a, b = sockets.pair("datagram")
        a:send(byte_span.new(0))
        assert.equal(0, b:receive(byte_span.new(1)))
    end))

    it("12: a locked fd is EBUSY during a blocked send and valid after its interruption; too many leak nothing",
        closing(function()
            local a, b = sockets.pair("seqpacket")
            local fd = keep((fds.pipe()):release())
            local sent = 0
            local filler = spawn(function()
                while outcome(a.send, a, byte_span.new(1)) == 1 do sent = sent + 1 end
            end)
            helper.turns(20)
            local sending = spawn(function() return outcome(a.send_with_fds, a, byte_span.new(1), { fd }) end)
            helper.turns(3)
            helper.EBUSY(function() fd:dup() end)
            sending:interrupt()
            assert.equal("interrupted", sending:join())
            keep(fd:dup())
            filler:interrupt()
            filler:join()
            for _ = 1, sent do b:receive(byte_span.new(1)) end
            a:send_with_fds(byte_span.new(1), { fd, keep(fd:dup()), keep(fd:dup()) })
            local before = helper.holdings().count.descriptors
            local _, list = b:receive_with_fds(byte_span.new(1), 1)
            assert.equal(1, #list)
            assert.equal(before + 1, helper.holdings().count.descriptors)
            list[1]:close()
        end))

    it("13: release, send, new(fd), use; the second use of a consumed fd fails, close is a no-op", closing(function()
        local a, b = sockets.pair("seqpacket")
        local reading, writing = fds.pipe()
        local fd = writing:release()
        a:send_with_fds(byte_span.new(1), { fd })
        fd:close()
        local _, list = b:receive_with_fds(byte_span.new(1), 1)
        write(keep(pipe.write_stream.new(list[1])), "through")
        assert.equal("through", reader(reading):join())
        helper.EINVAL(function() pipe.write_stream.new(list[1]) end, 1)
        helper.bad_index(function() return list[1].dup end)
        list[1]:close()
    end))
end)
