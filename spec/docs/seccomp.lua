-- Profiles of system calls, for docs_spec.lua.
local seccomp = {
    arguments = { "seccomp_condition", "seccomp_rule", "seccomp_profile" },
}

function seccomp.objects() return { seccomp = { require "emilua.seccomp" } } end

return seccomp
