-- system.exit: ends the VM, and in the master the process.
local import = ...
local S = import("core.scheduler")
local errors = import("core.errors")
local exit = import("system.native").exit
local master = import("core.master")
local native = import("core.native")
local raw = import("core.raw")

local raise, state = errors.raise, S.state
local os_exit, type = os.exit, type

-- The wait of the fiber that has called exit: nothing ends it.
local EXIT = { name = "exit" }

-- What opts.force asks for: 0 for an end in order, 2 for one at once, "abort".
local function force_of(opts)
    if opts == nil then return 0 end
    if not master.is_master then raise("EPERM") end
    if type(opts) ~= "table" then raise("EINVAL", 2) end
    local force = opts.force
    if force == nil or force == 0 then return 0 end
    if force == 2 or force == "abort" then return force end
    if force == 1 then raise("ENOTSUP") end
    raise("EINVAL", (type(force) == "number" or type(force) == "string") and "force" or 2)
end

return function(code, opts)
    if code == nil then
        code = 0
    elseif type(code) ~= "number" then
        errors.expected(1, "exit", "number", code)
    end
    local force = force_of(opts)
    if force == "abort" then exit.abort() end
    if force == 2 then exit.at_once(code) end
    local f = state.current
    if not f then os_exit(code) end
    S.check_yieldable()
    if master.is_master then native.note_exit(raw.vm, code) end
    state.exit, state.stop = code, true
    S.suspend(f, EXIT, false)
end
