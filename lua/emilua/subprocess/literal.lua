-- A value as Lua text of one line: strings, booleans, finite numbers, and tables of them. Nil for others.
local concat, huge, pairs, tostring, type = table.concat, math.huge, pairs, tostring, type

-- Deeper ones contain themselves.
local DEEPEST = 100

local function literal(value, depth)
    local kind = type(value)
    if kind == "string" then return (("%q"):format(value):gsub("\n", "n")) end
    if kind == "boolean" then return tostring(value) end
    if kind == "number" and value > -huge and value < huge then return ("%.17g"):format(value) end
    if kind ~= "table" or depth == DEEPEST then return nil end
    local parts = {}
    for key, member in pairs(value) do
        local name, text = literal(key, depth + 1), literal(member, depth + 1)
        if not name or not text then return nil end
        parts[#parts + 1] = "[" .. name .. "]=" .. text
    end
    return "{" .. concat(parts, ",") .. "}"
end

return function(value) return literal(value, 0) end
