-- What `_FILE` holds: the absolute path of a module, as a value of class "filesystem.path". Only what
-- programs need of it; tostring() gives the path.
local import = ...
local errors = import("core.errors")

local getmetatable, setmetatable = getmetatable, setmetatable

local TEXT = {}

local mt = { __metatable = "filesystem.path", __index = errors.bad_index }

function mt.__newindex() errors.bad_index() end

function mt.__tostring(self) return self[TEXT] end

function mt.__eq(a, b) return a[TEXT] == b[TEXT] end

local path = {}

function path.new(text) return setmetatable({ [TEXT] = text }, mt) end

-- The text of a path, nil for anything else.
function path.text(x)
    if getmetatable(x) == "filesystem.path" then return x[TEXT] end
end

return path
