local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local stream = require "emilua.stream"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local fiber, closing, pair = helper.fiber, tcp.closing, tcp.pair

helper.install()

-- A stream in Lua: reads come from `input`, writes go to `output`, at most `steps[i]` bytes in the i-th call (the last
-- step is used again and again); `failure` is raised once the steps are used up.
local function scripted(opts)
    local io = {calls = 0, offered = {}, output = "", input = opts.input or ""}
    local function step(bs)
        io.calls = io.calls + 1
        io.offered[io.calls] = #bs
        if opts.failure and io.calls > #opts.steps then error(opts.failure, 0) end
        return math.min(#bs, opts.steps[math.min(io.calls, #opts.steps)])
    end
    function io:read_some(bs)
        assert(rawequal(self, io))
        local n = math.min(step(bs), #self.input)
        bs:copy(self.input:sub(1, n))
        self.input = self.input:sub(n + 1)
        return n
    end
    function io:write_some(bs)
        assert(rawequal(self, io))
        local n = step(bs)
        self.output = self.output .. tostring(bs:first(n))
        return n
    end
    return io
end

-- Neither a suspension nor an interruption point, and the stream is not called.
local function check_nothing_to_do(expected, f)
    local io = scripted{steps = {1}}
    this_fiber.forbid_suspend()
    local n = f(io)
    this_fiber.allow_suspend()
    assert.equal(expected, n)
    local interrupted
    interrupted = spawn(function()
        interrupted:interrupt()
        return f(io)
    end)
    assert.equal(expected, interrupted:join())
    assert.equal(0, io.calls)
end

describe("module emilua.stream", function()
    it("has read_all, read_at_least, write_all and write_at_least", function()
        for _, name in ipairs{"read_all", "read_at_least", "write_all", "write_at_least"} do
            assert.is_function(stream[name])
        end
    end)
end)

describe("stream.read_all", function()
    it("reads into the rest until the span is full, and returns #bs", fiber(function()
        local io = scripted{input = "abcdefgh", steps = {1, 3, 2}}
        local bs = byte_span.with_zeros(7, 9)
        assert.equal(7, stream.read_all(io, bs))
        assert.equal("abcdefg", tostring(bs))
        assert.same({7, 6, 3, 1}, io.offered)
        assert.equal("h", io.input)
    end))

    it("calls the stream once if that fills the span", fiber(function()
        local io = scripted{input = "abc", steps = {10}}
        assert.equal(3, stream.read_all(io, byte_span.new(3)))
        assert.equal(1, io.calls)
    end))

    it("with an empty span returns 0 without calling the stream", fiber(function()
        check_nothing_to_do(0, function(io) return stream.read_all(io, byte_span.new(0, 4)) end)
    end))

    it("raises an error of an inner call unchanged; the bytes read before are in the buffer", fiber(function()
        local mine = {}
        local io = scripted{input = "abcdef", steps = {2, 1}, failure = mine}
        local bs = byte_span.append("......")
        local ok, e = pcall(stream.read_all, io, bs)
        assert.is_false(ok)
        assert.is_true(rawequal(mine, e))
        assert.equal("abc...", tostring(bs))
    end))

    it("raises eof if the stream ends before the span is full", closing(function()
        local client, server = pair()
        stream.write_all(client, "abc")
        client:close()
        local bs = byte_span.with_zeros(4)
        helper.raises("asio.misc", "eof", function() stream.read_all(server, bs) end)
        assert.equal("abc\0", tostring(bs))
    end))

    it("waits on a socket until everything is there", closing(function()
        local client, server = pair()
        local bs = byte_span.new(6)
        local reader = spawn(function() return stream.read_all(server, bs) end)
        for _, part in ipairs{"ab", "c", "def"} do
            this_fiber.yield()
            stream.write_all(client, part)
        end
        assert.equal(6, reader:join())
        assert.equal("abcdef", tostring(bs))
    end))
end)

describe("stream.read_at_least", function()
    it("offers the whole remaining space in each call, so more than minimum may arrive", fiber(function()
        local io = scripted{input = "abcdefgh", steps = {1, 5, 2}}
        local bs = byte_span.with_zeros(8)
        assert.equal(6, stream.read_at_least(io, bs, 3))
        assert.same({8, 7}, io.offered)
        assert.equal("abcdef\0\0", tostring(bs))
    end))

    it("stops at exactly minimum if no more arrives", fiber(function()
        local io = scripted{input = "abcdefgh", steps = {1}}
        assert.equal(3, stream.read_at_least(io, byte_span.new(8), 3))
        assert.equal(3, io.calls)
    end))

    it("clamps minimum to #bs", fiber(function()
        local io = scripted{input = "abcdefgh", steps = {1}}
        assert.equal(4, stream.read_at_least(io, byte_span.new(4), 100))
        assert.equal("efgh", io.input)
    end))

    it("with minimum <= 0 or an empty span returns 0 without calling the stream", fiber(function()
        check_nothing_to_do(0, function(io) return stream.read_at_least(io, byte_span.new(4), 0) end)
        check_nothing_to_do(0, function(io) return stream.read_at_least(io, byte_span.new(4), -1) end)
        check_nothing_to_do(0, function(io) return stream.read_at_least(io, byte_span.new(0), 1) end)
    end))

    it("raises an error of an inner call unchanged", fiber(function()
        local io = scripted{input = "abcdef", steps = {2}, failure = "mine"}
        assert.same({false, "mine"}, {pcall(stream.read_at_least, io, byte_span.new(6), 4)})
    end))
end)

describe("stream.write_all", function()
    it("writes the rest until everything is taken, and returns #data", fiber(function()
        local io = scripted{steps = {1, 3, 2}}
        assert.equal(7, stream.write_all(io, byte_span.append("abcdefg")))
        assert.equal("abcdefg", io.output)
        assert.same({7, 6, 3, 1}, io.offered)
    end))

    it("takes a string too", fiber(function()
        local io = scripted{steps = {2}}
        assert.equal(5, stream.write_all(io, "abcde"))
        assert.equal("abcde", io.output)
    end))

    it("writes the length of a span, not its capacity", fiber(function()
        local io = scripted{steps = {2}}
        assert.equal(3, stream.write_all(io, byte_span.append("abcdef"):slice(2, 4)))
        assert.equal("bcd", io.output)
    end))

    it("with nothing to write returns 0 without calling the stream", fiber(function()
        check_nothing_to_do(0, function(io) return stream.write_all(io, "") end)
        check_nothing_to_do(0, function(io) return stream.write_all(io, byte_span.new(0, 4)) end)
    end))

    it("raises an error of an inner call unchanged", fiber(function()
        local mine = {}
        local io = scripted{steps = {2, 1}, failure = mine}
        local ok, e = pcall(stream.write_all, io, "abcdef")
        assert.is_false(ok)
        assert.is_true(rawequal(mine, e))
        assert.equal("abc", io.output)
    end))

    it("writes text to a socket", closing(function()
        local client, server = pair()
        assert.equal(4, stream.write_all(client, "text"))
        local bs = byte_span.new(4)
        stream.read_all(server, bs)
        assert.equal("text", tostring(bs))
    end))

    it("writes more than the kernel takes at once", closing(function()
        local client, server = pair()
        local size = 20 * 1048576
        local out = byte_span.new(size)
        for i = 1, size, 4093 do out[i] = i % 251 end
        local writer = spawn(function() return stream.write_all(client, out) end)
        local back = byte_span.new(size)
        assert.equal(size, stream.read_all(server, back))
        assert.equal(size, writer:join())
        assert.is_true(out == back)
    end))

    it("has no locking: a reader and a writer on one socket need none", closing(function()
        local client, server = pair()
        local size = 1048576
        local function exchange(sock, byte)
            local writer = spawn(function()
                return stream.write_all(sock, byte_span.new(size):fill(byte))
            end)
            local reader = spawn(function()
                local bs = byte_span.new(size)
                stream.read_all(sock, bs)
                return bs
            end)
            return function()
                assert.equal(size, writer:join())
                return reader:join()
            end
        end
        local a, b = exchange(client, 1), exchange(server, 2)
        assert.is_true(a() == byte_span.new(size):fill(2))
        assert.is_true(b() == byte_span.new(size):fill(1))
    end))
end)

describe("stream.write_at_least", function()
    it("offers everything that remains in each call, so more than minimum may be taken", fiber(function()
        local io = scripted{steps = {1, 5, 2}}
        assert.equal(6, stream.write_at_least(io, byte_span.append("abcdefgh"), 3))
        assert.same({8, 7}, io.offered)
        assert.equal("abcdef", io.output)
    end))

    it("clamps minimum to #bs", fiber(function()
        local io = scripted{steps = {1}}
        assert.equal(4, stream.write_at_least(io, byte_span.append("abcd"), 5))
        assert.equal("abcd", io.output)
    end))

    it("with minimum <= 0 or an empty span returns 0 without calling the stream", fiber(function()
        check_nothing_to_do(0, function(io) return stream.write_at_least(io, byte_span.append("ab"), 0) end)
        check_nothing_to_do(0, function(io) return stream.write_at_least(io, byte_span.append("ab"), -1) end)
        check_nothing_to_do(0, function(io) return stream.write_at_least(io, byte_span.new(0), 1) end)
    end))

    it("raises an error of an inner call unchanged", fiber(function()
        local io = scripted{steps = {2}, failure = "mine"}
        assert.same({false, "mine"}, {pcall(stream.write_at_least, io, byte_span.append("abcdef"), 4)})
    end))
end)

describe("the composed operations other than write_all", function()
    it("take spans only, no strings", closing(function()
        local client = pair()
        for _, name in ipairs{"read_all", "read_at_least", "write_at_least"} do
            local ok = pcall(stream[name], client, "text", 4)
            assert.is_false(ok)
        end
    end))
end)
