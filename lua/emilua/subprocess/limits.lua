-- emilua.limits: what bounds a message to an actor in another process.
local import = ...
local errors = import("core.errors")
local read = import("core.raw").functions.ipc_limits

local fields = {}
-- Where there are no such actors there are no limits.
if read then fields.ipc_members, fields.ipc_string, fields.ipc_string_max = read() end

return { limits = errors.module("limits", fields) }
