-- The configuration of a new process as bytes: strings, numbers, booleans, and tables of them.
local serial = {}

local concat, error, pairs, tonumber, type = table.concat, error, pairs, tonumber, type

local function put(out, value)
    local kind = type(value)
    if kind == "string" then
        out[#out + 1] = "s" .. #value .. ":" .. value
    elseif kind == "number" then
        out[#out + 1] = ("n%.17g:"):format(value)
    elseif kind == "boolean" then
        out[#out + 1] = value and "t" or "f"
    elseif kind == "table" then
        out[#out + 1] = "{"
        for key, member in pairs(value) do
            put(out, key)
            put(out, member)
        end
        out[#out + 1] = "}"
    else
        error("a " .. kind .. " in a configuration")
    end
end

function serial.encode(value)
    local out = {}
    put(out, value)
    return concat(out)
end

local function get(text, at)
    local kind = text:sub(at, at)
    if kind == "s" then
        local length, next = text:match("^(%d+):()", at + 1)
        length = tonumber(length)
        return text:sub(next, next + length - 1), next + length
    elseif kind == "n" then
        local number, next = text:match("^([^:]+):()", at + 1)
        return tonumber(number), next
    elseif kind == "t" or kind == "f" then
        return kind == "t", at + 1
    end
    local members = {}
    at = at + 1
    while text:sub(at, at) ~= "}" do
        local key, value
        key, at = get(text, at)
        value, at = get(text, at)
        members[key] = value
    end
    return members, at + 1
end

function serial.decode(text) return (get(text, 1)) end

return serial
