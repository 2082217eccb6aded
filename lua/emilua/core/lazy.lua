-- Parts that are loaded when a field of them is first asked for: what few programs need.
local import = ...
local setmetatable = setmetatable

return function(name)
    return setmetatable({}, {
        __index = function(self, key)
            local value = import(name)[key]
            self[key] = value
            return value
        end,
    })
end
