local emilua = require "emilua"
local helper = require "spec.helper"

local byte_span = emilua.byte_span

helper.install()

local function span(text)
    return byte_span.append(text)
end

-- Asserts contents, length and capacity at once.
local function check(bs, text, capacity)
    assert.equal(text, tostring(bs))
    assert.equal(#text, #bs)
    assert.equal(capacity or #text, bs.capacity)
end

describe("module emilua.byte_span", function()
    it("gives the byte_span table", function()
        assert.is_true(rawequal(byte_span, require "emilua.byte_span"))
    end)

    it("is a plain table: an unknown field is nil", function()
        assert.is_nil(byte_span.no_such_field)
    end)

    it("has no slice, copy and so on: they exist as methods only", function()
        for _, name in ipairs{"slice", "sub", "first", "last", "trimmed", "copy", "fill", "find", "capacity"} do
            assert.is_nil(byte_span[name])
        end
    end)

    it("has no neighbour emilua.file_descriptor", function()
        assert.is_false((pcall(require, "emilua.file_descriptor")))
    end)
end)

describe("byte_span.new", function()
    it("returns a span of that length, whose capacity is the length by default", function()
        for _, length in ipairs{0, 1, 2, 4096, 1048576} do
            local bs = byte_span.new(length)
            assert.equal("byte_span", getmetatable(bs))
            assert.equal("byte_span", emilua.type(bs))
            assert.equal(length, #bs)
            assert.equal(length, bs.capacity)
        end
    end)

    it("takes a capacity", function()
        local bs = byte_span.new(1, 3)
        assert.equal(1, #bs)
        assert.equal(3, bs.capacity)
        bs = byte_span.new(0, 8)
        assert.equal(0, #bs)
        assert.equal(8, bs.capacity)
    end)

    it("raises EINVAL for an argument that is not a number; strings are not converted", function()
        helper.EINVAL(function() byte_span.new() end)
        for _, value in ipairs{"1", true, {}, byte_span.new(1)} do
            helper.EINVAL(function() byte_span.new(value) end)
            helper.EINVAL(function() byte_span.new(1, value) end)
        end
    end)

    it("raises EINVAL for a negative argument", function()
        helper.EINVAL(function() byte_span.new(-1) end)
        helper.EINVAL(function() byte_span.new(-1, 1) end)
        helper.EINVAL(function() byte_span.new(0, -1) end)
    end)

    it("raises EINVAL if the length is above the capacity", function()
        helper.EINVAL(function() byte_span.new(2, 1) end)
        helper.EINVAL(function() byte_span.new(1, 0) end)
    end)

    it("truncates numbers to integers", function()
        local bs = byte_span.new(1.9, 3.9)
        assert.equal(1, #bs)
        assert.equal(3, bs.capacity)
    end)
end)

describe("byte_span.with_zeros", function()
    it("returns a span whose whole capacity is zeroed", function()
        check(byte_span.with_zeros(0), "")
        check(byte_span.with_zeros(3), "\0\0\0")
        local bs = byte_span.with_zeros(2, 5)
        check(bs, "\0\0", 5)
        check(bs:slice(1, 5), "\0\0\0\0\0")
    end)

    it("raises the errors of new", function()
        helper.EINVAL(function() byte_span.with_zeros() end)
        helper.EINVAL(function() byte_span.with_zeros("1") end)
        helper.EINVAL(function() byte_span.with_zeros(1, "1") end)
        helper.EINVAL(function() byte_span.with_zeros(-1) end)
        helper.EINVAL(function() byte_span.with_zeros(0, -1) end)
        helper.EINVAL(function() byte_span.with_zeros(2, 1) end)
    end)
end)

describe("byte_span.append", function()
    it("concatenates spans, strings and nils into new memory", function()
        local bs = span("bc")
        local all = byte_span.append("a", bs, nil, "\0d", nil)
        check(all, "abc\0d")
        bs[1] = 120
        check(all, "abc\0d")
    end)

    it("copies a span that comes after nil", function()
        local bs = span("abc")
        local copy = byte_span.append(nil, bs)
        check(copy, "abc")
        copy[1] = 120
        check(bs, "abc")
    end)

    it("counts the length of a span, not its capacity", function()
        check(byte_span.append(byte_span.with_zeros(1, 10), "x"), "\0x")
    end)

    it("without arguments or with total 0 gives length 0 and capacity 0", function()
        check(byte_span.append(), "", 0)
        check(byte_span.append(nil), "", 0)
        check(byte_span.append("", nil, byte_span.new(0, 4)), "", 0)
    end)

    it("raises EINVAL for another type", function()
        for _, value in ipairs{1, true, {}, print} do
            helper.EINVAL(function() byte_span.append(value) end, 1)
            helper.EINVAL(function() byte_span.append("a", nil, value) end, 3)
        end
    end)
end)

describe("byte_span:append", function()
    it("without any argument returns the span itself", function()
        local bs = span("abc")
        assert.is_true(rawequal(bs, bs:append()))
    end)

    it("with total 0 returns a new empty span of capacity 0", function()
        local bs = byte_span.new(0, 4)
        local empty = bs:append(nil)
        assert.is_false(rawequal(bs, empty))
        check(empty, "", 0)
        check(bs:append(""), "", 0)
    end)

    it("within the capacity writes in place after the length", function()
        local block = byte_span.with_zeros(8)
        local bs = block:slice(1, 2)
        local longer = bs:append("ab", span("c"), nil)
        check(longer, "\0\0abc", 8)
        check(bs, "\0\0", 8)
        check(block, "\0\0abc\0\0\0")
        longer[1] = 65
        assert.equal(65, bs[1])
    end)

    it("within the capacity overwrites the tail that other views share", function()
        local block = span("abcdef")
        local bs = block:slice(1, 3)
        check(bs:append("XY"), "abcXY", 6)
        check(block, "abcXYf")
    end)

    it("up to exactly the capacity still writes in place", function()
        local bs = byte_span.with_zeros(1, 3)
        local full = bs:append("ab")
        check(full, "\0ab", 3)
        full[1] = 7
        assert.equal(7, bs[1])
    end)

    it("beyond the capacity takes new memory", function()
        local bs = span("abc")
        local longer = bs:append("d")
        assert.equal("abcd", tostring(longer))
        assert.is_true(longer.capacity >= 4)
        longer[1] = 120
        check(bs, "abc")
    end)

    it("takes the span itself as an argument", function()
        local bs = span("abc")
        assert.equal("abc abc abc", tostring(bs:append(" ", bs, " ", bs)))
    end)

    it("reads all arguments before writing", function()
        local block = span("abcdefgh")
        local bs = block:slice(1, 2)
        check(bs:append(block:slice(2, 4), block:slice(3, 5)), "abbcdcde", 8)
    end)

    it("keeps the capacity of a slice in the middle of a block", function()
        local bs = byte_span.with_zeros(8):slice(3, 4)
        assert.equal(6, bs.capacity)
        check(bs:append("xyzw"), "\0\0xyzw", 6)
    end)

    it("raises EINVAL for another type, and writes nothing", function()
        local bs = byte_span.with_zeros(0, 8)
        for _, value in ipairs{1, true, {}} do
            helper.EINVAL(function() bs:append(value) end, 2)
            helper.EINVAL(function() bs:append("ab", nil, value) end, 4)
        end
        check(bs:slice(1, 8), ("\0"):rep(8))
    end)
end)

for _, name in ipairs{"slice", "sub"} do
    describe("byte_span:" .. name, function()
        it("is the same function under both names", function()
            local bs = byte_span.new(1)
            assert.is_true(rawequal(bs.slice, bs.sub))
        end)

        it("returns the bytes start..end of the same memory", function()
            local bs = span("abcdef")
            local part = bs[name](bs, 2, 4)
            check(part, "bcd", 5)
            part[1] = 88
            assert.equal("aXcdef", tostring(bs))
            bs[3] = 89
            assert.equal("XYd", tostring(part))
        end)

        it("defaults to the whole length", function()
            local bs = byte_span.with_zeros(3, 5)
            local whole = bs[name](bs)
            assert.equal(3, #whole)
            assert.equal(5, whole.capacity)
            local rest = bs[name](bs, 2)
            assert.equal(2, #rest)
            assert.equal(4, rest.capacity)
        end)

        it("beyond the length up to the capacity grows the view", function()
            local bs = byte_span.with_zeros(1, 4)
            check(bs[name](bs, 1, 4), "\0\0\0\0", 4)
            check(bs[name](bs, 3, 4), "\0\0", 2)
            check(bs[name](bs, 2, 2), "\0", 3)
        end)

        it("(i, i - 1) is a legal empty view that keeps its capacity", function()
            local bs = span("abcd")
            for i = 1, 4 do check(bs[name](bs, i, i - 1), "", 5 - i) end
            check(bs[name](bs, 3, 2):append("X"), "X", 2)
            assert.equal("abXd", tostring(bs))
        end)

        it("whose capacity is 0 is the empty span", function()
            local bs = span("abcd")
            check(bs[name](bs, 5, 4), "", 0)
            check(bs[name](bs, 5), "", 0)
            check(byte_span.new(0):slice(), "", 0)
        end)

        it("raises ERANGE if start < 1", function()
            local bs = byte_span.new(1, 3)
            helper.ERANGE(function() bs[name](bs, 0) end)
            helper.ERANGE(function() bs[name](bs, -1) end)
            helper.ERANGE(function() bs[name](bs, 0, 0) end)
        end)

        it("raises ERANGE if start - 1 > end", function()
            local bs = byte_span.new(1, 3)
            helper.ERANGE(function() bs[name](bs, 3) end)
            helper.ERANGE(function() bs[name](bs, 3, 1) end)
            helper.ERANGE(function() bs[name](bs, 1, -1) end)
        end)

        it("raises ERANGE if end > capacity", function()
            local bs = byte_span.new(1, 3)
            helper.ERANGE(function() bs[name](bs, 1, 4) end)
            helper.ERANGE(function() bs[name](bs, 2):slice(1, 3) end)
            helper.ERANGE(function() bs[name](bs, 5, 4) end)
            helper.ERANGE(function() bs[name](bs, 2 ^ 31, 2 ^ 31) end)
            helper.ERANGE(function() bs[name](bs, 1, 2 ^ 53) end)
            helper.ERANGE(function() bs[name](bs, 1, math.huge) end)
        end)

        it("raises EINVAL for something else than a number", function()
            local bs = byte_span.new(3)
            for _, value in ipairs{"1", true, {}} do
                helper.EINVAL(function() bs[name](bs, value) end, 2)
                helper.EINVAL(function() bs[name](bs, 1, value) end, 3)
            end
        end)

        it("truncates numbers to integers", function()
            local bs = span("abcdef")
            check(bs[name](bs, 2.9, 4.9), "bcd", 5)
        end)

        it("keeps the memory alive", function()
            local part = (function() return span(("x"):rep(1000)):slice(400, 499) end)()
            collectgarbage()
            collectgarbage()
            assert.equal(("x"):rep(100), tostring(part))
        end)
    end)
end

describe("byte_span:first", function()
    it("returns a view of the first n bytes", function()
        local bs = span("abcd")
        check(bs:first(0), "", 4)
        check(bs:first(3), "abc", 4)
        check(bs:first(4), "abcd", 4)
        bs:first(1)[1] = 88
        assert.equal("Xbcd", tostring(bs))
    end)

    it("raises ERANGE if n > #bs, whatever the capacity", function()
        local bs = byte_span.new(2, 8)
        helper.ERANGE(function() bs:first(3) end)
        helper.ERANGE(function() bs:first(-1) end)
    end)

    it("raises EINVAL for something else than a number", function()
        helper.EINVAL(function() byte_span.new(2):first("1") end, 2)
        helper.EINVAL(function() byte_span.new(2):first() end, 2)
    end)
end)

describe("byte_span:last", function()
    it("returns a view of the last n bytes", function()
        local bs = byte_span.new(0, 6):append("abcd")
        assert.equal("", tostring(bs:last(0)))
        assert.equal("cd", tostring(bs:last(2)))
        assert.equal("abcd", tostring(bs:last(4)))
        bs:last(1)[1] = 88
        assert.equal("abcX", tostring(bs))
    end)

    it("raises ERANGE if n > #bs, whatever the capacity", function()
        local bs = byte_span.new(2, 8)
        helper.ERANGE(function() bs:last(3) end)
        helper.ERANGE(function() bs:last(-1) end)
    end)

    it("raises EINVAL for something else than a number", function()
        helper.EINVAL(function() byte_span.new(2):last("1") end, 2)
        helper.EINVAL(function() byte_span.new(2):last() end, 2)
    end)
end)

describe("byte_span:inplace_lower and inplace_upper", function()
    local every_byte = {}
    for i = 0, 255 do every_byte[#every_byte + 1] = string.char(i) end
    every_byte = table.concat(every_byte)

    it("change ASCII letters only", function()
        local lower = every_byte:gsub("[A-Z]", function(c) return string.char(c:byte() + 32) end)
        local upper = every_byte:gsub("[a-z]", function(c) return string.char(c:byte() - 32) end)
        assert.equal(lower, tostring(span(every_byte):inplace_lower()))
        assert.equal(upper, tostring(span(every_byte):inplace_upper()))
    end)

    it("change in place and return the span", function()
        local bs = span("xAbCx")
        local part = bs:slice(2, 4)
        assert.is_true(rawequal(part, part:inplace_lower()))
        assert.equal("xabcx", tostring(bs))
        assert.is_true(rawequal(part, part:inplace_upper()))
        assert.equal("xABCx", tostring(bs))
    end)

    it("count the length, not the capacity", function()
        local bs = span("abcd")
        bs:first(2):inplace_upper()
        assert.equal("ABcd", tostring(bs))
        byte_span.new(0):inplace_upper()
    end)
end)

describe("byte_span:trimmed", function()
    it("cuts leading and trailing blanks by default", function()
        check(span(" \f\n\r\t\vab c\v\t\r\n\f "):trimmed(), "ab c", 10)
        check(span("abc"):trimmed(), "abc", 3)
    end)

    it("cuts the bytes of lws, a string or a span", function()
        check(span("xyabyx"):trimmed("xy"), "ab", 4)
        check(span("xyabyx"):trimmed(span("yx")), "ab", 4)
        check(span(" a "):trimmed("x"), " a ", 3)
        check(span("\0a\0"):trimmed("\0"), "a", 2)
        check(span(" a "):trimmed(""), " a ", 3)
    end)

    it("is a view whose capacity is reduced by the bytes cut in front", function()
        local bs = byte_span.new(0, 10):append("  ab  ")
        local cut = bs:trimmed()
        check(cut, "ab", 8)
        cut[1] = 88
        assert.equal("  Xb  ", tostring(bs))
    end)

    it("gives a new empty span of capacity 0 if everything is cut", function()
        check(span("  \t "):trimmed(), "", 0)
    end)

    it("raises EINVAL for another type", function()
        for _, lws in ipairs{1, true, {}} do
            helper.EINVAL(function() span("a"):trimmed(lws) end, 2)
        end
    end)
end)

describe("byte_span:copy", function()
    it("copies min(#src, #bs) bytes to the front and returns their number", function()
        local bs = span("abcdef")
        assert.equal(2, bs:copy("XY"))
        assert.equal("XYcdef", tostring(bs))
        assert.equal(6, bs:copy("1234567890"))
        assert.equal("123456", tostring(bs))
        assert.equal(3, bs:copy(span("789")))
        assert.equal("789456", tostring(bs))
        assert.equal(0, bs:copy(""))
        assert.equal(0, byte_span.new(0):copy("abc"))
    end)

    it("counts the length, not the capacity", function()
        local block = span("abcdef")
        assert.equal(2, block:slice(1, 2):copy("XYZ"))
        assert.equal("XYcdef", tostring(block))
        assert.equal(1, block:copy(byte_span.with_zeros(1, 8)))
    end)

    it("is safe for overlapping views, in both directions", function()
        local bs = span("abcdef")
        assert.equal(4, bs:slice(3, 6):copy(bs:slice(1, 4)))
        assert.equal("ababcd", tostring(bs))
        bs = span("abcdef")
        assert.equal(4, bs:slice(1, 4):copy(bs:slice(3, 6)))
        assert.equal("cdefef", tostring(bs))
    end)

    it("raises EINVAL if src is neither a string nor a span", function()
        helper.EINVAL(function() byte_span.new(1):copy() end, 2)
        for _, src in ipairs{1, true, {}} do
            helper.EINVAL(function() byte_span.new(1):copy(src) end, 2)
        end
    end)
end)

describe("byte_span:fill", function()
    it("sets all bytes of the length and returns the span", function()
        local block = span("abcdef")
        local bs = block:slice(2, 4)
        assert.is_true(rawequal(bs, bs:fill(120)))
        assert.equal("axxxef", tostring(block))
        assert.equal("\0\0\0", tostring(bs:fill(0)))
        assert.equal("\255\255\255", tostring(bs:fill(255)))
        assert.equal(0, #byte_span.new(0, 2):fill(1))
    end)

    it("raises the errors of bs[i] = v", function()
        local bs = span("abc")
        helper.ERANGE(function() bs:fill(256) end)
        helper.ERANGE(function() bs:fill(-1) end)
        for _, value in ipairs{"x", true, {}} do
            local ok, e = pcall(bs.fill, bs, value)
            assert.is_false(ok)
            assert.equal(helper.errno.EINVAL, e.code)
        end
        assert.equal("abc", tostring(bs))
    end)
end)
