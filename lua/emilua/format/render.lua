-- One value in one field: what {fmt} allows for its class, and its text.
local import = ...
local number_text = import("format.number").text
local text = import("format.text")
local ffi = require("ffi")

local abs, floor, frexp = math.abs, math.floor, math.frexp
local byte, char, find, gsub = string.byte, string.char, string.find, string.gsub
local lower, match, rep = string.lower, string.match, string.rep
local reverse, sformat, sub, upper = string.reverse, string.format, string.sub, string.upper
local error, tostring = error, tostring

-- The classes of values. DOUBLE is finite, ASCII a string whose columns are its bytes.
local BOOLEAN, INTEGER, DOUBLE, SPECIAL, ASCII, STRING = 1, 2, 3, 4, 5, 6

local render = {
    BOOLEAN = BOOLEAN, INTEGER = INTEGER, DOUBLE = DOUBLE, SPECIAL = SPECIAL, ASCII = ASCII, STRING = STRING,
}

local INTEGER_TYPES, DOUBLE_TYPES = "[dbBoxXc]", "[fFeEgGaA]"
local TYPES = {
    [BOOLEAN] = "[dbBoxXcs]", [INTEGER] = INTEGER_TYPES, [DOUBLE] = DOUBLE_TYPES, [SPECIAL] = DOUBLE_TYPES,
    [ASCII] = "[s?]", [STRING] = "[s?]",
}

local function fail(reason) error(reason, 0) end

-- Raises what {fmt} raises when it formats a value of that class by `field`.
function render.check(field, class)
    if class >= ASCII then
        if field.sign or field.alt or field.zero or field.localized then
            fail("format specifier requires numeric argument")
        end
    elseif class == BOOLEAN and field.sign then
        fail("format specifier requires signed argument")
    elseif class <= INTEGER and field.precision then
        fail("precision not allowed for this argument type")
    end
    if field.type and not find(field.type, TYPES[class]) then fail("invalid type specifier") end
end

-- Room for any text of number.text.
local SIZE = 1600
-- Precision beyond which there are only zeros.
local MOST = 1100
local buffer = ffi.new("char[?]", SIZE)
local ALTERNATE = 0x100
local STYLE = { e = byte("e"), f = byte("f"), g = byte("g") }
local SHORTEST = byte("s")

local function digits(x, style, precision)
    return ffi.string(buffer, number_text(x, style, precision, buffer, SIZE))
end

-- The shortest text of a finite double that reads back equal.
function render.shortest(x)
    if x < 0 then return "-" .. digits(-x, SHORTEST, 0) end
    return digits(x, SHORTEST, 0)
end

-- LuaJIT's %f rounds ties away from zero, {fmt} to even. x is a tie at a precision exactly if y, which is
-- |x| * 2^(precision + 1), is an odd integer, and the digit before is even exactly if y % 4 is 1.
local DIFFERS = "abs(#) * %.17g %% 4 == 1"

-- %a: LuaJIT has no subnormal numbers, and rounds ties up.
local function hexadecimal(x, precision, alt)
    local fraction, exponent = frexp(x)
    local lead
    if exponent < -1021 then
        fraction, exponent, lead = x * 2 ^ 1022, -1022, 0
    else
        fraction, exponent, lead = fraction * 2 - 1, exponent - 1, 1
    end
    fraction = fraction * 2 ^ 52
    local shown
    if not precision then
        shown = gsub(sformat("%013x", fraction), "0+$", "")
    elseif precision >= 13 then
        shown = sformat("%013x", fraction) .. rep("0", precision - 13)
    else
        local unit = 16 ^ (13 - precision)
        local kept = floor((lead * 2 ^ 52 + fraction) / unit)
        local rest = (lead * 2 ^ 52 + fraction) % unit
        if rest > unit / 2 or rest == unit / 2 and kept % 2 == 1 then kept = kept + 1 end
        lead = floor(kept / 16 ^ precision)
        shown = precision == 0 and "" or sformat("%0" .. precision .. "x", kept % 16 ^ precision)
    end
    local point = (shown ~= "" or alt) and "." or ""
    return "0x" .. lead .. point .. shown .. "p" .. sformat("%+d", exponent)
end

-- The text of a double that is not negative, without sign.
local function double(field, x, precision)
    local kind = field.type or "g"
    if x ~= x then return find(kind, "%u") and "NAN" or "nan" end
    if x == 1 / 0 then return find(kind, "%u") and "INF" or "inf" end
    local alt = field.alt and ALTERNATE or 0
    local style = lower(kind)
    local result
    if style == "a" then
        result = hexadecimal(x, precision, field.alt)
    elseif not field.type and not precision then
        result = digits(x, SHORTEST + alt, 0)
    else
        precision = precision or 6
        result = digits(x, STYLE[style] + alt, precision)
        if precision > MOST and (style ~= "g" or field.alt) then
            -- Exact by now: zeros follow, in front of an exponent.
            local mantissa, exponent = match(result, "^([^e]*)(.*)$")
            result = mantissa .. rep("0", precision - MOST) .. exponent
        end
    end
    return style ~= kind and upper(result) or result
end

local NIBBLES = {}
for i = 0, 15 do
    local bits = ""
    for bit = 3, 0, -1 do bits = bits .. floor(i / 2 ^ bit) % 2 end
    NIBBLES[sformat("%x", i)] = bits
end

