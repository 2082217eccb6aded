-- byte_span: get_TYPE and set_TYPE. Integers go byte by byte, so alignment and the machine's byte
-- order do not matter; floats go through a union.
local import = ...
local errors = import("core.errors")
local native = import("core.native")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local cast, span_pointer = ffi.cast, native.span_pointer
local band = bit.band
local floor, ceil = math.floor, math.ceil
local NAN = 0 / 0
local tonumber, type = tonumber, type
local little_machine = ffi.abi("le")

local float32 = ffi.new("union { float value; uint8_t bytes[4]; uint32_t words[1]; }")
local float64 = ffi.new("union { double value; uint8_t bytes[8]; uint32_t words[2]; }")
local high_word = little_machine and 1 or 0

-- LuaJIT keeps its type tags in the payload of NaNs: one that is loaded from foreign bytes would be
-- a forged value. So it is decided on the bits.
local function is_nan32()
    return band(float32.words[0], 0x7fffffff) > 0x7f800000
end

local function is_nan64()
    local high = band(float64.words[high_word], 0x7fffffff)
    return high > 0x7ff00000 or high == 0x7ff00000 and float64.words[1 - high_word] ~= 0
end

return function(methods)
    local function data_of(self, size)
        if class_name(self) ~= "byte_span" then raise("EINVAL", 1) end
        local s = cast(span_pointer, self)
        if tonumber(s.len) ~= size then raise("EINVAL") end
        return s.data
    end

    local function define_integer(name, size, signed, little)
        local modulus = 2 ^ (8 * size)
        local low = signed and -modulus / 2 or 0
        local high = modulus + low - 1
        local from, to, step = 0, size - 1, 1
        if little then from, to, step = size - 1, 0, -1 end

        methods["get_" .. name] = function(self)
            local data = data_of(self, size)
            local n = 0
            for i = from, to, step do n = n * 256 + data[i] end
            if n > high then n = n - modulus end
            return n
        end

        methods["set_" .. name] = function(self, n)
            local data = data_of(self, size)
            if type(n) ~= "number" then raise("EINVAL", 2) end
            n = n < 0 and ceil(n) or floor(n)
            if not (n >= low and n <= high) then raise("ERANGE") end
            if n < 0 then n = n + modulus end
            for i = to, from, -step do
                local rest = floor(n / 256)
                data[i] = n - rest * 256
                n = rest
            end
        end
    end

    local function define_float(name, size, union, is_nan, little)
        local swap = little ~= little_machine

        methods["get_" .. name] = function(self)
            local data = data_of(self, size)
            for i = 0, size - 1 do union.bytes[swap and size - 1 - i or i] = data[i] end
            if is_nan() then return NAN end
            return tonumber(union.value)
        end

        methods["set_" .. name] = function(self, n)
            local data = data_of(self, size)
            if type(n) ~= "number" then raise("EINVAL", 2) end
            union.value = n
            for i = 0, size - 1 do data[i] = union.bytes[swap and size - 1 - i or i] end
        end
    end

    define_integer("i8", 1, true, true)
    for bits = 16, 48, 8 do
        for suffix, little in pairs({ le = true, be = false }) do
            define_integer("u" .. bits .. suffix, bits / 8, false, little)
            define_integer("i" .. bits .. suffix, bits / 8, true, little)
        end
    end
    for suffix, little in pairs({ le = true, be = false }) do
        define_float("f32" .. suffix, 4, float32, is_nan32, little)
        define_float("f64" .. suffix, 8, float64, is_nan64, little)
    end
end
