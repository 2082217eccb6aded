-- Parts that are loaded when a field of them is first asked for: what few programs need.
local import = ...
local MASK = import("core.layout").MASK
local state = import("core.scheduler").state
local setmetatable = setmetatable

-- Loading is no interruption point, whatever pcall somebody has put under it: busted does so under ffi.typeof.
local function load(name)
    local f = state.current
    if not f then return import(name) end
    f[MASK] = f[MASK] + 1
    local part = import(name)
    f[MASK] = f[MASK] - 1
    return part
end

return function(name)
    return setmetatable({}, {
        __index = function(self, key)
            local value = load(name)[key]
            self[key] = value
            return value
        end,
    })
end
