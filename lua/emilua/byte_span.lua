-- byte_span: views of shared memory. A span is a userdata {data, len, capacity} whose payload is read
-- through the FFI, which the JIT compiles; without the JIT that is slower than plain C, but works.
local import = ...
local errors = import("core.errors")
local native = import("core.native")
local ffi = require("ffi")

local cast, copy, fill, ffi_string = ffi.cast, ffi.copy, ffi.fill, ffi.string
local span_pointer = native.span_pointer

local mt = errors.class("byte_span")
local make, native_view = native.span_class(mt)
native.span_view = native_view
local class_name, raise = errors.class_name, errors.raise
local select, tonumber, type = select, tonumber, type
local floor, ceil = math.floor, math.ceil

-- LuaJIT's limit of a userdata.
local MAX = 0x7fffff00

local function native_new(len, capacity)
    if capacity > MAX then raise("ENOMEM") end
    return make(len, capacity)
end

local methods = {}

local function is_span(x) return class_name(x) == "byte_span" end

-- Numbers are truncated to integers.
local function truncate(n) return n < 0 and ceil(n) or floor(n) end

local function new(len, capacity)
    if type(len) ~= "number" then raise("EINVAL") end
    if capacity == nil then capacity = len end
    if type(capacity) ~= "number" then raise("EINVAL") end
    len, capacity = truncate(len), truncate(capacity)
    -- Also false for NaN.
    if not (len >= 0 and len <= capacity) then raise("EINVAL") end
    return native_new(len, capacity)
end

-- Blocks are zeroed in any case.
local byte_span = { new = new, with_zeros = new }

local function length_of(x)
    if type(x) == "string" then return #x end
    return tonumber(cast(span_pointer, x).len)
end

-- Pointer and length of a string or span; of nothing for other values.
local function bytes(x)
    if type(x) == "string" then return x, #x end
    if is_span(x) then
        local s = cast(span_pointer, x)
        return s.data, tonumber(s.len)
    end
end

-- Length of all arguments; raises for the first of another type, counted from `first`.
local function total_length(first, ...)
    local total = 0
    for i = 1, select("#", ...) do
        local x = (select(i, ...))
        if type(x) == "string" or is_span(x) then
            total = total + length_of(x)
        elseif x ~= nil then
            raise("EINVAL", first + i - 1)
        end
    end
    return total
end

-- Writes the arguments one after the other to `data`.
local function write(data, ...)
    local at = 0
    for i = 1, select("#", ...) do
        local x = (select(i, ...))
        if x ~= nil then
            local source, n = bytes(x)
            copy(data + at, source, n)
            at = at + n
        end
    end
end

function byte_span.append(...)
    local total = total_length(1, ...)
    local result = native_new(total, total)
    write(cast(span_pointer, result).data, ...)
    return result
end

function methods:append(...)
    if not is_span(self) then raise("EINVAL", 1) end
    if select("#", ...) == 0 then return self end
    local s = cast(span_pointer, self)
    local len, capacity = tonumber(s.len), tonumber(s.capacity)
    local added = total_length(2, ...)
    local total = len + added
    if total == 0 then return native_new(0, 0) end
    if total > capacity then
        local result = native_new(total, total)
        local data = cast(span_pointer, result).data
        copy(data, s.data, len)
        write(data + len, ...)
        return result
    end
    -- All arguments are read before anything is written: they may view the bytes behind the end.
    local joined = native_new(added, added)
    local data = cast(span_pointer, joined).data
    write(data, ...)
    copy(s.data + len, data, added)
    return native_view(self, 0, total, capacity)
end

function methods:slice(first, last)
    if not is_span(self) then raise("EINVAL", 1) end
    local s = cast(span_pointer, self)
    if first == nil then
        first = 1
    elseif type(first) ~= "number" then
        raise("EINVAL", 2)
    end
    if last == nil then
        last = tonumber(s.len)
    elseif type(last) ~= "number" then
        raise("EINVAL", 3)
    end
    first, last = truncate(first), truncate(last)
    local capacity = tonumber(s.capacity)
    if not (first >= 1 and first - 1 <= last and last <= capacity) then raise("ERANGE") end
    -- In parentheses: a tail call of a C function would end the trace of the caller.
    return (native_view(self, first - 1, last - first + 1, capacity - first + 1))
