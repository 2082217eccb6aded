-- regex: patterns of three grammars on strings and byte spans. src/regex finds bounds, this half makes values of them.
local import = ...
local byte_span = import("byte_span")
local engine = import("regex.native")
local errors = import("core.errors")
local fields = import("regex.fields")
local native = import("core.native")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local cast, ffi_string, new_cdata = ffi.cast, ffi.string, ffi.new
local span_pointer, byte_pointer = native.span_pointer, ffi.typeof("const uint8_t *")
local span_view = native.span_view
local error, setmetatable, tonumber = error, setmetatable, tonumber
local type, unpack = type, unpack

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
local HANDLE, OFFSETS, GROUPS = engine.HANDLE, engine.OFFSETS, engine.GROUPS
local PROPERTIES = { mark_count = GROUPS, grammar = 1, ignore_case = 2, nosubs = 3, optimized = 4 }

local mt = errors.class("regex")

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
    local result = engine.new_report()
    local handle = engine.new(pattern, #pattern, GRAMMARS[grammar], flags, result)
    if handle == nil then construction_error(result) end
    local offsets = new_cdata("int32_t[?]", 2 * result.groups + 2)
    return setmetatable({
        [HANDLE] = ffi.gc(handle, engine.free), [OFFSETS] = offsets, [GROUPS] = result.groups,
        grammar, ignore_case, nosubs, optimize,
    }, mt)
end

-- Pointer and length of the subject; raises for what is none.
local function subject_of(re, subject)
    if class_name(re) ~= "regex" then raise("EINVAL", 1) end
    if type(subject) == "string" then return cast(byte_pointer, subject), #subject end
    if class_name(subject) ~= "byte_span" then raise("EINVAL", 2) end
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

-- The fields that `find` tells.
local function collect(re, subject, find)
    local data, length = subject_of(re, subject)
    if re[GROUPS] > 0 then raise("ENOTSUP") end
    if type(subject) == "string" then return fields.strings(find, re[HANDLE], data, length) end
    return fields.views(find, re[HANDLE], native.views_of(subject), data, length, 0)
end

function regex.split(re, subject) return collect(re, subject, engine.split) end

function regex.patsplit(re, subject) return collect(re, subject, engine.patsplit) end

return regex
