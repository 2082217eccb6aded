-- Writes the seccomp program of sandboxes, as it is with execve and with the calls of landlock.lua.
package.cpath = "../../?.so;" .. package.cpath
require "emilua"
local import = debug.getregistry()["emilua.import"]
local rules = import("sandbox.profile").rules { processes = 64, jit = true, mount_namespace = true }
table.insert(rules, 1, { "landlock_create_ruleset", "landlock_restrict_self" })
local program = import("seccomp").compile { default = { errno = "ENOSYS" }, syscalls = rules }
io.write(tostring(program))
