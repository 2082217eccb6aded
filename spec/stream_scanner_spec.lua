-- stream.scanner (net §2.3) and json.lines, which stands on it.

local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local json = require "emilua.json"
local regex = require "emilua.regex"
local stream = require "emilua.stream"
local helper = require "spec.helper"
local tcp = require "spec.tcp_helper"

helper.install()

local EINVAL, EMSGSIZE, ENOTSUP, raises = helper.EINVAL, helper.EMSGSIZE, helper.ENOTSUP, helper.raises
local fiber = helper.fiber
local eof = require("emilua.asio_error").misc.eof

-- A stream that gives a text in pieces of these sizes, the last one again and again.
local function source(text, ...)
    local sizes = { ... }
    local io = { calls = 0, offered = {} }
    function io:read_some(bs)
        self.calls = self.calls + 1
        self.offered[self.calls] = #bs
        if text == "" then error(eof, 0) end
        local n = bs:copy(text:sub(1, sizes[math.min(self.calls, #sizes)] or #text))
        text = text:sub(n + 1)
        return n
    end
    return io
end

local function new(text, opts, ...)
    opts = opts or {}
    opts.stream = source(text, ...)
    return stream.scanner.new(opts)
end

local function texts(value)
    if type(value) ~= "table" then return tostring(value) end
    local list = {}
    for i, v in ipairs(value) do list[i] = tostring(v) end
    return list
end

-- All that get_line returns, as strings, until the end of the stream.
local function all(scanner)
    local list = {}
    while true do
        local ok, value = pcall(scanner.get_line, scanner)
        if not ok then
            helper.is_error(value, "asio.misc", "eof")
            return list
        end
        list[#list + 1] = texts(value)
    end
end

local function re(pattern, opts)
    opts = opts or {}
    opts.pattern, opts.grammar = pattern, opts.grammar or "extended"
    return regex.new(opts)
end

describe("stream.scanner.new", function()
    it("uses its argument itself, fills the defaults and forgets buffer_size_hint", function()
        local opts = { buffer_size_hint = 10, stream = {} }
        local scanner = stream.scanner.new(opts)
        assert.is_true(rawequal(opts, scanner))
        assert.is_true(rawequal(stream.scanner.mt, getmetatable(scanner)))
        assert.is_nil(scanner.buffer_size_hint)
        assert.same({ "\n", false, 65536, 0 },
            { scanner.record_separator, scanner.trim_record, scanner.max_record_size, scanner.record_number })
        assert.is_nil(scanner.field_separator)
        assert.is_nil(scanner.field_pattern)
        assert.is_nil(scanner.record_terminator)
        assert.equal(10, (scanner:buffer()).capacity)
    end)

    it("makes a table if there is none, and takes the default for hints below 1", function()
        assert.equal(4096, (stream.scanner.new():buffer()).capacity)
        assert.equal(4096, (stream.scanner.new{ buffer_size_hint = 0 }:buffer()).capacity)
        assert.equal(4096, (stream.scanner.new{ buffer_size_hint = -5 }:buffer()).capacity)
        EINVAL(function() stream.scanner.new(1) end, 1)
        EINVAL(function() stream.scanner.new{ buffer_size_hint = "1" } end, "buffer_size_hint")
    end)

    it("takes the stream later, and gives methods that a class can be built on", fiber(function()
        local scanner = stream.scanner.new()
        scanner.stream = source "a\nb\n"
        assert.same({ "a", "b" }, all(scanner))
        local class = setmetatable({ twice = function(self) return self:get_line(), self:get_line() end },
            stream.scanner.mt)
        local own = setmetatable(stream.scanner.new{ stream = source "x\ny\n" }, { __index = class })
        local x, y = own:twice()
        assert.same({ "x", "y" }, { tostring(x), tostring(y) })
    end))

    it("has methods that want a scanner", function()
        for name, method in pairs(stream.scanner.mt.__index) do
            for _, self in ipairs{ 1, {}, "x", byte_span.new(1) } do EINVAL(function() method(self) end, 1) end
            assert.equal("string", type(name))
        end
    end)
end)

describe("scanner:get_line", function()
    it("returns the records that the separator ends, and the rest at the end", fiber(function()
        assert.same({ "a", "", "bc", "d" }, all(new "a\n\nbc\nd"))
        assert.same({ "a" }, all(new "a\n"))
        assert.same({}, all(new ""))
        assert.same({ "a\nb", "c" }, all(new("a\nb\r\nc", { record_separator = "\r\n" })))
    end))

    it("sees a separator that is split over reads", fiber(function()
        for size = 1, 7 do
            assert.same({ "a", "b-", "c" }, all(new("a--=b---=c--=", { record_separator = "--=" }, size)))
            assert.same({ "a", "b", "", "c" }, all(new("a,-b,,-c", { record_separator = re ",-?" }, 100)))
        end
    end))

    it("tells the separator itself in record_terminator, \"\" at the end", fiber(function()
        local scanner = new "a\nb"
        scanner:get_line()
        assert.equal("\n", scanner.record_terminator)
        assert.equal(1, scanner.record_number)
        scanner:get_line()
        assert.equal("", scanner.record_terminator)
        assert.equal(2, scanner.record_number)
        raises("asio.misc", "eof", function() scanner:get_line() end)
        raises("asio.misc", "eof", function() scanner:get_line() end)
        assert.equal(2, scanner.record_number)
    end))

    it("takes a regex as separator, and tells a span of what it has matched", fiber(function()
        local scanner = new("a12b3c", { record_separator = re "[0-9]+" })
        assert.equal("a", tostring(scanner:get_line()))
        assert.equal("12", tostring(scanner.record_terminator))
        assert.equal("b", tostring(scanner:get_line()))
        assert.equal("3", tostring(scanner.record_terminator))
        assert.equal("c", tostring(scanner:get_line()))
        assert.same({ "byte_span", 0 }, { getmetatable(scanner.record_terminator), #scanner.record_terminator })
    end))

    it("matches no anchor and nothing empty for a record", fiber(function()
        assert.same({ "aXb" }, all(new("aXb", { record_separator = re "^a|b$" })))
        assert.same({ "a", "b" }, all(new("aXXb", { record_separator = re "X*" })))
        assert.same({ "ab" }, all(new("ab", { record_separator = re("\\b", { grammar = "ecma" }) })))
    end))

    it("refuses other separators", fiber(function()
        for _, separator in ipairs{ "", 1, byte_span.append "x", {} } do
            local scanner = new("a", { record_separator = separator })
            EINVAL(function() scanner:get_line() end, "record_separator")
        end
        for name, value in pairs{ field_separator = "", field_pattern = "a", trim_record = 1 } do
            local scanner = new("a", { [name] = value })
            EINVAL(function() scanner:get_line() end, name)
        end
    end))

    it("reads its attributes anew on each call", fiber(function()
        local scanner = new "a,b\nc;d e\n f \ng"
        scanner.record_separator = ","
        assert.equal("a", tostring(scanner:get_line()))
        scanner.record_separator = "\n"
        assert.equal("b", tostring(scanner:get_line()))
        scanner.field_separator = ";"
        assert.same({ "c", "d e" }, texts(scanner:get_line()))
        scanner.field_separator, scanner.trim_record = nil, true
        assert.equal("f", tostring(scanner:get_line()))
        assert.equal("g", tostring(scanner:get_line()))
    end))

    it("grows the buffer to max_record_size, terminator included", fiber(function()
        local scanner = new("12345678\n1234567\n123456789\nx\n", { max_record_size = 9, buffer_size_hint = 1 })
        assert.equal("12345678", tostring(scanner:get_line()))
        assert.equal("1234567", tostring(scanner:get_line()))
        for _ = 1, 2 do EMSGSIZE(function() scanner:get_line() end) end
        assert.equal("123456789", tostring((scanner:buffer())))
        scanner.max_record_size = 20
        assert.equal("123456789", tostring(scanner:get_line()))
        assert.equal("x", tostring(scanner:get_line()))
        scanner = new("12345678", { max_record_size = 8, buffer_size_hint = 3 })
        EMSGSIZE(function() scanner:get_line() end)
        assert.same({ 3, 3, 2 }, scanner.stream.offered)
    end))

    it("keeps what it has when a read fails, and goes on later", fiber(function()
        local mine, fail = {}, false
        local io = source("ab\ncd\n", 1)
        local scanner = stream.scanner.new{ stream = { read_some = function(_, bs)
            if fail then error(mine, 0) end
            return io:read_some(bs)
        end } }
        scanner:get_line()
        fail = true
        for _ = 1, 2 do
            local ok, e = pcall(scanner.get_line, scanner)
            assert.is_false(ok)
            assert.is_true(rawequal(mine, e))
        end
        fail = false
        assert.same({ "cd" }, all(scanner))
    end))

    it("trims white space, or the bytes of a string", fiber(function()
        assert.same({ "a b", "", "c" }, all(new(" \t a b\f\n \v \nc", { trim_record = true })))
        assert.same({ "a ", "" }, all(new("--a =-\n-=", { trim_record = "-=" })))
        assert.same({ " a" }, all(new(" a", { trim_record = "" })))
        local scanner = new("  x  ", { trim_record = true })
        assert.equal("x", tostring(scanner:get_line()))
        assert.equal("  x  ", tostring(scanner:buffered_line()))
        raises("asio.misc", "eof", function() scanner:get_line() end)
    end))

    it("splits at a string", fiber(function()
        assert.same({ { "a", "", "b", "" }, {}, { "c" }, { "", "" } },
            all(new("a,,b,\n\nc\n,", { field_separator = "," })))
        assert.same({ { "a", ":b" } }, all(new("a:::b", { field_separator = "::" })))
    end))

    it("splits at a regex", fiber(function()
        assert.same({ { "", "a", "b" }, { "" }, { "c" } }, all(new(",a,b,\n\nc", { field_separator = re "," })))
        local scanner = new("a", { field_separator = re "(,)" })
        ENOTSUP(function() scanner:get_line() end)
        assert.same({ { "a", "b" } }, all(new("a,b", { field_separator = re("(,)", { nosubs = true }) })))
    end))

    it("takes what a pattern matches, if there is no field_separator", fiber(function()
        assert.same({ { "", "a", "" } }, all(new(",a,", { field_pattern = re "[^,]*" })))
        assert.same({ { "1,2" } }, all(new("1,2", { field_pattern = re "[0-9]", field_separator = ";" })))
        local scanner = new("a", { field_pattern = re "(a)" })
        ENOTSUP(function() scanner:get_line() end)
    end))

    it("returns all that a function returns, at the end of the stream too", fiber(function()
        local scanner = new(" a\nb", { trim_record = true, field_separator = function(record)
            return tostring(record), nil, 3, nil
        end })
        assert.same({ n = 4, "a", nil, 3 }, helper.pack(scanner:get_line()))
        assert.same({ n = 4, "b", nil, 3 }, helper.pack(scanner:get_line()))
        scanner = new("x", { field_separator = setmetatable({}, { __call = function(_, r) return #r end }) })
        assert.equal(1, scanner:get_line())
    end))

    it("gives any number of fields", fiber(function()
        for _, n in ipairs{ 256, 257, 3000 } do
            local scanner = new(("x "):rep(n - 1) .. "y\n", { field_separator = " " })
            local fields = scanner:get_line()
            assert.equal(n, #fields)
            assert.equal("y", tostring(fields[n]))
        end
    end))

    it("gives views of the buffer, which survive its growth and its scanner", fiber(function()
        local scanner = new("ab\n" .. ("c"):rep(100) .. "\n", { buffer_size_hint = 4 })
        local first = scanner:get_line()
        local second = scanner:get_line()
        scanner = nil -- luacheck: ignore
        collectgarbage()
        assert.same({ 2, ("c"):rep(100) }, { #first, tostring(second) })
    end))

    it("is an interruption point, and loses nothing", fiber(function()
        local scanner = new "a\nb\n"
        local f
        f = emilua.spawn(function()
            scanner:get_line()
            f:interrupt()
            scanner:get_line()
        end)
        f:join()
        assert.is_true(f.interruption_caught)
        assert.same({ "b" }, all(scanner))
    end))

    it("waits on a socket, and may be interrupted there", tcp.closing(function()
        local client, server = tcp.pair()
        local scanner = stream.scanner.new{ stream = server }
        stream.write_all(client, "ab")
        local f = emilua.spawn(function() return scanner:get_line() end)
        for _ = 1, 3 do emilua.this_fiber.yield() end
        f:interrupt()
        f:join()
        stream.write_all(client, "c\nd")
        assert.equal("abc", tostring(scanner:get_line()))
        client:close()
        assert.same({ "d" }, all(scanner))
    end))
end)

describe("the current record", function()
    it("is told by buffered_line: not trimmed, not split, without its terminator", fiber(function()
        local scanner = new(" a b \nc\n", { trim_record = true, field_separator = " " })
        EINVAL(function() scanner:buffered_line() end)
        scanner:get_line()
        assert.equal(" a b ", tostring(scanner:buffered_line()))
        assert.equal(" a b ", tostring(scanner:buffered_line()))
        scanner:get_line()
        assert.equal("c", tostring(scanner:buffered_line()))
    end))

    it("is dropped by remove_line", fiber(function()
        local scanner = new "a\nb\nc"
        EINVAL(function() scanner:remove_line() end)
        scanner:get_line()
        scanner:remove_line()
        assert.is_nil(scanner.record_terminator)
        EINVAL(function() scanner:remove_line() end)
        EINVAL(function() scanner:buffered_line() end)
        local buffer, offset = scanner:buffer()
        assert.same({ "b\nc", 1 }, { tostring(buffer), offset })
        assert.same({ "b", "c" }, all(scanner))
    end))

    it("is in buffer() unless it was removed", fiber(function()
        local scanner = new("a\nb\ncd", { buffer_size_hint = 10 })
        local buffer, offset = scanner:buffer()
        assert.same({ 0, 1, 10 }, { #buffer, offset, buffer.capacity })
        scanner:get_line()
        buffer, offset = scanner:buffer()
        assert.same({ "a\nb\ncd", 1, 10 }, { tostring(buffer), offset, buffer.capacity })
        local b = scanner:get_line()
        buffer, offset = scanner:buffer()
        assert.same({ "b\ncd", "b" }, { tostring(buffer:slice(offset)), tostring(b) })
    end))

    it("ends a header whose body is read raw", tcp.closing(function()
        local client, server = tcp.pair()
        stream.write_all(client, "Length: 6\r\nX: y\r\n\r\nbod")
        local scanner = stream.scanner.new{ stream = server, record_separator = "\r\n" }
        local n
        repeat
            local line = tostring(scanner:get_line())
            n = n or tonumber(line:match "^Length: (%d+)")
        until line == ""
        scanner:remove_line()
        local buffer, offset = scanner:buffer()
        local body = byte_span.append(buffer:slice(offset))
        stream.write_all(client, "y-1")
        local rest = byte_span.new(n - #body)
        stream.read_all(server, rest)
        assert.equal("body-1", tostring(body) .. tostring(rest))
    end))
end)

describe("scanner:set_buffer", function()
    it("adopts a span's memory, its data moved to the front", fiber(function()
        local scanner = new "d\ne"
        scanner.record_number = 7
        local bs = byte_span.append("xxa\nb\nc", ("."):rep(20)):slice(1, 7)
        scanner:set_buffer(bs, 3)
        assert.equal("a\nb\nc", tostring(bs:first(5)))
        assert.is_nil(scanner.record_terminator)
        assert.same({ 5, 27 }, { #scanner:buffer(), scanner:buffer().capacity })
        assert.same({ "a", "b", "cd", "e" }, all(scanner))
        assert.equal(11, scanner.record_number)
    end))

    it("forgets the current record and what was read ahead", fiber(function()
        local scanner = new "a\nb\n"
        scanner:get_line()
        scanner:set_buffer(byte_span.append "x\n")
        EINVAL(function() scanner:buffered_line() end)
        assert.same({ "x" }, all(scanner))
        scanner:set_buffer(byte_span.new(0))
        scanner.stream = source "y\n"
        assert.same({ "y" }, all(scanner))
    end))

    it("checks its arguments", fiber(function()
        local scanner = new ""
        EINVAL(function() scanner:set_buffer("x") end, 2)
        EINVAL(function() scanner:set_buffer(byte_span.new(1), "1") end, 3)
        helper.ERANGE(function() scanner:set_buffer(byte_span.new(1), 3) end)
    end))
end)

describe("stream.scanner.with_awk_defaults", function()
    it("takes lines, trims them and splits them at white space", fiber(function()
        local scanner = stream.scanner.with_awk_defaults(source "  a \t b\n\nc\v\fd  ")
        assert.same({ "\n", true, "regex" },
            { scanner.record_separator, scanner.trim_record, getmetatable(scanner.field_separator) })
        assert.same({ { "a", "b" }, { "" }, { "c", "d" } }, all(scanner))
    end))
end)

describe("any text in any reads", function()
    local seed = tonumber(os.getenv "EMILUA_SEED") or os.time()

    -- The plain reference: what a list of records and fields should be.
    local function split(text, separator)
        local list, at = {}, 1
        while true do
            local first, last = text:find(separator, at, true)
            if not first then break end
            list[#list + 1] = text:sub(at, first - 1)
            at = last + 1
        end
        return list, text:sub(at)
    end

    local function expected(text, opts)
        local records, rest = split(text, opts.record_separator)
        if rest ~= "" then records[#records + 1] = rest end
        for i, record in ipairs(records) do
            if opts.trim_record then record = record:match "^[%s]*(.-)[%s]*$" end
            if opts.field_separator then
                local fields, last = split(record, opts.field_separator)
                fields[#fields + 1] = record ~= "" and last or nil
                record = fields
            end
            records[i] = record
        end
        return records
    end

    it("gives the same records and fields", fiber(function()
        local random = math.random
        for case = 1, 1500 do
            math.randomseed(seed + case)
            local bytes, sizes = {}, {}
            for i = 1, random(0, 60) do
                local at = random(6)
                bytes[i] = ("ab,; \n"):sub(at, at)
            end
            for i = 1, random(1, 10) do sizes[i] = random(1, 9) end
            local text = table.concat(bytes)
            local opts = {
                record_separator = ({ "\n", ",\n", "a", ",," })[random(4)], trim_record = random(2) == 1,
                field_separator = ({ ",", "; ", nil })[random(3)], buffer_size_hint = random(1, 70),
            }
            local wanted = expected(text, opts)
            local got = all(new(text, opts, unpack(sizes)))
            local ok, message = pcall(assert.same, wanted, got)
            if not ok then error(("EMILUA_SEED=%d, case %d: %q: %s"):format(seed, case, text, tostring(message))) end
        end
    end))
end)

describe("json.lines", function()
    local function values(text, opts, ...)
        local list = {}
        for value in json.lines(source(text, ...), opts) do list[#list + 1] = json.encode(value) end
        return list
    end

    it("gives a value per line; blank lines are passed over", fiber(function()
        assert.same({ '{"a":1}', "[]", "false", "null", '"x"' },
            values('{"a":1}\n[]\r\n\n \t\nfalse\nnull\n"x"', nil, 3))
        assert.same({}, values "")
    end))

    it("takes a scanner", fiber(function()
        local list = {}
        local scanner = new("1;[2];3", { record_separator = ";" })
        for value in json.lines(scanner) do list[#list + 1] = json.encode(value) end
        assert.same({ "1", "[2]", "3" }, list)
        assert.equal(3, scanner.record_number)
    end))

    it("tells the record of an error, and goes on behind it", fiber(function()
        local next_value = json.lines(source '1\n[1,\n\n{"a":}\n2')
        assert.equal(1, next_value())
        local e = raises("trial.protocol.json", 9, next_value)
        assert.same({ 2, 1, 4 }, { e.record, e.line, e.column })
        e = raises("trial.protocol.json", 1, next_value)
        assert.same({ 4, 1, 6 }, { e.record, e.line, e.column })
        assert.equal(2, next_value())
        assert.is_nil(next_value())
        assert.is_nil(next_value())
    end))

    it("has limits", fiber(function()
        EMSGSIZE(json.lines(source '"0123456789"', { max_record_size = 8 }))
        raises("emilua.json.dom", 2, json.lines(source "[[1]]", { max_depth = 1 }))
        EINVAL(function() json.lines(source "", { max_depth = "1" }) end, "max_depth")
        EINVAL(function() json.lines(source "", 1) end, 2)
        assert.equal("0123456789", json.lines(source '"0123456789"', { max_record_size = 100 })())
    end))
end)
