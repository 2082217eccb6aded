-- format(fmt, ...). A format string is parsed once and becomes a *plan*, a function of the arguments. A plan keeps a
-- *variant* for each combination of their classes, which is one call of string.format. With named arguments and nested
-- fields it renders field by field.
local import = ...
local errors = import("core.errors")
local is_ascii = import("format.number").is_ascii
local parse = import("format.parse")
local render = import("format.render")

local raise = errors.raise
local concat, error, floor, loadstring, unpack = table.concat, error, math.floor, loadstring, unpack
local rawget, select, sformat, type = rawget, select, string.format, type
local BOOLEAN, INTEGER, DOUBLE, SPECIAL = render.BOOLEAN, render.INTEGER, render.DOUBLE, render.SPECIAL
local ASCII, STRING = render.ASCII, render.STRING

local LEAST, BEYOND = -0x1p63, 0x1p63
local GREATEST = 2147483647
-- Arguments of a plan with variants; and the number of classes, with 0 for what has none.
local MOST, RADIX = 12, 7
-- Segments of such a plan: a Lua function has at most 60 upvalues.
local SEGMENTS = 40
-- Plans that are kept. A program has few format strings, unless it makes them.
local KEPT = 500

-- The class of a value, 0 if it has none. Strings are taken for ASCII.
local function class_of(value)
    local kind = type(value)
    if kind == "number" then
        if value == floor(value) and value >= LEAST and value < BEYOND then return INTEGER end
        return value - value == 0 and DOUBLE or SPECIAL
    end
    return kind == "string" and ASCII or kind == "boolean" and BOOLEAN or 0
end

local function fail(reason) error(reason, 0) end

-- The value of argument `i`, counting `fmt` as 1, and its name if it is a pair {name, value}.
local function argument(i, value)
    if class_of(value) > 0 then return value end
    if type(value) == "table" and #value == 2 then
        local name, inner = rawget(value, 1), rawget(value, 2)
        if type(name) == "string" and class_of(inner) > 0 then return inner, name end
    end
    raise("EINVAL", i)
end

-- Checks all arguments: their values, and those of the named ones by name.
local function arguments(...)
    local values, named = { ... }, {}
    for i = 1, select("#", ...) do
        local value, name = argument(i + 1, values[i])
        values[i] = value
        if name and named[name] == nil then named[name] = value end
    end
    return values, named
end

local function lookup(id, values, named)
    local value
    if type(id) == "number" then value = values[id] else value = named[id] end
    if value == nil then fail("argument not found") end
    return value
end

-- The number of a width or precision.
local function count(wanted, what, values, named)
    if type(wanted) ~= "table" then return wanted end
    local n = lookup(wanted.value, values, named)
    if class_of(n) ~= INTEGER then fail(what .. " is not integer") end
    if n < 0 then fail("negative " .. what) end
    if n > GREATEST then fail("number is too big") end
    return n
end

-- Renders field by field.
local function general(segments, ...)
    local values, named = arguments(...)
    local parts = {}
    for i = 1, #segments do
        local field = segments[i]
        if type(field) == "table" then
            local value = lookup(field.value, values, named)
            local class = class_of(value)
            local width = count(field.width, "width", values, named)
            local precision = count(field.precision, "precision", values, named)
            render.check(field, class)
            parts[i] = render.value(field, class, value, width, precision)
        else
            parts[i] = field
        end
    end
    return concat(parts)
end

-- The number of arguments that the fields use; nil if one is named or nested.
local function positions(segments)
    local most = 0
    for i = 1, #segments do
        local field = segments[i]
        if type(field) == "table" then
            if type(field.value) == "string" or type(field.width) == "table" or type(field.precision) == "table" then
                return nil
            end
            if field.value > most then most = field.value end
        end
    end
    return most
end

-- "a1, a2, a3"
local function names(prefix, n)
    local list = {}
    for i = 1, n do list[i] = prefix .. i end
    return concat(list, ", ")
end

local function compile(source, ...)
    return loadstring(source, "=[emilua.format]")(...)
end