end
methods.sub = methods.slice

function methods:first(n)
    if not is_span(self) then raise("EINVAL", 1) end
    if type(n) ~= "number" then raise("EINVAL", 2) end
    local s = cast(span_pointer, self)
    n = truncate(n)
    if not (n >= 0 and n <= tonumber(s.len)) then raise("ERANGE") end
    return (native_view(self, 0, n, tonumber(s.capacity)))
end

function methods:last(n)
    if not is_span(self) then raise("EINVAL", 1) end
    if type(n) ~= "number" then raise("EINVAL", 2) end
    local s = cast(span_pointer, self)
    local len = tonumber(s.len)
    n = truncate(n)
    if not (n >= 0 and n <= len) then raise("ERANGE") end
    return (native_view(self, len - n, n, tonumber(s.capacity) - (len - n)))
end

function methods:copy(source)
    if not is_span(self) then raise("EINVAL", 1) end
    local data, n = bytes(source)
    if not data then raise("EINVAL", 2) end
    local s = cast(span_pointer, self)
    local len = tonumber(s.len)
    if n > len then n = len end
    if type(source) == "string" or data >= s.data + n or s.data >= data + n then
        copy(s.data, data, n)
    elseif data > s.data then
        local to = s.data
        for i = 0, n - 1 do to[i] = data[i] end
    elseif data < s.data then
        local to = s.data
        for i = n - 1, 0, -1 do to[i] = data[i] end
    end
    return n
end

local function check_byte(value, arg)
    if type(value) ~= "number" then raise("EINVAL", arg) end
    value = truncate(value)
    if not (value >= 0 and value <= 255) then raise("ERANGE") end
    return value
end

function methods:fill(byte)
    if not is_span(self) then raise("EINVAL", 1) end
    byte = check_byte(byte, 2)
    local s = cast(span_pointer, self)
    fill(s.data, s.len, byte)
    return self
end

-- Changes the ASCII letters from `first` to `last` by `by`.
local function shift_letters(self, first, last, by)
    if not is_span(self) then raise("EINVAL", 1) end
    local s = cast(span_pointer, self)
    local data = s.data
    for i = 0, tonumber(s.len) - 1 do
        local b = data[i]
        if b >= first and b <= last then data[i] = b + by end
    end
    return self
end

function methods:inplace_lower() return shift_letters(self, 65, 90, 32) end

function methods:inplace_upper() return shift_letters(self, 97, 122, -32) end

-- Searches and numbers are parsed when a method is first asked for that is not here.
local load_more
function load_more()
    load_more = nil
    import("byte_span.search")(methods, bytes, native_new, native_view)
    import("byte_span.numbers")(methods)
end

function mt.__index(self, key)
    if type(key) == "number" then
        local s = cast(span_pointer, self)
        local i = key - 1
        if i >= 0 and i < tonumber(s.len) then return s.data[i] end
        raise("ERANGE")
    end
    local method = methods[key]
    if method then return method end
    if key == "capacity" then return tonumber(cast(span_pointer, self).capacity) end
    if load_more then
        load_more()
        return mt.__index(self, key)
    end
    errors.bad_index()
end

function mt.__newindex(self, key, value)
    if type(key) ~= "number" then raise("EPERM") end
    if type(value) ~= "number" then raise("EINVAL", 3) end
    local s = cast(span_pointer, self)
    local i = key - 1
    if not (i >= 0 and i < tonumber(s.len) and value > -1 and value < 256) then raise("ERANGE") end
    s.data[i] = value
end

function mt.__len(self) return tonumber(cast(span_pointer, self).len) end

function mt.__eq(a, b)
    local s, t = cast(span_pointer, a), cast(span_pointer, b)
    local n = tonumber(s.len)
    return n == tonumber(t.len) and ffi_string(s.data, n) == ffi_string(t.data, n)
end

function mt.__tostring(self)
    local s = cast(span_pointer, self)
    return ffi_string(s.data, s.len)
end

return byte_span
