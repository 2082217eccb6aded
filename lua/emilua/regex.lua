-- regex: patterns of three grammars on strings and byte spans. src/regex finds bounds, this half makes values of them.
local import = ...
local byte_span = import("byte_span")
local errors = import("core.errors")
local native = import("core.native")
local ffi = require("ffi")

local raise = errors.raise
local cast, ffi_string, new_cdata = ffi.cast, ffi.string, ffi.new
local span_pointer, byte_pointer = native.span_pointer, ffi.typeof("const uint8_t *")
local span_view, span_views = native.span_view, native.span_views
local error, getmetatable, setmetatable, tonumber = error, getmetatable, setmetatable, tonumber
local type, unpack = type, unpack

local report_type = ffi.typeof("struct { int32_t code, at, groups; }")
local progress_type = ffi.typeof("struct { int32_t at, started, done, empty; }")
local report = ffi.typeof("$ * /* report */", report_type)
local progress = ffi.typeof("$ * /* progress */", progress_type)
local engine = native.bind("regex", [[
    void *new(const uint8_t *, size_t, int32_t, int32_t, $);
    void free(void *);
    int32_t find(void *, const uint8_t *, size_t, int32_t, int32_t *);
    int32_t matches(void *, const uint8_t *, size_t, int32_t, int32_t *);
    int32_t split(void *, const uint8_t *, size_t, $, int32_t *, int32_t);
    int32_t patsplit(void *, const uint8_t *, size_t, $, int32_t *, int32_t); ]], report, progress, progress)

local REGEX = errors.category_of("regex", {
    [1] = "invalid character class name",
    [2] = "invalid escaped character or trailing escape",
    [3] = "invalid back reference",
    [4] = "mismatched square brackets",
    [5] = "mismatched parentheses",
    [6] = "mismatched curly braces",
    [7] = "invalid range in a {} expression",
    [8] = "invalid character range",
    [9] = "not enough memory for the automaton",
    [10] = "one of *?+{ without something to repeat",
    [11] = "the attempted match is too complex",
    [12] = "not enough memory to match",
    [13] = "invalid collating element name",
})
-- What the engines have no counterpart for, by their codes.
local UNSUPPORTED = { [-1] = "back reference", [-2] = "look-ahead" }

local GRAMMARS = { basic = 0, extended = 1, ecma = 2 }
local IGNORE_CASE, NOSUBS = 1, 2

-- Slots of an object: the native pattern, the bounds of its groups, and its properties.
local HANDLE, OFFSETS, GROUPS = 1, 2, 3
local PROPERTIES = { mark_count = GROUPS, grammar = 4, ignore_case = 5, nosubs = 6, optimized = 7 }

local mt = { __metatable = "regex" }

function mt.__index(self, key)
    local slot = PROPERTIES[key]
    if not slot then errors.bad_index() end
    return self[slot]
end

function mt.__newindex() raise("EPERM") end

local regex = {
    match_flag = {
        not_bol = 1, not_eol = 2, not_bow = 4, not_eow = 8, any = 16, not_null = 32, continuous = 64,
    },
}

local function flag(opts, name)
    local value = opts[name]
    if value ~= nil and type(value) ~= "boolean" then raise("EINVAL", name) end
    return value or false
end

local function check(code)
    if code < 0 then errors.raise_code(code) end
    return code
end

local function construction_error(result)
    local e
    if UNSUPPORTED[result.code] then
        e = errors.new(errors.generic, errors.number.ENOTSUP)
        e.arg, e.feature = "pattern", UNSUPPORTED[result.code]
    else
        e = errors.new(REGEX, check(result.code))
    end
    e.position = result.at
    error(e, 0)
end

function regex.new(opts)
    if type(opts) ~= "table" then errors.expected(1, "new", "table", opts) end
    local pattern, grammar = opts.pattern, opts.grammar
    if type(pattern) ~= "string" then errors.expected(1, "new", "string", pattern) end
    if type(grammar) ~= "string" then errors.expected(1, "new", "string", grammar) end
    if not GRAMMARS[grammar] then raise("EINVAL", "grammar") end
    local ignore_case, nosubs, optimize = flag(opts, "ignore_case"), flag(opts, "nosubs"), flag(opts, "optimize")
    local flags = (ignore_case and IGNORE_CASE or 0) + (nosubs and NOSUBS or 0)
    local result = report_type()
    local handle = engine.new(pattern, #pattern, GRAMMARS[grammar], flags, result)
    if handle == nil then construction_error(result) end
    local offsets = new_cdata("int32_t[?]", 2 * result.groups + 2)
    return setmetatable({
        ffi.gc(handle, engine.free), offsets, result.groups, grammar, ignore_case, nosubs, optimize,
    }, mt)
end

-- Pointer and length of the subject; raises for what is none.
local function subject_of(re, subject)
    if getmetatable(re) ~= "regex" then raise("EINVAL", 1) end
    if type(subject) == "string" then return cast(byte_pointer, subject), #subject end
    if getmetatable(subject) ~= "byte_span" then raise("EINVAL", 2) end
    local span = cast(span_pointer, subject)
    return span.data, tonumber(span.len)
end

local function flags_of(flags)
    if flags == nil then return 0 end
    if type(flags) ~= "number" then raise("EINVAL", 3) end
    return flags
end

-- Part of the subject, from offset `first` to before offset `last`.
local function part(subject, data, first, last)
    if type(subject) == "string" then return ffi_string(data + first, last - first) end
    return span_view(subject, first, last - first, tonumber(cast(span_pointer, subject).capacity) - first)
end

function regex.match(re, subject, flags)
    local data, length = subject_of(re, subject)
    flags = flags_of(flags)
    local offsets = re[OFFSETS]
    if check(engine.matches(re[HANDLE], data, length, flags, offsets)) == 0 then return nil end
    local groups = re[GROUPS]
    if groups == 0 then return subject end
    local values = {}
    for i = 1, groups do
        local first = offsets[2 * i]
        if first >= 0 then
            values[i] = part(subject, data, first, offsets[2 * i + 1])
        else
            values[i] = type(subject) == "string" and "" or byte_span.new(0)
        end
    end
    return unpack(values, 1, groups)
end

function regex.search(re, subject, flags)
    local data, length = subject_of(re, subject)
    flags = flags_of(flags)
    local offsets = re[OFFSETS]
    if check(engine.find(re[HANDLE], data, length, flags, offsets)) == 0 then return { empty = true } end
    local result = { empty = false }
    for i = 0, re[GROUPS] do
        local first = offsets[2 * i]
        if first >= 0 then result[i] = { start = first + 1, end_ = offsets[2 * i + 1] } end
    end
    return result
end

-- Bounds of fields; they are found so many at a time.
local ROOM = 256
local bounds = new_cdata("int32_t[?]", 2 * ROOM)

-- The fields that `find` tells, as strings or views.
local function collect(re, subject, find)
    local data, length = subject_of(re, subject)
    if re[GROUPS] > 0 then raise("ENOTSUP") end
    local list, n, state = {}, 0, progress_type()
    local handle, is_string = re[HANDLE], type(subject) == "string"
    repeat
        local count = check(find(handle, data, length, state, bounds, ROOM))
        if is_string then
            for i = 0, count - 1 do
                local first = bounds[2 * i]
                list[n + i + 1] = ffi_string(data + first, bounds[2 * i + 1] - first)
            end
        else
            span_views(subject, bounds, count, list, n)
        end
        n = n + count
    until state.done ~= 0
    return list
end

function regex.split(re, subject) return collect(re, subject, engine.split) end

function regex.patsplit(re, subject) return collect(re, subject, engine.patsplit) end

return regex
