-- Descriptors that the process was started with, and the directories of its loader.
local import = ...
local errors = import("core.errors")
local core = import("core.native")
local master = import("core.master")
local missing = import("system.native").missing

local type = type

local system = {}

function system.get_lowfd(n)
    master.check()
    if type(n) ~= "number" or n % 1 ~= 0 or n < 3 or n > 9 then errors.raise("EINVAL", 1) end
    if not core.low_descriptor then missing() end
    return core.low_descriptor(n) and import("io.descriptor").adopt(n) or nil
end

function system.get_ld_library_directories()
    if not core.library_directories then missing() end
    local list = core.library_directories()
    for i = 1, #list do list[i] = import("io.descriptor").adopt(list[i]) end
    return list
end

return system
