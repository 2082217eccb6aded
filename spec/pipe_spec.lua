local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local pipe = require "emilua.pipe"
local stream = require "emilua.stream"
local time = require "emilua.time"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, keep, outcome, reader, write = fds.closing, fds.keep, fds.outcome, fds.reader, fds.write

helper.install()

-- Writes until the kernel takes no more; the fiber returned is still writing, and returns how that ended and the count.
local function fill(writing)
    local count = 0
    local writer = spawn(function()
        local bs = byte_span.new(65536)
        while true do
            local result = outcome(writing.write_some, writing, bs)
            if type(result) ~= "number" then return result, count end
            count = count + result
        end
    end)
    local before
    repeat
        before = count
        helper.turns(5)
    until count == before and count > 0
    return writer, count
end

-- Reads `n` bytes.
local function drain(reading, n) stream.read_all(reading, byte_span.new(n)) end

describe("pipe.pair", function()
    it("returns a read stream and a write stream, synchronously", helper.fiber(function()
        local reading, writing = pipe.pair()
        assert.equal("pipe.read_stream", getmetatable(reading))
        assert.equal("pipe.write_stream", getmetatable(writing))
        assert.is_true(reading.is_open and writing.is_open)
        reading:close()
        writing:close()
    end))

    it("also works outside of a run", function()
        local reading, writing = pipe.pair()
        reading:close()
        writing:close()
    end)

    it("makes both ends non-blocking and close-on-exec", closing(function()
        for _, io in ipairs{ pipe.pair() } do
            local fd = keep(io:release())
            assert.is_true(fd.non_blocking)
            assert.is_true(fds.is_close_on_exec(fd))
        end
    end))
end)

