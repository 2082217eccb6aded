-- What this system offers to sandboxes, found out by trying it in a process of its own.
local import = ...
local errors = import("core.errors")
local identity = import("system.identity")
local raw = import("core.raw")
local script = import("sandbox.script")
local supervisor = import("supervisor")

local io_open, pairs, ipairs, select, tonumber = io.open, pairs, ipairs, select, tonumber
local ask = raw.functions.supervisor_ask
local number = errors.system_number

local probe = {}

-- By protection: the flag of clone(2), the sysctl below `user.` that bounds their number, the kernel's option.
local NAMESPACES = {
    user_namespace = { 0x10000000, "max_user_namespaces", "CONFIG_USER_NS" },
    mount_namespace = { 0x00020000, "max_mnt_namespaces", "CONFIG_NAMESPACES" },
    pid_namespace = { 0x20000000, "max_pid_namespaces", "CONFIG_PID_NS" },
    net_namespace = { 0x40000000, "max_net_namespaces", "CONFIG_NET_NS" },
    ipc_namespace = { 0x08000000, "max_ipc_namespaces", "CONFIG_IPC_NS" },
    uts_namespace = { 0x04000000, "max_uts_namespaces", "CONFIG_UTS_NS" },
}
local ORDER = {
    "user_namespace", "mount_namespace", "pid_namespace", "net_namespace", "ipc_namespace", "uts_namespace",
}

local function sysctl(name)
    local file = io_open("/proc/sys/" .. name:gsub("%.", "/"))
    if not file then return nil end
    local value = file:read("*n")
    file:close()
    return value
end

-- Why a user namespace is refused, or has no rights.
local function refused()
    for name, bad in pairs({
        ["kernel.unprivileged_userns_clone"] = 0, ["kernel.apparmor_restrict_unprivileged_userns"] = 1,
    }) do
        if sysctl(name) == bad then return ("the sysctl %s is %d"):format(name, bad) end
    end
end

-- Why a namespace cannot be had, by the error number of clone(2).
local function reason(name, code)
    local _, bound, option = unpack(NAMESPACES[name])
    if code == number.ENOSPC then
        return ("the sysctl user.%s is %s"):format(bound, sysctl("user." .. bound) or "reached")
    elseif code == number.EINVAL then
        return "the kernel is built without " .. option
    end
    return code == number.EPERM and name == "user_namespace" and refused()
        or ("clone(2) is refused: %s"):format(tostring(errors.new(errors.system, code)))
end

-- Which namespaces can be created: the sum of their flags. The others are noted in `missing`.
local function namespaces(missing)
    local function try(flags)
        local text, code = ask(flags, "os.exit(0)")
        return text and 0 or -code
    end
    local all = 0
    for _, name in ipairs(ORDER) do all = all + NAMESPACES[name][1] end
    if try(all) == 0 then return all end
    -- One by one: in a user namespace if that can be had.
    local had = 0
    for _, name in ipairs(ORDER) do
        local flag = NAMESPACES[name][1]
        local code = try(had >= NAMESPACES.user_namespace[1] and flag ~= had and had + flag or flag)
        if code == 0 then had = had + flag else missing[name] = reason(name, code) end
    end
    return had
end

-- The least number for processes that a PID namespace can be told; before Linux 6.14 it would be all namespaces' own.
local LEAST_PID_MAX = 301

local function has_own_pid_max()
    local file = io_open("/proc/sys/kernel/osrelease")
    if not file then return false end
    local major, minor = file:read("*l"):match("^(%d+)%.(%d+)")
    file:close()
    return major ~= nil and major * 1000 + minor >= 6014
end

-- Runs the script in those namespaces: {name = {error number, result}}.
local function look(flags)
    local has_user = flags % 0x20000000 >= 0x10000000
    local text, code = ask(flags, script.probe {
        ids = has_user and probe.ids(), root = flags % 0x40000 >= 0x20000,
        pid_max = flags % 0x40000000 >= 0x20000000 and has_own_pid_max() and LEAST_PID_MAX,
    })
    if not text then errors.raise_code(code) end
    local found = {}
    for name, failure, result in text:gmatch("(%S+) (%d+) (%-?%d+)\n") do
        found[name] = { tonumber(failure), tonumber(result) }
    end
    -- The last step.
    if not found.seccomp then errors.raise_detail("ENOTSUP", "a process that tried what sandboxes need ended early") end
    return found
end

-- The ids of this process, and what both are inside: neither root nor any other that programs know.
function probe.ids()
    return { inside = 1000, user = (select(2, identity.getresuid())), group = (select(2, identity.getresgid())) }
end

local function without_landlock(code)
    if code == number.EOPNOTSUPP then
        return "Landlock is off: the kernel's option lsm= lacks landlock"
    elseif code == number.ENOSYS then
        return "the kernel has no Landlock (CONFIG_SECURITY_LANDLOCK), or a seccomp filter hides it"
    end
    return "Landlock is refused: " .. tostring(errors.new(errors.system, code))
end

-- What Landlock has had since a version.
local LATER_PARTS = {
    landlock_net = { 4, "Landlock of this kernel knows no network: it is older than 6.7" },
    landlock_scope = { 6, "Landlock of this kernel knows no scopes: it is older than 6.12" },
}

local function without_mounts(code)
    if code == number.ENOSYS then return "the kernel lacks mount_setattr(2), which is of 5.12" end
    return "mounting is refused: " .. tostring(errors.new(errors.system, code))
end

local RIGHTLESS = "a new user namespace has no rights: "

local function try()
    local missing = {}
    local flags = namespaces(missing)
    local found = look(flags)
    local ids = found.user_namespace
    if ids and ids[1] ~= 0 then
        local text = refused() or RIGHTLESS .. tostring(errors.new(errors.system, ids[1]))
        for _, name in ipairs(ORDER) do missing[name] = missing[name] or text end
        found = look(0)
    end
    local root = found.mount_namespace
    if root and root[1] ~= 0 then missing.mount_namespace = without_mounts(root[1]) end
    local landlock, version = found.landlock, found.landlock_version[2]
    if landlock[1] ~= 0 then
        missing.landlock = without_landlock(landlock[1])
        version = 0
    end
    for name, part in pairs(LATER_PARTS) do
        if version < part[1] then missing[name] = missing.landlock or part[2] end
    end
    if found.seccomp[1] ~= 0 then
        missing.seccomp = "the kernel has no seccomp filters (CONFIG_SECCOMP_FILTER): "
            .. tostring(errors.new(errors.system, found.seccomp[1]))
    end
    local least = found.pid_max
    return {
        missing = missing, landlock_version = version, pid_max = least and least[1] == 0 and least[2] or nil,
    }
end

-- What was found: it is not tried again, since a sandbox that cannot be made fails by itself.
local known

function probe.get()
    supervisor.start()
    known = known or try()
    return known
end

probe.NAMES = { "landlock", "landlock_net", "landlock_scope", "seccomp" }
for i = #ORDER, 1, -1 do table.insert(probe.NAMES, 1, ORDER[i]) end

return probe
