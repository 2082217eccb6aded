-- filesystem.path: the value, which holds its text. All that can be done with it is parsed when it is first wanted:
-- every module of a program has a path in `_FILE`, and few look at more than its text.
local import = ...
local errors = import("core.errors")

local class_name = errors.class_name
local ipairs, rawget, setmetatable = ipairs, rawget, setmetatable

-- Slot of a path.
local TEXT = 1

local mt = errors.class("filesystem.path")

local value = { mt = mt }

-- The path with a text in the native format, which is kept as it is.
function value.new(text) return setmetatable({ text }, mt) end

-- The text of a path, nil for anything else.
function value.text(x)
    if class_name(x) == "filesystem.path" then return rawget(x, TEXT) end
end

function mt.__tostring(self) return self[TEXT] end

function mt.__newindex() errors.bad_index() end

for _, event in ipairs { "__index", "__eq", "__lt", "__le", "__div", "__concat" } do
    mt[event] = function(a, b)
        import("filesystem.path")
        return mt[event](a, b)
    end
end

return value