-- A function of `n` arguments of these classes.
local function variant(segments, n, classes, by_field)
    local pattern, values, converters, differs = {}, {}, {}, {}
    for i = 1, #segments do
        local field = segments[i]
        if type(field) == "string" then
            pattern[i] = field:gsub("%%", "%%%%")
        else
            local class = classes[field.value]
            render.check(field, class)
            local directive, convert = render.directive(field, class)
            local value = "a" .. field.value
            if type(convert) == "string" then
                differs[#differs + 1] = ("if %s then return by_field(%s) end\n"):format((convert:gsub("#", value)),
                    names("a", n))
            elseif not directive or convert then
                converters[#converters + 1] = convert or function(x)
                    return render.value(field, class, x, field.width, field.precision)
                end
                value = ("c%d(%s)"):format(#converters, value)
            end
            values[#values + 1] = value
            pattern[i] = directive or "%s"
        end
    end
    local source = concat({
        "local sformat, abs, by_field, c = ...\n",
        #converters > 0 and ("local %s = unpack(c)\n"):format(names("c", #converters)) or "",
        "return function(", names("a", n), ")\n", concat(differs),
        "return sformat(", concat({ ("%q"):format(concat(pattern)), unpack(values) }, ", "), ")\nend",
    })
    return compile(source, sformat, math.abs, by_field, converters)
end

-- How many bytes of each string argument decide whether its columns, and a cut, are those of ASCII.
local function text_limits(segments, n)
    local limits = {}
    for i = 1, n do limits[i] = 0 end
    for i = 1, #segments do
        local field = segments[i]
        if type(field) == "table" then
            local limit = math.max(field.width or 0, field.precision or 0)
            if limit > limits[field.value] then limits[field.value] = limit end
        end
    end
    return limits
end

-- The class of argument #, as class_of finds it. A function that runs more often than the loop around it would be
-- compiled before that loop, and spoil it.
local CLASSIFY = ([[
local c# = 0
do
    local kind = type(a#)
    if kind == "number" then
        if a# == floor(a#) and a# >= LEAST and a# < BEYOND then c# = INTEGER
        elseif a# - a# == 0 then c# = DOUBLE
        else c# = SPECIAL end
    elseif kind == "string" then c# = ASCII
    elseif kind == "boolean" then c# = BOOLEAN end
end
]]):gsub("%u+", {
    LEAST = "-0x1p63", BEYOND = "0x1p63", INTEGER = INTEGER, DOUBLE = DOUBLE, SPECIAL = SPECIAL, ASCII = ASCII,
    BOOLEAN = BOOLEAN,
})

-- A plan with variants.
local function positional(segments, n)
    local variants = {}
    local function by_field(...) return general(segments, ...) end

    local function make(key)
        local classes, rest = {}, key
        for i = n, 1, -1 do
            classes[i] = rest % RADIX
            rest = floor(rest / RADIX)
            -- A pair, or what is no argument.
            if classes[i] == 0 then return by_field end
        end
        variants[key] = variant(segments, n, classes, by_field)
        return variants[key]
    end

    local source = { "local floor, is_ascii, select, type, variants, make, by_field = ...\n",
        "return function(...)\n", "if select('#', ...) ~= ", n, " then return by_field(...) end\n" }
    local function add(...)
        for i = 1, select("#", ...) do source[#source + 1] = (select(i, ...)) end
    end
    local limits = text_limits(segments, n)
    if n > 0 then add("local ", names("a", n), " = ...\n") end
    add("local key = 0\n")
    for i = 1, n do
        add((CLASSIFY:gsub("#", i)))
        if limits[i] > 0 then
            local limit = sformat("%d", limits[i])
            add("if c", i, " == ", ASCII, " and is_ascii(a", i, ", #a", i, " < ", limit, " and #a", i, " or ", limit,
                ") == 0 then c", i, " = ", STRING, " end\n")
        end
        add("key = key * ", RADIX, " + c", i, "\n")
    end
    add("local variant = variants[key] or make(key)\n")
    add("return variant(", names("a", n), ")\nend")
    return compile(concat(source), floor, is_ascii, select, type, variants, make, by_field)
end

local plans, kept = {}, 0

local function new_plan(fmt)
    local segments = parse(fmt)
    local n = positions(segments)
    local plan
    if n and n <= MOST and #segments <= SEGMENTS then
        plan = positional(segments, n)
    else
        plan = function(...) return general(segments, ...) end
    end
    if kept >= KEPT then plans, kept = {}, 0 end
    plans[fmt] = plan
    kept = kept + 1
    return plan
end

return function(fmt, ...)
    local plan = plans[fmt]
    if not plan then
        if type(fmt) ~= "string" then raise("EINVAL", 1) end
        arguments(...)
        plan = new_plan(fmt)
    end
    return plan(...)
end
