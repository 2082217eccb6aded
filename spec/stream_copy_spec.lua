local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local byte_span = require "emilua.byte_span"
local files = require "emilua.file"
local filesystem = require "emilua.filesystem"
local pipe = require "emilua.pipe"
local stream = require "emilua.stream"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local fds = require "spec.fd_helper"
local tcp = require "spec.tcp_helper"

local spawn = emilua.spawn
local keep, closing = fds.keep, fds.closing

helper.install()

-- Bytes that differ from place to place.
local function pattern(size)
    local bs = byte_span.new(size)
    for i = 1, size do bs[i] = (i * 7 + math.floor(i / 251)) % 256 end
    return bs
end

-- A stream that is a table, over another one: nothing can be spliced.
local function wrapped(io)
    return {
        read_some = function(_, bs) return io:read_some(bs) end,
        write_some = function(_, bs) return io:write_some(bs) end,
    }
end

-- Ways from a place to write to, to a place to read from: {name, function that returns both}.
local function unix_pair()
    local a, b = unix.stream.socket.pair()
    return keep(a), keep(b)
end

local function tcp_pair()
    local a, b = tcp.pair()
    return keep(a), keep(b)
end

local function pipe_pair()
    local reading, writing = pipe.pair()
    return keep(writing), keep(reading)
end

local KINDS = {
    tcp = tcp_pair, unix = unix_pair, pipe = pipe_pair,
    table = function()
        local a, b = unix_pair()
        return setmetatable(wrapped(a), { __index = { close = function() a:close() end } }), wrapped(b)
    end,
}

