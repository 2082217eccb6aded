-- Format strings to segments: strings and fields. The syntax is that of {fmt}; so are the texts of the errors.
--
-- A field is {value, fill, align, sign, alt, zero, width, precision, localized, type}: `value` says which argument,
-- a position from 1 or a name; `width` and `precision` are numbers, or {value} when another argument holds them.
local byte, find, sub = string.byte, string.find, string.sub
local concat, error, tonumber = table.concat, error, tonumber

local GREATEST = 2147483647
local OPEN, CLOSE = byte("{"), byte("}")
local NOT_CLOSED = "missing '}' in format string"

local function fail(text) error(text, 0) end

local function integer(digits)
    local n = tonumber(digits)
    if n > GREATEST then fail("number is too big") end
    return n
end

-- How long the character is that begins with this byte.
local function character_length(lead)
    return lead >= 0xf8 and 1 or lead >= 0xf0 and 4 or lead >= 0xe0 and 3 or lead >= 0xc0 and 2 or 1
end

-- Reads the id of an argument at `at`: the value, and the place behind it. `state.automatic` is the number of fields
-- without id, or nil once a position has been written.
local function parse_id(fmt, at, state)
    local _, last, name = find(fmt, "^([%a_][%w_]*)", at)
    if name then return name, last + 1 end
    local digits
    _, last, digits = find(fmt, "^(%d+)", at)
    if digits then
        local n = integer(digits)
        if #digits > 1 and byte(digits) == 48 or not find(fmt, "^[}:]", last + 1) then
            fail("invalid format string")
        end
        if state.automatic and state.automatic > 0 then
            fail("cannot switch from automatic to manual argument indexing")
        end
        state.automatic = nil
        return n + 1, last + 1
    end
    if not find(fmt, "^[}:]", at) then fail("invalid format string") end
    if not state.automatic then fail("cannot switch from manual to automatic argument indexing") end
    state.automatic = state.automatic + 1
    return state.automatic, at
end

-- Reads a width or precision at `at`: nil where there is none.
local function parse_count(fmt, at, state)
    local _, last, digits = find(fmt, "^(%d+)", at)
    if digits then return integer(digits), last + 1 end
    if byte(fmt, at) ~= OPEN then return nil, at end
    local value
    value, at = parse_id(fmt, at + 1, state)
    if byte(fmt, at) ~= CLOSE then fail("invalid format string") end
    return { value = value }, at + 1
end

-- Reads what follows the colon at `at` - 1 into `field`; returns the place of the closing brace.
local function parse_spec(fmt, at, field, state)
    local lead = byte(fmt, at)
    if not lead then fail(NOT_CLOSED) end
    if lead == CLOSE then return at end
    local behind = at + character_length(lead)
    local _, _, align = find(fmt, "^([<>^])", behind)
    if align then
        if lead == OPEN then fail("invalid fill character '{'") end
        field.fill, field.align = sub(fmt, at, behind - 1), align
        at = behind + 1
    else
        _, _, align = find(fmt, "^([<>^])", at)
        if align then
            field.align = align
            at = at + 1
        end
    end
    local last, sign, alt, zero
    _, last, sign, alt, zero = find(fmt, "^([+ -]?)(#?)(0?)", at)
    field.sign, field.alt = sign ~= "" and sign or nil, alt ~= ""
    field.zero = zero ~= ""
    field.width, at = parse_count(fmt, last + 1, state)
    if sub(fmt, at, at) == "." then
        field.precision, at = parse_count(fmt, at + 1, state)
        if not field.precision then fail("missing precision specifier") end
    end
    if sub(fmt, at, at) == "L" then
        field.localized = true
        at = at + 1
    end
    local kind = byte(fmt, at)
    if kind and kind ~= CLOSE then
        field.type = sub(fmt, at, at)
        if not find(field.type, "[dbBoxXcfFeEgGaAsp?]") then fail("invalid type specifier") end
        at = at + 1
    end
    if byte(fmt, at) ~= CLOSE then fail(NOT_CLOSED) end
    return at
end

-- Returns the list of segments.
return function(fmt)
    local segments, text, state = {}, {}, { automatic = 0 }
    local function flush()
        if #text > 0 then segments[#segments + 1] = concat(text) end
        text = {}
    end
    local at = 1
    while true do
        local brace = find(fmt, "[{}]", at)
        if not brace then break end
        text[#text + 1] = sub(fmt, at, brace - 1)
        local open, next_byte = byte(fmt, brace, brace + 1)
        if open == next_byte then
            text[#text + 1] = sub(fmt, brace, brace)
            at = brace + 2
        elseif open == CLOSE then
            fail("unmatched '}' in format string")
        elseif not next_byte then
            fail("invalid format string")
        else
            flush()
            local field = {}
            field.value, at = parse_id(fmt, brace + 1, state)
            if sub(fmt, at, at) == ":" then at = parse_spec(fmt, at + 1, field, state) end
            if byte(fmt, at) ~= CLOSE then fail(NOT_CLOSED) end
            at = at + 1
            segments[#segments + 1] = field
        end
    end
    text[#text + 1] = sub(fmt, at)
    flush()
    return segments
end
