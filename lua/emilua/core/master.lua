-- Whether this VM is the master, which alone may change what the whole process shares.
local import = ...
local errors = import("core.errors")

local master = { is_master = true }

-- Raises unless it is.
function master.check()
    if not master.is_master then errors.raise("EPERM") end
end

return master
