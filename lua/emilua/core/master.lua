-- Whether this VM is the master, which alone may change what the whole process shares. The role may be handed over.
local import = ...
local errors = import("core.errors")
local native = import("core.native")
local raw = import("core.raw")

local setmetatable = setmetatable

local master = setmetatable({}, {
    __index = function(_, key)
        if key == "is_master" then return native.is_master(raw.vm) end
    end,
})

-- Raises unless it is.
function master.check()
    if not master.is_master then errors.raise("EPERM") end
end

return master
