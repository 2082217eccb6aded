-- Reads a configuration and says exactly what is wrong with it: `luajit config.lua FILE`.

local json = require "emilua.json"

local path = ...
local file = assert(io.open(path or error "usage: luajit config.lua FILE", "rb"))
local text = file:read "*a"
file:close()

-- "FILE:LINE:COLUMN: what", the line, and a mark below the place.
local function explain(e)
    local line = (text .. "\n"):match("[^\n]*", e.offset - e.column + 1)
    local what = e.path and table.concat(e.path, ".") .. ": " or ""
    return ("%s:%d:%d: %s%s\n%s\n%s^"):format(path, e.line, e.column, what, e.detail or tostring(e), line,
        (line:sub(1, e.column - 1):gsub("[^\t]", " ")))
end

local ok, config = pcall(json.decode, text)
if not ok then
    io.stderr:write(explain(config), "\n")
    os.exit(1)
end

-- What the program needs, by name: its type and its default.
local FIELDS = { { "host", "string", "localhost" }, { "port", "number", 80 }, { "verbose", "boolean", false } }
for _, field in ipairs(FIELDS) do
    local name, kind, default = unpack(field)
    local value = config[name]
    if value == nil then value = default end
    if type(value) ~= kind then
        io.stderr:write(("%s: %s must be a %s\n"):format(path, name, kind))
        os.exit(1)
    end
    print(name, value)
end
