local emilua = require "emilua"
local helper = require "spec.helper"

local byte_span = emilua.byte_span

helper.install()

-- `bytes` holds a number's bytes from the most significant one on.
local function in_order(bytes, order)
    return order == "le" and bytes:reverse() or bytes
end

local function get(type_name, bytes)
    local bs = byte_span.append(bytes)
    return bs["get_" .. type_name](bs)
end

local function set(type_name, size, value)
    local bs = byte_span.with_zeros(size)
    assert.equal(0, select("#", bs["set_" .. type_name](bs, value)))
    return tostring(bs)
end

-- The `size` bytes of an integer in two's complement, the most significant one first.
local function bytes_of(value, size)
    if value < 0 then value = value + 256 ^ size end
    local bytes = {}
    for i = size, 1, -1 do
        bytes[i] = string.char(value % 256)
        value = math.floor(value / 256)
    end
    return table.concat(bytes)
end

local INTEGERS = {}
for size = 2, 6 do
    for _, order in ipairs{"be", "le"} do
        INTEGERS[#INTEGERS + 1] = {
            name = "u" .. 8 * size .. order, size = size, order = order, min = 0, max = 256 ^ size - 1,
        }
        INTEGERS[#INTEGERS + 1] = {
            name = "i" .. 8 * size .. order, size = size, order = order, min = -256 ^ size / 2,
            max = 256 ^ size / 2 - 1,
        }
    end