describe("stream.copy", function()
    for from, new_from in pairs(KINDS) do
        for to, new_to in pairs(KINDS) do
            it(("copies to the end and returns the count: %s to %s"):format(from, to), closing(function()
                local input, source = new_from()
                local sink, output = new_to()
                local bs, got = pattern(300001), byte_span.new(300001)
                local copying = spawn(function()
                    local n = stream.copy(source, sink)
                    sink:close()
                    return n
                end)
                local writing = spawn(function()
                    stream.write_all(input, bs)
                    input:close()
                end)
                assert.equal(#bs, stream.read_all(output, got))
                assert.equal(#bs, copying:join())
                writing:join()
                assert.is_true(bs == got)
                helper.raises("asio.misc", "eof", function() output:read_some(byte_span.new(1)) end)
            end))
        end
    end

    it("stops at the limit and takes no byte more", closing(function()
        for _, kind in ipairs{ "unix", "table" } do
            local input, source = KINDS[kind]()
            local sink, output = KINDS[kind]()
            stream.write_all(input, "0123456789")
            assert.equal(4, stream.copy(source, sink, 4))
            assert.equal(0, stream.copy(source, sink, 0))
            assert.equal(3, stream.copy(source, sink, 3))
            local bs = byte_span.new(7)
            stream.read_all(output, bs)
            assert.equal("0123456", tostring(bs))
            bs = byte_span.new(10)
            assert.equal("789", tostring(bs:first(source:read_some(bs))))
            input:close()
            assert.equal(0, stream.copy(source, sink, 10))
        end
    end))

    it("copies from and to regular files", closing(function()
        local bs = pattern(200000)
        local from, to = helper.write_temporary(tostring(bs)), helper.write_temporary("")
        local O_WRONLY, O_APPEND = 1, 1024
        -- splice() refuses files that are appended to.
        for _, flags in ipairs{ O_WRONLY, O_WRONLY + O_APPEND } do
            local source, sink = keep(pipe.read_stream.new(fds.open(from))),
                keep(pipe.write_stream.new(fds.open(to, flags)))
            assert.equal(#bs, stream.copy(source, sink))
        end
        local file = io.open(to, "rb")
        assert.is_true(file:read("*a") == tostring(bs):rep(2))
        file:close()
        os.remove(from)
        os.remove(to)
    end))

    it("falls back where the source cannot be spliced", closing(function()
        local sink, output = unix_pair()
        local source = keep(pipe.read_stream.new(fds.open("/proc/self/stat")))
        local n = stream.copy(source, sink)
        local bs = byte_span.new(n)
        stream.read_all(output, bs)
        assert.equal(helper.pid(), tostring(bs):match("^%d+"))
    end))

    it("raises the errors of both sides unchanged, and leaves no descriptor", closing(function()
        local before = helper.holdings().count.descriptors
        local input, source = unix_pair()
        local sink, output = unix_pair()
        stream.write_all(input, "text")
        output:close()
        assert.is_true(asio_error.basic.broken_pipe == helper.raises("system", "EPIPE", function()
            stream.copy(source, sink)
        end))
        sink:close()
        stream.write_all(input, "text")
        helper.raises("system", "EBADF", function() stream.copy(source, sink) end)
        source:close()
        helper.raises("system", "EBADF", function() stream.copy(source, (unix_pair())) end)
        local broken = { read_some = function() error("broken") end }
        local ok, e = pcall(stream.copy, broken, sink)
        assert.is_false(ok)
        assert.truthy(tostring(e):find("broken"))
        for _, x in ipairs{ input, source, sink, output } do x:close() end
        assert.truthy(helper.holdings().count.descriptors <= before + 2)
    end))

    it("can be interrupted while it waits for either side", closing(function()
        for _, blocked in ipairs{ "read", "write" } do
            local input, source = unix_pair()
            local sink = unix_pair()
            local copying = spawn(function() return fds.outcome(stream.copy, source, sink) end)
            local feeding = blocked == "write" and spawn(function()
                return fds.outcome(stream.write_all, input, byte_span.new(8388608))
            end)
            helper.turns(50)
            copying:interrupt()
            assert.equal("interrupted", copying:join())
            if feeding then
                feeding:interrupt()
                assert.equal("interrupted", feeding:join())
            end
        end
    end))

    it("lets other fibers run, though it never has to wait", closing(function()
        local source = keep(pipe.read_stream.new(fds.open("/dev/zero")))
        local sink = keep(pipe.write_stream.new(fds.open("/dev/null", 1)))
        local turns, stop = 0, false
        local other = spawn(function()
            while not stop do
                turns = turns + 1
                emilua.this_fiber.yield()
            end
        end)
        assert.equal(268435456, stream.copy(source, sink, 268435456))
        stop = true
        other:join()
        assert.truthy(turns > 2)
    end))

    it("argument errors", closing(function()
        local input, source = unix_pair()
        for _, wrong in ipairs{ 1, "text", true } do
            helper.EINVAL(function() stream.copy(wrong, input) end, 1)
            helper.EINVAL(function() stream.copy(source, wrong) end, 2)
        end
        for _, wrong in ipairs{ -1, 1.5, "1", {}, 0 / 0 } do
            helper.EINVAL(function() stream.copy(source, input, wrong) end, 3)
        end
    end))

    it("is an interruption point", closing(function()
        local input, source = unix_pair()
        input:close()
        assert.is_true(tcp.interruption_caught(function() stream.copy(source, (unix_pair())) end))
    end))
end)

describe("stream.copy of a file", function()
    -- A file.stream with these bytes; its name is gone already.
    local function file_of(bs)
        local name = os.tmpname()
        local stock = assert(io.open(name, "wb"))
        stock:write(tostring(bs))
        stock:close()
        local input = keep(files.stream.new())
        input:open(filesystem.path.new(name), { "read_only" })
        os.remove(name)
        return input
    end

    for kind, new in pairs(KINDS) do
        it("goes from its position to the end or the limit: to a " .. kind, closing(function()
            local sink, output = new()
            local bs, got = pattern(3000001), byte_span.new(3000001 - 1000)
            local input = file_of(bs)
            input:seek(1000, "set")
            local copying = spawn(function()
                local first = stream.copy(input, sink, 500)
                local at = input:seek(0, "cur")
                return first, at, stream.copy(input, sink), stream.copy(input, sink)
            end)
            stream.read_all(output, got)
            assert.same({ 500, 1500, #got - 500, 0 }, { copying:join() })
            assert.equal(#bs, input:seek(0, "cur"))
            assert.is_true(bs:slice(1001) == got)
        end))
    end

    it("is read and written where it is no file that can be sent", closing(function()
        local input = keep(files.stream.new())
        input:open(filesystem.path.new "/dev/zero", { "read_only" })
        local sink, output = unix_pair()
        assert.equal(100, stream.copy(input, sink, 100))
        local got = byte_span.new(100)
        stream.read_all(output, got)
        assert.equal(("\0"):rep(100), tostring(got))
    end))

    it("interrupted, has moved its position by what was sent", closing(function()
        local bs = pattern(3000001)
        local input = file_of(bs)
        local sink, output = unix_pair()
        local got = {}
        for _ = 1, 50 do
            local copying = spawn(function() stream.copy(input, sink) end)
            for _ = 1, math.random(3) do emilua.this_fiber.yield() end
            copying:interrupt()
            copying:join()
            local piece = byte_span.new(20000)
            local reading = spawn(function() return output:read_some(piece) end)
            for _ = 1, 3 do emilua.this_fiber.yield() end
            reading:interrupt()
            local ok, n = pcall(reading.join, reading)
            if ok and n then got[#got + 1] = tostring(piece:first(n)) end
        end
        local sent = input:seek(0, "cur")
        sink:shutdown "send"
        local piece = byte_span.new(65536)
        while true do
            local ok, n = pcall(output.read_some, output, piece)
            if not ok then break end
            got[#got + 1] = tostring(piece:first(n))
        end
        assert.is_true(sent > 0)
        assert.is_true(table.concat(got) == tostring(bs:first(sent)))
    end))

    it("has the errors of reading and of writing", closing(function()
        local sink = unix_pair()
        helper.raises("system", "EBADF", function() stream.copy(files.stream.new(), sink) end)
        local input = file_of(pattern(10))
        sink:close()
        helper.raises("system", "EBADF", function() stream.copy(input, sink) end)
        assert.equal(0, input:seek(0, "cur"))
        local broken, other = unix_pair()
        other:close()
        helper.raises("system", "EPIPE", function() stream.copy(input, broken) end)
        assert.equal(0, input:seek(0, "cur"))
    end))
end)