for class, other in pairs{ read_stream = "write_stream", write_stream = "read_stream" } do
    local name = "pipe." .. class
    local method = class == "read_stream" and "read_some" or "write_some"

    -- An open object of the class, and its peer.
    local function new()
        local reading, writing = fds.pipe()
        if class == "read_stream" then return reading, writing end
        return writing, reading
    end

    -- One whose operation has to wait, and the fiber that waits.
    local function waiting()
        local io, peer = new()
        if class == "read_stream" then return io, reader(io), peer end
        return io, fill(io), peer
    end

    describe(name, function()
        it("new() makes a closed object", closing(function()
            local io = pipe[class].new()
            assert.equal(name, getmetatable(io))
            assert.is_false(io.is_open)
        end))

        it("new(fd) adopts the descriptor", closing(function()
            local io = new()
            local fd = io:release()
            local again = keep(pipe[class].new(fd))
            assert.is_true(again.is_open)
            helper.bad_index(function() return fd.type end)
        end))

        it("new raises EINVAL for what is no descriptor", function()
            for _, wrong in ipairs(fds.wrong_descriptors()) do
                helper.EINVAL(function() pipe[class].new(wrong) end, 1)
            end
        end)

        it("raises bad_index for an unknown key, also for the other direction's method", closing(function()
            local io = new()
            helper.bad_index(function() return io.nothing end)
            local absent = method == "read_some" and "write_some" or "read_some"
            helper.bad_index(function() return io[absent] end)
            assert.is_false(pcall(function() io.is_open = true end))
        end))

        it("methods raise EINVAL for a wrong self", closing(function()
            local io = new()
            fds.check_wrong_self(io, method, byte_span.new(1))
            fds.check_wrong_self(io, "close")
            fds.check_wrong_self(io, "cancel")
            fds.check_wrong_self(io, "release")
            local fd = keep(io:release())
            fds.check_wrong_self(io, "assign", fd)
            helper.EINVAL(function() io[method](pipe[other].new(), byte_span.new(1)) end, 1)
        end))

        it(method .. " raises EINVAL for what is no span", closing(function()
            local io = new()
            for _, wrong in ipairs{ 1, "text", {}, io } do
                helper.EINVAL(function() io[method](io, wrong) end, 2)
            end
            helper.EINVAL(function() io[method](io) end, 2)
        end))

        it(method .. " returns 0 for an empty span, and is a suspension and interruption point", closing(function()
            local io, peer = new()
            peer:close()
            local turn = false
            local f = spawn(function() turn = true end)
            assert.equal(0, io[method](io, byte_span.new(0)))
            assert.is_true(turn)
            f:join()
            local interrupted
            interrupted = spawn(function()
                interrupted:interrupt()
                io[method](io, byte_span.new(0))
            end)
            interrupted:join()
            assert.is_true(interrupted.interruption_caught)
        end))

        it(method .. " raises EBADF on a closed object", closing(function()
            local io = pipe[class].new()
            for n = 0, 1 do
                helper.raises("system", "EBADF", function() io[method](io, byte_span.new(n)) end)
            end
        end))

        it("assign takes the descriptor over and sets it to non-blocking mode", closing(function()
            local io = new()
            local fd = io:release()
            fd.non_blocking = false
            local copy = keep(fd:dup())
            io:assign(fd)
            assert.is_true(io.is_open)
            assert.is_true(copy.non_blocking)
            helper.bad_index(function() return fd.dup end)
        end))

        it("assign raises EINVAL for what is no descriptor", function()
            local io = pipe[class].new()
            for _, wrong in ipairs(fds.wrong_descriptors()) do helper.EINVAL(function() io:assign(wrong) end, 2) end
            helper.EINVAL(function() io:assign() end, 2)
        end)

        it("assign on an open object raises already_open before it consumes", closing(function()
            local io, fd = new(), keep((fds.pipe()):release())
            helper.raises("asio.misc", "already_open", function() io:assign(fd) end)
            assert.equal("fifo", fd.type)
        end))

        it("release hands the descriptor over and closes the object", closing(function()
            local io = new()
            local fd = keep(io:release())
            assert.equal("fifo", fd.type)
            assert.is_true(fd.non_blocking)
            assert.is_false(io.is_open)
        end))

        it("release on a closed object raises EBADF", function()
            helper.EBADF(function() pipe[class].new():release() end)
        end)

        it("release aborts the operations that are pending", closing(function()
            local io, waiter, peer = waiting()
            this_fiber.yield()
            local fd = keep(io:release())
            assert.equal("aborted", (waiter:join()))
            peer:close()
            assert.equal("fifo", fd.type)
        end))

        it("cancel aborts the operations that are pending; the object stays usable", closing(function()
            local io, waiter = waiting()
            this_fiber.yield()
            io:cancel()
            assert.equal("aborted", (waiter:join()))
            assert.is_true(io.is_open)
            io:cancel()
        end))

        it("cancel on a closed object raises EBADF", function()
            helper.raises("system", "EBADF", function() pipe[class].new():cancel() end)
        end)

        it("close aborts the operations that are pending, and may be repeated", closing(function()
            local io, waiter = waiting()
            this_fiber.yield()
            io:close()
            io:close()
            assert.equal("aborted", (waiter:join()))
            assert.is_false(io.is_open)
        end))

        it("the interruption of a fiber leaves the other fibers waiting", closing(function()
            local io, waiter, peer = waiting()
            local bs = byte_span.append("x")
            local second = spawn(function() return outcome(io[method], io, bs) end)
            this_fiber.yield()
            second:interrupt()
            assert.equal("interrupted", second:join())
            if class == "read_stream" then
                write(peer, "here")
                assert.equal("here", waiter:join())
            else
                waiter:interrupt()
                local how, count = waiter:join()
                assert.equal("interrupted", how)
                drain(peer, count)
            end
        end))
    end)
end