-- The digits of an integer that is not negative, and the prefix for `#`.
local function integer(kind, n)
    if kind == "x" then return sformat("%x", n), "0x" end
    if kind == "X" then return sformat("%X", n), "0X" end
    if kind == "o" then return sformat("%o", n), n == 0 and "" or "0" end
    if kind == "b" or kind == "B" then
        return match(gsub(sformat("%x", n), "%x", NIBBLES), "^0*(.+)$"), "0" .. kind
    end
    -- %d does not know 2^63, the magnitude of the least integer.
    return n < 2 ^ 63 and sformat("%d", n) or "9223372036854775808", ""
end

ffi.cdef([[
    /* Under a name of our own: a program may have declared it in its way. */
    void *emilua_localeconv(void) __asm__("localeconv");
]])
local lconv = ffi.typeof("struct { const char *decimal_point, *thousands_sep, *grouping; } *")

-- Puts the separators of the C locale into a number without sign and prefix.
local function localize(number)
    local locale = ffi.cast(lconv, ffi.C.emilua_localeconv())
    local whole, rest = match(number, "^(%d+)(.*)$")
    if not whole then return number end
    rest = gsub(rest, "^%.", (gsub(ffi.string(locale.decimal_point), "%%", "%%%%")))
    local separator, grouping = reverse(ffi.string(locale.thousands_sep)), ffi.string(locale.grouping)
    local size, at, left = nil, 1, reverse(whole)
    local grouped = ""
    if separator == "" then return whole .. rest end
    while true do
        size = byte(grouping, at) or size
        at = at + 1
        if not size or size == 0 or size >= 127 or #left <= size then break end
        grouped = grouped .. sub(left, 1, size) .. separator
        left = sub(left, size + 1)
    end
    return reverse(grouped .. left) .. rest
end

-- Fills `s`, which takes `taken` columns, up to `width` columns.
local function pad(s, taken, field, width, default)
    if not width or taken >= width then return s end
    local align, fill, missing = field.align or default, field.fill or " ", width - taken
    if align == "<" then return s .. rep(fill, missing) end
    if align == ">" then return rep(fill, missing) .. s end
    local before = floor(missing / 2)
    return rep(fill, before) .. s .. rep(fill, missing - before)
end

-- Fills a number: zeros go between the sign or prefix and the digits.
local function pad_number(prefix, number, field, width)
    if field.zero and not field.align then
        return prefix .. rep("0", (width or 0) - #prefix - #number) .. number
    end
    local s = prefix .. number
    return pad(s, text.width(s), field, width, ">")
end

-- The text of a value of a class that `check` has passed.
function render.value(field, class, value, width, precision)
    local kind = field.type
    if class >= ASCII then
        if kind == "?" then value = text.debug(value) end
        if precision then value = text.cut(value, precision) end
        return width and pad(value, text.width(value), field, width, "<") or value
    end
    if class == BOOLEAN then
        if not kind or kind == "s" then
            local s = tostring(value)
            if field.zero and not field.align then return rep("0", (width or 0) - #s) .. s end
            return pad(s, #s, field, width, "<")
        end
        value = value and 1 or 0
    end
    local sign = value < 0 and "-" or field.sign ~= "-" and field.sign or ""
    if class >= DOUBLE then
        if class == SPECIAL then
            local s = sign .. double(field, abs(value))
            local spaced = { align = field.align, fill = field.fill ~= "0" and field.fill or " " }
            return pad(s, #s, spaced, width, ">")
        end
        local s = double(field, abs(value), precision)
        if field.localized then s = localize(s) end
        return pad_number(sign, s, field, width)
    end
    if kind == "c" then
        local s = char(abs(value) % 256)
        if field.zero and not field.align then return rep("0", (width or 0) - 1) .. s end
        return pad(s, 1, field, width, "<")
    end
    local number, prefix = integer(kind, abs(value))
    if field.localized and (not kind or kind == "d") then number = localize(number) end
    return pad_number(sign .. (field.alt and prefix or ""), number, field, width)
end

-- How string.format writes the same: a pattern. Also a function, when the pattern is for what that makes of the value;
-- or a condition in Lua, true for a value # that string.format writes differently. nil where it cannot. The width and
-- precision of `field` are numbers.
function render.directive(field, class)
    local kind, width, precision = field.type, field.width, field.precision
    local flags = ""
    if field.align == "^" or field.fill and field.fill ~= " " or field.localized or (width or 0) > 99
        or (precision or 0) > 98 or field.alt then
        return nil
    end
    local left = class >= ASCII or class == BOOLEAN
    if field.align == "<" or left and not field.align then flags = "-" end
    if field.sign and field.sign ~= "-" then flags = flags .. field.sign end
    if field.zero and not field.align then flags = flags .. "0" end
    local columns = width and width > 0 and flags .. width or (gsub(flags, "[-0]", ""))
    if class >= ASCII then
        if kind == "?" or class == STRING and (width or precision) then return nil end
        return "%" .. columns .. (precision and "." .. precision or "") .. "s"
    elseif class == BOOLEAN then
        if kind and kind ~= "s" or field.zero then return nil end
        return "%" .. columns .. "s", tostring
    elseif class == INTEGER then
        if kind and kind ~= "d" then return nil end
        return "%" .. columns .. "d"
    elseif class == DOUBLE then
        if kind == "f" or kind == "F" then
            precision = precision or 6
            return sformat("%%%s.%df", columns, precision), sformat(DIFFERS, 2 ^ (precision + 1))
        elseif not kind and not precision and not field.sign and not field.zero then
            return "%" .. columns .. "s", render.shortest
        end
    end
    return nil
end

return render
