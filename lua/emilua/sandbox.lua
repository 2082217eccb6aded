-- sandbox: actors in processes that can do nothing but compute, and what they are given. All of it is made of the
-- public pieces: spawn_vm{subprocess} with namespaces and an init script, a seccomp program, a control group.
local import = ...
local errors = import("core.errors")
local groups = import("sandbox.groups")
local identity = import("system.identity")
local modules = import("sandbox.modules")
local options = import("sandbox.options")
local probe = import("sandbox.probe")
local profile = import("sandbox.profile")
local protections = import("sandbox.protections")
local raw = import("core.raw")
local read_context = import("sandbox.context")
local rights = import("sandbox.rights")
local script = import("sandbox.script")

local class_name, raise = errors.class_name, errors.raise
local ipairs, next, pairs, setmetatable = ipairs, next, pairs, setmetatable

local sandbox = {}

local function check_platform()
    if jit.os ~= "Linux" or not raw.functions.supervisor_ask then raise("ENOSYS") end
end

local NAMESPACES = {
    user_namespace = "newns_user", mount_namespace = "newns_mount", pid_namespace = "newns_pid",
    net_namespace = "newns_net", ipc_namespace = "newns_ipc", uts_namespace = "newns_uts",
}

-- A box is {what it was asked for, report, active protections as a set}.
local WANTED, REPORT, ACTIVE = 1, 2, 3

local names = {}
for _, name in ipairs(protections.NAMES) do names[name] = true end

local methods = {}
local mt = errors.class("sandbox")

function mt.__index(self, key)
    if methods[key] then return methods[key] end
    if key ~= "report" then errors.bad_index() end
    local copy = {}
    for name, state in pairs(self[REPORT]) do copy[name] = state end
    return copy
end

function mt.__newindex() raise("EPERM") end

-- new([options]) -> box.
function sandbox.new(opts)
    check_platform()
    local wanted = options.read(opts, names)
    local found = probe.get()
    local group = (wanted.memory or wanted.processes) and groups.find() or {}
    local report = protections.decide(wanted, found, group)
    local active = {}
    for name, state in pairs(report) do active[name] = state == "active" end
    wanted.landlock_version, wanted.pid_max = found.landlock_version, found.pid_max
    return setmetatable({ wanted, report, active }, mt)
end

-- probe() -> offers, reasons: by name whether this system has the protection, and why not.
function sandbox.probe()
    check_platform()
    local found = probe.get()
    local offers, reasons = { landlock_version = found.landlock_version }, {}
    for _, name in ipairs(probe.NAMES) do
        offers[name], reasons[name] = found.missing[name] == nil, found.missing[name]
    end
    return offers, reasons
end

-- How many threads a guest without other processes may have.
local THREADS = 64
-- Numbers below are not given again when all have been given once: pid_namespaces(7).
local RESERVED_PIDS = 300

-- What bounds a context's guests beside `limits`: the directory of a group, and how many numbers for processes the PID
-- namespace has.
local function bound(wanted, active, limits, context)
    local group = (wanted.memory or wanted.processes) and groups.find() or {}
    local files, pid_max = {}, nil
    if wanted.memory and group.memory then
        files["memory.max"], files["memory.swap.max"], files["memory.oom.group"] = wanted.memory, 0, 1
    else
        limits.RLIMIT_AS = wanted.memory
    end
    local count = wanted.processes or THREADS
    if wanted.processes and group.pids then
        files["pids.max"] = count
    elseif active.user_namespace then
        -- The kernel counts those in the namespace then, threads among them; but not user 0's.
        limits.RLIMIT_NPROC = count
    end
    if not files["pids.max"] and wanted.pid_max and select(2, identity.getresuid()) == 0 then
        pid_max = math.max(RESERVED_PIDS + count, wanted.pid_max)
    end
    return next(files) and groups.new(files, context) or nil, pid_max
end

-- The init script of a context's guests.
local function script_of(self, context)
    local wanted, active = self[WANTED], self[ACTIVE]
    -- A core dump would be handed to a program of the host's: 1 is the limit that forbids that, core(5).
    local limits = { RLIMIT_CORE = 1, RLIMIT_CPU = wanted.cpu, RLIMIT_NOFILE = wanted.files }
    local group, pid_max = bound(wanted, active, limits, context)
    return script.build {
        cgroup = group, pid_max = pid_max, limits = limits,
        ids = active.user_namespace and probe.ids() or nil,
        hostname = active.uts_namespace and "sandbox" or nil,
        root = active.mount_namespace,
        paths = rights.of(wanted.paths),
        landlock = rights.ruleset(active, wanted.landlock_version),
    }
end

-- box:context(module or options): the options of spawn_vm for one guest.
function methods.context(self, x)
    if class_name(self) ~= "sandbox" then raise("EINVAL", 1) end
    x = read_context(x)
    local wanted, active = self[WANTED], self[ACTIVE]
    -- The group is kept for as long as these options are.
    local subprocess = {
        environment = x.environment, ipc = x.ipc, stdin = x.stdin, stdout = x.stdout, stderr = x.stderr,
        source_tree_cache = modules.tree(x.modules or {}), package_path = modules.PATH,
        supervisor = false, die_with_host = true,
    }
    subprocess.init = { script = script_of(self, subprocess) }
    if not wanted.jit then subprocess.jit = false end
    for name, option in pairs(NAMESPACES) do subprocess[option] = active[name] end
    if active.seccomp then
        subprocess.seccomp = profile.program {
            net = wanted.net, processes = wanted.processes, jit = wanted.jit, pid_namespace = active.pid_namespace,
            mount_namespace = active.mount_namespace,
        }
    end
    return {
        source = x.source or modules.find(x.module), name = x.name or x.module, subprocess = subprocess,
    }
end

return errors.module("sandbox", sandbox)
