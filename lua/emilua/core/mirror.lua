-- What this process changes about itself is done again in its supervisor, so that new actors do not escape it. Nothing
-- when there is no supervisor; the process ends when the supervisor does not follow.
local import = ...
local call = import("core.raw").functions.supervisor_mirror

-- Numbers of src/subprocess/protocol.rs.
local ACTIONS = {}
for name in ([[
    spawn setresuid setresgid setgroups capabilities drop_bound set_ambient reset_ambient securebits no_new_privs
    seccomp landlock directory root umask stream ]]):gmatch("%S+") do
    ACTIONS[#ACTIONS + 1] = name
    ACTIONS[name] = #ACTIONS
end

-- mirror(action[, a, b, c[, bytes[, descriptor number]]])
return function(action, a, b, c, bytes, descriptor)
    if call then call(ACTIONS[action], a or 0, b or 0, c or 0, bytes, descriptor) end
end
