-- format(fmt, ...). A format string is parsed once and becomes a *plan*, a function of the arguments. A plan keeps a
-- *variant* for each combination of their classes, which is one call of string.format. With named arguments and nested
-- fields it renders field by field.
local import = ...
local errors = import("core.errors")
local native = import("core.native")
local parse = import("format.parse")
local render = import("format.render")

local raise = errors.raise
local concat, error, floor, loadstring, unpack = table.concat, error, math.floor, loadstring, unpack
local rawget, select, sformat, type = rawget, select, string.format, type
local is_ascii = native.is_ascii
local BOOLEAN, INTEGER, DOUBLE, SPECIAL = render.BOOLEAN, render.INTEGER, render.DOUBLE, render.SPECIAL
local ASCII, STRING = render.ASCII, render.STRING

local LEAST, BEYOND = -2 ^ 63, 2 ^ 63
local GREATEST = 2147483647
-- Arguments of a plan with variants; and the number of classes, with 0 for what has none.
local MOST, RADIX = 12, 7
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
local function variant(segments, n, classes)
    local pattern, values, converters = {}, {}, {}
    for i = 1, #segments do
        local field = segments[i]
        if type(field) == "string" then
            pattern[i] = field:gsub("%%", "%%%%")
        else
            local class = classes[field.value]
            render.check(field, class)
            local directive, convert, extra = render.directive(field, class)
            local name = "a" .. field.value
            if directive and not convert then
                values[#values + 1] = name
            else
                converters[#converters + 1] = convert or function(value)
                    return render.value(field, class, value, field.width, field.precision)
                end
                values[#values + 1] = ("c%d(%s, %.17g)"):format(#converters, name, extra or 0)
            end
            pattern[i] = directive or "%s"
        end
    end
    local source = { "local sformat, c = ...\n" }
    if #converters > 0 then
        source[2] = ("local %s = unpack(c)\n"):format(names("c", #converters))
    end
    source[#source + 1] = ("return function(%s) return sformat(%s) end"):format(names("a", n),
        concat({ ("%q"):format(concat(pattern)), unpack(values) }, ", "))
    return compile(concat(source), sformat, converters)
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

-- A plan with variants.
local function positional(segments, n)
    local variants = {}
    local function make(key)
        local classes, rest = {}, key
        for i = n, 1, -1 do
            classes[i] = rest % RADIX
            rest = floor(rest / RADIX)
            if classes[i] == 0 then return nil end
        end
        variants[key] = variant(segments, n, classes)
        return variants[key]
    end
    local function by_field(...) return general(segments, ...) end

    local source = { "local class_of, is_ascii, select, variants, make, by_field = ...\n",
        "return function(...)\n", "if select('#', ...) ~= ", n, " then return by_field(...) end\n" }
    local function add(...)
        for i = 1, select("#", ...) do source[#source + 1] = (select(i, ...)) end
    end
    local limits = text_limits(segments, n)
    if n > 0 then add("local ", names("a", n), " = ...\n") end
    add("local key = 0\n")
    for i = 1, n do
        add("local c", i, " = class_of(a", i, ")\n")
        if limits[i] > 0 then
            local limit = sformat("%d", limits[i])
            add("if c", i, " == ", ASCII, " and is_ascii(a", i, ", #a", i, " < ", limit, " and #a", i, " or ", limit,
                ") == 0 then c", i, " = ", STRING, " end\n")
        end
        add("key = key * ", RADIX, " + c", i, "\n")
    end
    add("local variant = variants[key] or make(key)\n")
    add("if not variant then return by_field(...) end\n")
    add("return variant(", names("a", n), ")\nend")
    return compile(concat(source), class_of, is_ascii, select, variants, make, by_field)
end

local plans, kept = {}, 0

local function new_plan(fmt)
    local segments = parse(fmt)
    local n = positions(segments)
    local plan
    if n and n <= MOST and #segments <= 100 then
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