describe("pipe.read_stream:read_some", function()
    it("waits for at least 1 byte and returns the count", closing(function()
        local reading, writing = fds.pipe()
        local waiter = reader(reading)
        this_fiber.yield()
        write(writing, "late")
        assert.equal("late", waiter:join())
        write(writing, "at once")
        assert.equal("at on", reader(reading, 5):join())
        assert.equal("ce", reader(reading, 5):join())
    end))

    it("raises eof when the last writer closed and all is drained", closing(function()
        local reading, writing = fds.pipe()
        local fd = writing:release()
        local first, second = keep(pipe.write_stream.new(fd:dup())), keep(pipe.write_stream.new(fd))
        write(first, "last")
        first:close()
        assert.equal("last", reader(reading):join())
        local waiter = reader(reading)
        this_fiber.yield()
        second:close()
        assert.equal("eof", waiter:join())
        assert.equal("eof", reader(reading):join())
    end))

    it("serves fibers in the order in which they came", closing(function()
        local reading, writing = fds.pipe()
        local readers = {}
        for i = 1, 5 do readers[i] = reader(reading, 1) end
        this_fiber.yield()
        write(writing, "abc")
        for i, letter in ipairs{ "a", "b", "c" } do assert.equal(letter, readers[i]:join()) end
        write(writing, "de")
        assert.equal("d", readers[4]:join())
        assert.equal("e", readers[5]:join())
    end))

    it("accepts any descriptor: a FIFO, a regular file, a device, a terminal", closing(function()
        local file = helper.write_temporary("in a file")
        assert.equal("in a file", reader(keep(pipe.read_stream.new(fds.open(file)))):join())
        os.remove(file)
        assert.equal("eof", reader(keep(pipe.read_stream.new(fds.open("/dev/null")))):join())
        assert.equal(("\0"):rep(100), reader(keep(pipe.read_stream.new(fds.open("/dev/zero")))):join())
        local fifo = os.tmpname()
        os.remove(fifo)
        helper.shell("mkfifo " .. fifo)
        local reading = keep(pipe.read_stream.new(fds.open(fifo, 2048)))
        helper.shell("echo through a fifo > " .. fifo)
        os.remove(fifo)
        assert.equal("through a fifo\n", reader(reading):join())
    end))
end)

describe("pipe.write_stream:write_some", function()
    it("waits until bytes can be taken and returns their count", closing(function()
        local reading, writing = fds.pipe()
        local writer, count = fill(writing)
        drain(reading, count)
        local more = reader(reading, 65536):join()
        assert.truthy(#more > 0)
        writer:interrupt()
        local how = writer:join()
        assert.equal("interrupted", how)
    end))

    it("raises EPIPE when nobody reads, without a signal", closing(function()
        local reading, writing = fds.pipe()
        reading:close()
        helper.raises("system", "EPIPE", function() writing:write_some(byte_span.new(1)) end)
    end))

    it("raises EPIPE in a fiber that waits when the reader closes", closing(function()
        local reading, writing = fds.pipe()
        local writer = fill(writing)
        reading:close()
        assert.truthy(writer:join():find("system 32", 1, true))
    end))

    it("writes to a regular file", closing(function()
        local file = helper.write_temporary("")
        local writing = keep(pipe.write_stream.new(fds.open(file, 1)))
        write(writing, "text")
        assert.equal("text", helper.shell("cat " .. file))
        os.remove(file)
    end))
end)

describe("pipes and other programs", function()
    it("a child reads and writes through FIFOs", closing(function()
        local input, output = os.tmpname(), os.tmpname()
        os.remove(input)
        os.remove(output)
        helper.shell("mkfifo " .. input .. " " .. output)
        -- Both ends, so that the opening does not wait for the child.
        local writing, reading = keep(pipe.write_stream.new(fds.open(input, 2050))),
            keep(pipe.read_stream.new(fds.open(output, 2050)))
        os.execute("(head -c 5 " .. input .. " | tr a-z A-Z > " .. output .. ") &")
        write(writing, "hello")
        local bs = byte_span.new(5)
        stream.read_all(reading, bs)
        assert.equal("HELLO", tostring(bs))
        os.remove(input)
        os.remove(output)
    end))
end)

describe("random interruptions of pipe operations", function()
    it("lose no byte", closing(function()
        local ROUNDS = 3000
        local reading, writing = fds.pipe()
        local written, read = 0, 0
        local done = false
        local writers = spawn(function()
            for i = 1, ROUNDS do
                local size = math.random(1, 3000)
                local f = spawn(function() return outcome(writing.write_some, writing, byte_span.new(size)) end)
                if math.random(2) == 1 then this_fiber.yield() end
                f:interrupt()
                local result = f:join()
                if type(result) == "number" then written = written + result end
                if i % 100 == 0 then time.sleep(0.0001) end
            end
            done = true
            writing:close()
        end)
        while true do
            local f = spawn(function() return outcome(reading.read_some, reading, byte_span.new(5000)) end)
            if math.random(3) == 1 then this_fiber.yield() end
            if not done and math.random(2) == 1 then f:interrupt() end
            local result = f:join()
            if result == "eof" then break end
            if type(result) == "number" then read = read + result end
        end
        writers:join()
        assert.equal(written, read)
        assert.truthy(written > 0)
    end))
end)
