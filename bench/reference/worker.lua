-- Writes the seccomp program of sandboxes, as it is with execve and with the calls of landlock.lua.
package.cpath = "../../?.so;" .. package.cpath
require "emilua"
local import = debug.getregistry()["emilua.import"]
local profile = import("seccomp.worker").profile { processes = 64, jit = true, mount_namespace = true }
table.insert(profile.syscalls, 1, { "landlock_create_ruleset", "landlock_restrict_self" })
local program = import("seccomp").compile(profile)
io.write(tostring(program))