end
INTEGERS[#INTEGERS + 1] = {name = "i8", size = 1, min = -128, max = 127}

local FLOATS = {
    {name = "f32", size = 4, values = {
        [0] = "\0\0\0\0", [1] = "\63\128\0\0", [-2] = "\192\0\0\0", [0.15625] = "\62\32\0\0",
        [math.huge] = "\127\128\0\0", [-math.huge] = "\255\128\0\0", [2 ^ -149] = "\0\0\0\1",
        [16777215] = "\75\127\255\255",
    }},
    {name = "f64", size = 8, values = {
        [0] = "\0\0\0\0\0\0\0\0", [1] = "\63\240\0\0\0\0\0\0", [-2] = "\192\0\0\0\0\0\0\0",
        [0.1] = "\63\185\153\153\153\153\153\154", [math.huge] = "\127\240\0\0\0\0\0\0",
        [-math.huge] = "\255\240\0\0\0\0\0\0", [2 ^ -1074] = "\0\0\0\0\0\0\0\1",
        [2 ^ 53 - 1] = "\67\63\255\255\255\255\255\255",
    }},
}

for _, integer in ipairs(INTEGERS) do
    local name, size, order = integer.name, integer.size, integer.order

    describe("byte_span:get_" .. name .. " and set_" .. name, function()
        it("convert between a number and " .. size .. " bytes", function()
            local values = {0, 1, 2, 100, integer.max, integer.max - 1, integer.min, integer.min + 1}
            for bit = 0, 8 * size - 2 do values[#values + 1] = 2 ^ bit end
            if integer.min < 0 then
                for bit = 0, 8 * size - 2 do values[#values + 1] = -2 ^ bit end
            end
            for _, value in ipairs(values) do
                local bytes = in_order(bytes_of(value, size), order)
                assert.equal(bytes, set(name, size, value))
                assert.equal(value, get(name, bytes))
            end
        end)

        if size > 1 then
            it("use the byte order of their suffix", function()
                local bytes = ("\1\2\3\4\5\6"):sub(1, size)
                local value = 0
                for i = 1, size do value = value * 256 + i end
                assert.equal(value, get(name, in_order(bytes, order)))
            end)
        end

        it("have no alignment requirement", function()
            local block = byte_span.with_zeros(size + 8)
            for start = 1, 8 do
                local bs = block:slice(start, start + size - 1)
                bs["set_" .. name](bs, 77)
                assert.equal(77, bs["get_" .. name](bs))
            end
        end)

        it("touch no other byte", function()
            local block = byte_span.append(("x"):rep(size + 2))
            local bs = block:slice(2, size + 1)
            bs["set_" .. name](bs, 0)
            assert.equal("x" .. ("\0"):rep(size) .. "x", tostring(block))
        end)

        it("raise EINVAL unless the length is exactly " .. size, function()
            for _, length in ipairs{0, size - 1, size + 1, 2 * size} do
                if length ~= size then
                    local bs = byte_span.with_zeros(length, 2 * size + 1)
                    helper.EINVAL(function() return bs["get_" .. name](bs) end)
                    helper.EINVAL(function() bs["set_" .. name](bs, 0) end)
                end
            end
            local bs = byte_span.with_zeros(size, 2 * size)
            assert.equal(0, bs["get_" .. name](bs))
        end)

        it("raise ERANGE for a value out of range, and write nothing", function()
            local bs = byte_span.with_zeros(size)
            for _, value in ipairs{integer.min - 1, integer.max + 1, 2 ^ 63, -2 ^ 63, math.huge, -math.huge} do
                helper.ERANGE(function() bs["set_" .. name](bs, value) end)
            end
            assert.equal(("\0"):rep(size), tostring(bs))
        end)

        it("raise EINVAL for something else than a number", function()
            local bs = byte_span.new(size)
            for _, value in ipairs{"1", true, {}} do
                helper.EINVAL(function() bs["set_" .. name](bs, value) end, 2)
            end
            helper.EINVAL(function() bs["set_" .. name](bs) end, 2)
        end)
    end)
end

for _, float in ipairs(FLOATS) do
    for _, order in ipairs{"be", "le"} do
        local name, size = float.name .. order, float.size

        describe("byte_span:get_" .. name .. " and set_" .. name, function()
            it("convert between a number and its IEEE 754 bytes", function()
                for value, bytes in pairs(float.values) do
                    assert.equal(in_order(bytes, order), set(name, size, value))
                    assert.equal(value, get(name, in_order(bytes, order)))
                end
            end)

            it("keep NaN and the sign of zero", function()
                local nan = get(name, set(name, size, 0 / 0))
                assert.is_true(nan ~= nan)
                local negative_zero = "\128" .. ("\0"):rep(size - 1)
                assert.equal(in_order(negative_zero, order), set(name, size, -1 / math.huge))
                assert.equal(-math.huge, 1 / get(name, in_order(negative_zero, order)))
            end)

            it("have no alignment requirement", function()
                local block = byte_span.with_zeros(size + 8)
                for start = 1, 8 do
                    local bs = block:slice(start, start + size - 1)
                    bs["set_" .. name](bs, 0.5)
                    assert.equal(0.5, bs["get_" .. name](bs))
                end
            end)

            it("raise EINVAL unless the length is exactly " .. size, function()
                for _, length in ipairs{0, size - 1, size + 1} do
                    local bs = byte_span.with_zeros(length, size + 1)
                    helper.EINVAL(function() return bs["get_" .. name](bs) end)
                    helper.EINVAL(function() bs["set_" .. name](bs, 0) end)
                end
            end)

            it("raise EINVAL for something else than a number", function()
                local bs = byte_span.new(size)
                for _, value in ipairs{"1", true, {}} do
                    helper.EINVAL(function() bs["set_" .. name](bs, value) end, 2)
                end
                helper.EINVAL(function() bs["set_" .. name](bs) end, 2)
            end)
        end)
    end
end

describe("byte_span:get_f32be", function()
    it("rounds to single precision on set", function()
        local rounded = get("f32be", set("f32be", 4, 0.1))
        assert.is_true(rounded ~= 0.1)
        assert.is_true(math.abs(rounded - 0.1) < 1e-8)
    end)
end)

describe("types that do not exist", function()
    it("raise bad_index: u8, and everything above 48 bits", function()
        local bs = byte_span.new(8)
        for _, name in ipairs{
            "u8", "u8be", "u8le", "i8be", "i8le", "u16", "i16", "f32", "f64", "u56be", "i56le", "u64be", "u64le",
            "i64be", "i64le",
        } do
            helper.bad_index(function() return bs["get_" .. name] end)
            helper.bad_index(function() return bs["set_" .. name] end)
        end
    end)
end)
