-- byte_span: the searching methods. They return an index or nil.
local import = ...
local errors = import("core.errors")
local native = import("core.native")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local cast = ffi.cast
local span_pointer, byte_pointer = native.span_pointer, ffi.typeof("const uint8_t *")
local native_span = native.bind("span", [[
    double find(const void *, const uint8_t *, size_t, size_t);
    double rfind(const void *, const uint8_t *, size_t, size_t); ]])
local native_find, native_rfind = native_span.find, native_span.rfind
local tonumber, type = tonumber, type

local WHITESPACE = " \f\n\r\t\v"

return function(methods, bytes, native_new, native_view)
    local function check_self(self)
        if class_name(self) ~= "byte_span" then raise("EINVAL", 1) end
        return cast(span_pointer, self)
    end

    -- What is sought: pointer and length; nil counts as empty.
    local function operand(x)
        if x == nil then return "", 0 end
        local data, n = bytes(x)
        if not data then raise("EINVAL", 2) end
        return data, n
    end

    local function integer(n) return n < 0 and math.ceil(n) or math.floor(n) end

    -- Bound of a forward search, as an index.
    local function start_of(start, len)
        if start == nil then return 1 end
        if type(start) ~= "number" then raise("EINVAL", 3) end
        start = integer(start)
        if not (start >= 1 and start <= len + 1) then raise("ERANGE") end
        return start
    end

    -- Bound of a backward search, as an index.
    local function end_of(last, len)
        if last == nil then return len end
        if type(last) ~= "number" then raise("EINVAL", 3) end
        last = integer(last)
        if not (last >= 0 and last <= len) then raise("ERANGE") end
        return last
    end

    function methods:starts_with(prefix)
        local s = check_self(self)
        local data, n = bytes(prefix)
        if not data then raise("EINVAL", 2) end
        if n > tonumber(s.len) then return false end
        return ffi.string(s.data, n) == ffi.string(data, n)
    end

    function methods:ends_with(suffix)
        local s = check_self(self)
        local data, n = bytes(suffix)
        if not data then raise("EINVAL", 2) end
        local len = tonumber(s.len)
        if n > len then return false end
        return ffi.string(s.data + (len - n), n) == ffi.string(data, n)
    end

    function methods:find(target, start)
        local s = check_self(self)
        local data, n = operand(target)
        local len = tonumber(s.len)
        start = start_of(start, len)
        if start > len then return nil end
        if n == 0 then return start end
        local at = native_find(s, data, n, start - 1)
        if at >= 0 then return at + 1 end
        return nil
    end

    function methods:rfind(target, last)
        local s = check_self(self)
        local data, n = operand(target)
        last = end_of(last, tonumber(s.len))
        if last == 0 then return nil end
        if n == 0 then return last end
        local at = native_rfind(s, data, n, last - 1)
        if at >= 0 then return at + 1 end
        return nil
    end

    -- A set of bytes as a table of 256 flags.
    local members = ffi.new("uint8_t[256]")

    local function collect(set)
        local data, n = operand(set)
        data = cast(byte_pointer, data)
        ffi.fill(members, 256)
        for i = 0, n - 1 do members[data[i]] = 1 end
    end

    -- First byte at or after `start` whose membership is `wanted`.
    local function forward(self, set, start, wanted)
        local s = check_self(self)
        collect(set)
        local len, data = tonumber(s.len), s.data
        for i = start_of(start, len) - 1, len - 1 do
            if members[data[i]] == wanted then return i + 1 end
        end
        return nil
    end

    local function backward(self, set, last, wanted)
        local s = check_self(self)
        collect(set)
        local data = s.data
        for i = end_of(last, tonumber(s.len)) - 1, 0, -1 do
            if members[data[i]] == wanted then return i + 1 end
        end
        return nil
    end

    function methods:find_first_of(set, start) return forward(self, set, start, 1) end

    function methods:find_first_not_of(set, start) return forward(self, set, start, 0) end

    function methods:find_last_of(set, last) return backward(self, set, last, 1) end

    function methods:find_last_not_of(set, last) return backward(self, set, last, 0) end

    function methods:trimmed(set)
        local s = check_self(self)
        if set == nil then set = WHITESPACE end
        collect(set)
        local data, first, last = s.data, 0, tonumber(s.len) - 1
        while first <= last and members[data[first]] == 1 do first = first + 1 end
        if first > last then return native_new(0, 0) end
        while members[data[last]] == 1 do last = last - 1 end
        return native_view(self, first, last - first + 1, tonumber(s.capacity) - first)
    end
end
