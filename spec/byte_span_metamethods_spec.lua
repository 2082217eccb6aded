local emilua = require "emilua"
local helper = require "spec.helper"

local byte_span = emilua.byte_span

helper.install()

local function span(text)
    return byte_span.append(text)
end

describe("the metamethods of byte_span", function()
    it("#bs is the length", function()
        assert.equal(2, #byte_span.new(2, 7))
    end)

    it("bs[i] is a byte value", function()
        local bs = span("\0a\255")
        assert.equal(0, bs[1])
        assert.equal(97, bs[2])
        assert.equal(255, bs[3])
    end)

    it("bs[i] raises ERANGE outside 1..#bs", function()
        local bs = byte_span.new(2, 5)
        for _, i in ipairs{0, -1, 3, 5, 2 ^ 31, 2 ^ 32 + 1, 2 ^ 53, math.huge, -math.huge} do
            helper.ERANGE(function() return bs[i] end)
        end
    end)

    it("bs[key] raises bad_index for another unknown key", function()
        local bs = byte_span.new(2)
        helper.bad_index(function() return bs.no_such_field end)
        helper.bad_index(function() return bs[true] end)
        helper.bad_index(function() return bs[{}] end)
        helper.bad_index(function() return bs["1"] end)
    end)

    it("bs[i] = v sets a byte", function()
        local bs = byte_span.with_zeros(3)
        bs[1], bs[2], bs[3] = 255, 1, 0
        assert.equal("\255\1\0", tostring(bs))
    end)

    it("bs[key] = v raises EPERM if the key is not a number", function()
        local bs = byte_span.new(2)
        helper.EPERM(function() bs.field = 1 end)
        helper.EPERM(function() bs.capacity = 1 end)
        helper.EPERM(function() bs[true] = 1 end)
        helper.EPERM(function() bs["1"] = 1 end)
        helper.EPERM(function() bs.field = "not a number" end)
    end)

    it("bs[i] = v raises EINVAL if v is not a number", function()
        local bs = byte_span.new(2)
        for _, value in ipairs{"1", true, {}} do
            helper.EINVAL(function() bs[1] = value end, 3)
        end
        helper.EINVAL(function() bs[1] = nil end, 3)
        helper.EINVAL(function() bs[9] = "1" end, 3)
    end)

    it("bs[i] = v raises ERANGE for i outside 1..#bs or v outside 0..255", function()
        local bs = byte_span.with_zeros(2, 5)
        for _, i in ipairs{0, -1, 3, 5, 2 ^ 32 + 1, math.huge} do
            helper.ERANGE(function() bs[i] = 1 end)
        end
        for _, v in ipairs{-1, 256, 2 ^ 32, math.huge, -math.huge} do
            helper.ERANGE(function() bs[1] = v end)
        end
        assert.equal("\0\0\0\0\0", tostring(bs:slice(1, 5)))
    end)

    it("truncate numbers to integers", function()
        local bs = span("ab")
        assert.equal(97, bs[1.9])
        bs[2.5] = 99.9
        assert.equal("ac", tostring(bs))
        helper.ERANGE(function() return bs[0.9] end)
    end)

    it("bs1 == bs2 means the same bytes; length counts, capacity does not", function()
        assert.is_true(span("abc") == span("abc"))
        assert.is_true(span("abc") == byte_span.new(0, 9):append("abc"))
        assert.is_false(span("abc") == span("abd"))
        assert.is_false(span("abc") == span("ab"))
        assert.is_true(byte_span.new(0) == byte_span.new(0, 5))
        assert.is_true(span("xabc"):slice(2) == span("abcx"):slice(1, 3))
    end)

    it("a span never equals a string", function()
        assert.is_false(span("abc") == "abc")
    end)

    it("tostring gives the bytes as a Lua string", function()
        assert.equal("a\0b\255", tostring(span("a\0b\255")))
        assert.equal("", tostring(byte_span.new(0)))
    end)

    it("views of one memory see each other's writes", function()
        local bs = byte_span.with_zeros(4)
        local a, b = bs:slice(1, 3), bs:slice(2)
        a[2] = 5
        assert.equal(5, b[1])
        b[2] = 6
        assert.equal(6, a[3])
        assert.equal("\0\5\6\0", tostring(bs))
    end)
end)

describe("a method called with a wrong self", function()
    it("raises EINVAL", function()
        local bs = span("abc")
        for _, name in ipairs{
            "append", "slice", "sub", "first", "last", "inplace_lower", "inplace_upper", "trimmed", "copy", "fill",
            "starts_with", "ends_with", "find", "rfind", "find_first_of", "find_last_of", "find_first_not_of",
            "find_last_not_of", "get_u16be", "set_u16be", "get_f64le", "set_f64le",
        } do
            local method = bs[name]
            helper.EINVAL(function() method({}, 1) end, 1)
            helper.EINVAL(function() method(emilua, 1) end, 1)
            helper.EINVAL(function() method(true, 1) end, 1)
        end
    end)
end)
