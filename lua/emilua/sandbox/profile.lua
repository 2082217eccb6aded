-- The seccomp programs of sandboxes, which are compiled once.
local import = ...
local compile = import("seccomp").compile
local worker = import("seccomp.worker")

local ipairs = ipairs

local profile = {}

-- Programs by what they were compiled for.
local programs = {}

-- The program of the profile "worker" for {net, processes, jit, pid_namespace, mount_namespace}.
function profile.program(box)
    local key = 0
    for _, name in ipairs({ "net", "processes", "jit", "pid_namespace", "mount_namespace" }) do
        key = key * 2 + (box[name] and 1 or 0)
    end
    programs[key] = programs[key] or compile(worker.profile(box))
    return programs[key]
end

return profile
