-- What protects: which protections a sandbox needs, whether each can be had, and what is reported of it.
local import = ...
local errors = import("core.errors")
local identity = import("system.identity")

local concat, ipairs = table.concat, ipairs

local protections = {}

protections.NAMES = {
    "user_namespace", "mount_namespace", "pid_namespace", "net_namespace", "ipc_namespace", "uts_namespace",
    "landlock", "landlock_net", "landlock_scope", "seccomp", "processes", "memory", "cpu", "files",
}

-- Which of them are needed.
local function needed(wanted, missing)
    local need = {
        user_namespace = true, mount_namespace = true, pid_namespace = true, net_namespace = not wanted.net,
        ipc_namespace = true, uts_namespace = true, landlock = true, seccomp = true, processes = true,
        memory = wanted.memory ~= nil, cpu = wanted.cpu ~= nil, files = wanted.files ~= nil,
    }
    -- Behind a namespace they are a second wall: they stand in for it.
    need.landlock_net = not wanted.net and missing.net_namespace ~= nil
    need.landlock_scope = missing.pid_namespace ~= nil
    return need
end

-- Why the number of processes cannot be bounded, if that is so. `counted`: whether a group or PID namespace does that.
local function unbounded(wanted, missing, counted)
    if not wanted.processes then
        return missing.seccomp and "processes are forbidden by seccomp: " .. missing.seccomp
    elseif not counted and (missing.user_namespace or select(2, identity.getresuid()) == 0) then
        return "RLIMIT_NPROC holds in user namespaces and not for user 0, no cgroup v2 with the controller pids is "
            .. "delegated, and PID namespaces have a kernel.pid_max of their own since Linux 6.14 only"
    end
end

-- The state of each protection, "active", "absent" (not asked for) or "given up"; what is needed, missing and not
-- allowed to be is an error that names all of it.
function protections.decide(wanted, found, cgroup)
    local missing = setmetatable({}, { __index = found.missing })
    missing.processes = unbounded(wanted, found.missing, cgroup.pids or found.pid_max)
    local need = needed(wanted, missing)
    local report, texts = {}, {}
    for _, name in ipairs(protections.NAMES) do
        local why = missing[name]
        if not why then
            report[name] = (need[name] or (name == "landlock_net" and not wanted.net) or name == "landlock_scope")
                and "active" or "absent"
        elseif not need[name] then
            report[name] = "absent"
        elseif wanted.degraded[name] then
            report[name] = "given up"
        else
            texts[#texts + 1] = name .. " (" .. why .. ")"
        end
    end
    if texts[1] then
        errors.raise_detail("ENOTSUP", "this system lacks what the sandbox needs: " .. concat(texts, "; "))
    end
    return report
end

return protections
