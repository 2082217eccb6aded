-- The options of system.spawn: checked, and laid out for the native half (src/process/plan.rs).
local import = ...
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local identity = import("system.identity")
local scheduling = import("system.scheduling")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local find = string.find
local ipairs, pairs, tostring, type = ipairs, pairs, tostring, type

local plan_type = ffi.typeof([[
    struct {
        const char *const *candidates;
        const char *const *arguments;
        const char *const *environment;
        char *const *pid_texts;
        const uint32_t *groups;
        const void *filter;
        const char *directory_path;
        int32_t program;
        int32_t descriptors[10];
        int32_t last_signal;
        int32_t policy, priority, has_priority, reset_on_fork;
        int32_t new_session, terminal, process_group, foreground;
        uint32_t ruid, euid, rgid, egid;
        int32_t group_count;
        int32_t no_new_privs;
        int32_t filter_length;
        int32_t ruleset;
        int32_t umask;
        int32_t directory;
        int32_t death_signal;
        int32_t namespaces[5];
        int32_t daemon;
        uint32_t creation_flags;
    } /* plan */ ]])

-- Sources of descriptors beside numbers, and what an option is that was not given.
local NONE, SHARE, DEAD, PIPE = -1, -2, -3, -4
local ABSENT = -1
local KEEP = 0xffffffff

local windows = jit.os == "Windows"
local LAST_SIGNAL = jit.os == "BSD" and 126 or 64

local function flag(opts, name)
    local value = opts[name]
    if value == nil then return 0 end
    if type(value) ~= "boolean" then raise("EINVAL", name) end
    return value and 1 or 0
end

local function integer(opts, name, least, most, default)
    local value = opts[name]
    if value == nil then return default end
    if type(value) ~= "number" or value % 1 ~= 0 or value < least or value > most then raise("EINVAL", name) end
    return value
end

-- The number of a descriptor that an option gives.
local function number(fd, name)
    descriptor.use(fd, name, name)
    return descriptor.number(fd)
end

local function optional_number(opts, name)
    if opts[name] == nil then return ABSENT end
    return number(opts[name], name)
end

-- A text for C, which ends with NUL and so must hold none.
local function text(value, name)
    if type(value) ~= "string" or find(value, "%z") then raise("EINVAL", name) end
    return value
end

local function is_path(value) return class_name(value) == "filesystem.path" end

-- A null-terminated list of C strings, which `keep` keeps alive.
local function strings(list, keep)
    local array = ffi.new("const char *[?]", #list + 1)
    for i = 1, #list do array[i - 1] = list[i] end
    keep[#keep + 1], keep[#keep + 2] = list, array
    return array
end

-- The files to try for a program that is named without a slash, as execvp(3) does.
local function search(name)
    local list = {}
    for directory in ((os.getenv("PATH") or "/bin:/usr/bin") .. ":"):gmatch("([^:]*):") do
        list[#list + 1] = directory == "" and name or directory .. "/" .. name
    end
    return list
end

local function set_program(plan, opts, keep)
    local program = opts.program
    if type(program) == "string" then
        text(program, "program")
        local as_is = program == "" or find(program, "/", 1, true) or windows
        plan.candidates = strings(as_is and { program } or search(program), keep)
    elseif is_path(program) then
        plan.candidates = strings({ text(tostring(program), "program") }, keep)
    else
        plan.program = number(program, "program")
    end
end

local function set_arguments(plan, opts, keep)
    local list = {}
    if opts.arguments ~= nil then
        if type(opts.arguments) ~= "table" then raise("EINVAL", "arguments") end
        for i, word in ipairs(opts.arguments) do list[i] = text(word, "arguments") end
    end
    plan.arguments = strings(list, keep)
end

-- A value that stands for the child's id.
local PID = "\0pid"

local function set_environment(plan, opts, keep, served)
    local variables = opts.environment
    if variables == nil then variables = {} end
    if type(variables) ~= "table" then raise("EINVAL", "environment") end
    if served then variables = import("libc_service.slave").environment(variables, served) end
    local list, ids = {}, {}
    for name, value in pairs(variables) do
        text(name, "environment")
        if name == "" or find(name, "=", 1, true) then raise("EINVAL", "environment") end
        if value == PID then
            local buffer = ffi.new("char[?]", #name + 12)
            ffi.copy(buffer, name .. "=")
            list[#list + 1] = buffer
            ids[#ids + 1] = buffer + #name + 1
        else
            list[#list + 1] = name .. "=" .. text(value, "environment")
        end
    end
    plan.environment = strings(list, keep)
    local places = ffi.new("char *[?]", #ids + 1)
    for i = 1, #ids do places[i - 1] = ids[i] end
    keep[#keep + 1] = places
    plan.pid_texts = places
end

local STREAMS = { "stdin", "stdout", "stderr" }

-- The number in the child of the libc_service.slave among its descriptors, and the slave.
local function find_slave(extra)
    if type(extra) ~= "table" then return end
    local at, found
    for n = 3, 9 do
        if class_name(extra[n]) == "libc_service.slave" then
            if found then raise("EINVAL", "extra_fds") end
            at, found = n, extra[n]
        end
    end
    return at, found
end

local function set_descriptors(plan, opts, slave)
    for n = 0, 9 do plan.descriptors[n] = NONE end
    for i, name in ipairs(STREAMS) do
        local value = opts[name]
        if value == nil then
            plan.descriptors[i - 1] = DEAD
        elseif value == "share" then
            plan.descriptors[i - 1] = SHARE
        elseif value == "pipe" then
            plan.descriptors[i - 1] = PIPE
        else
            plan.descriptors[i - 1] = number(value, name)
        end
    end
    local extra = opts.extra_fds
    if extra == nil then return end
    if type(extra) ~= "table" then raise("EINVAL", "extra_fds") end
    for n = 3, 9 do
        local fd = extra[n]
        if fd ~= nil and fd == slave then
            plan.descriptors[n] = import("libc_service.slave").use(fd, "extra_fds")
        elseif fd ~= nil then
            plan.descriptors[n] = number(fd, "extra_fds")
        end
    end
end

local function set_session(plan, opts)
    plan.new_session = flag(opts, "start_new_session")
    plan.terminal = optional_number(opts, "set_ctty")
    plan.process_group = integer(opts, "process_group", 0, 0x7fffffff, ABSENT)
    plan.foreground = ABSENT
    local foreground = opts.foreground
    if foreground ~= nil then
        if plan.terminal ~= ABSENT then raise("EINVAL", "set_ctty/foreground") end
        if type(foreground) == "string" then
            local found
            for i, name in ipairs(STREAMS) do
                if foreground == name and opts[name] == "share" then found = i - 1 end
            end
            plan.foreground = found or raise("EINVAL", "foreground")
        else
            plan.foreground = number(foreground, "foreground")
        end
        if plan.process_group == ABSENT then raise("EINVAL", "foreground") end
    end
    if plan.terminal ~= ABSENT and plan.new_session == 0 then raise("EINVAL", "set_ctty") end
end

local function set_identity(plan, opts, keep)
    for _, name in ipairs({ "ruid", "euid", "rgid", "egid" }) do
        plan[name] = opts[name] == nil and KEEP or identity.id(opts[name], name)
    end
    plan.group_count = ABSENT
    local groups = opts.extra_groups
    if groups == nil then return end
    if type(groups) ~= "table" then raise("EINVAL", "extra_groups") end
    local array, count = identity.id_array(groups, "extra_groups")
    keep[#keep + 1] = array
    plan.groups, plan.group_count = array, count
end

local function set_restrictions(plan, opts)
    plan.no_new_privs = flag(opts, "set_no_new_privs")
    local filter = opts.seccomp_set_mode_filter
    if filter ~= nil then
        if class_name(filter) ~= "byte_span" or #filter == 0 or #filter % 8 ~= 0 or #filter > 8 * 0xffff then
            raise("EINVAL", "seccomp_set_mode_filter")
        end
        plan.filter = ffi.cast(import("core.native").span_pointer, filter).data
        plan.filter_length = #filter / 8
    end
    plan.ruleset = optional_number(opts, "landlock_restrict_self")
end

local function set_directory(plan, opts, keep)
    plan.umask = integer(opts, "umask", 0, 0x1ff, ABSENT)
    plan.directory = ABSENT
    local directory = opts.working_directory
    if is_path(directory) then
        local name = text(tostring(directory), "working_directory")
        keep[#keep + 1] = name
        plan.directory_path = name
    elseif directory ~= nil then
        plan.directory = number(directory, "working_directory")
    end
end

local function set_namespaces(plan, opts)
    for i, kind in ipairs({ "user", "mount", "uts", "ipc", "net" }) do
        local name = "setns_" .. kind
        -- The name of 0.6.
        if opts[name] == nil and opts["nsenter_" .. kind] ~= nil then name = "nsenter_" .. kind end
        plan.namespaces[i - 1] = optional_number(opts, name)
    end
end

-- Creation flags of Windows by option.
local CREATION = {
    create_breakaway_from_job = 0x01000000,
    create_new_console = 0x00000010,
    create_no_window = 0x08000000,
    detached_process = 0x00000008,
}

local function set_creation(plan, opts)
    for name, bits in pairs(CREATION) do
        if flag(opts, name) == 1 then plan.creation_flags = plan.creation_flags + bits end
    end
    -- The standard library, by which processes are started, has no such option.
    if opts.show_window ~= nil then raise("ENOTSUP", "show_window") end
    if plan.process_group > 0 then raise("ENOTSUP", "process_group") end
end

-- The plan of `opts`, what has to stay alive as long as it is used, and the libc_service.slave that it gives away.
return function(opts)
    local plan, keep = plan_type(), {}
    set_program(plan, opts, keep)
    set_arguments(plan, opts, keep)
    local served, slave = find_slave(opts.extra_fds)
    set_environment(plan, opts, keep, served)
    set_descriptors(plan, opts, slave)
    plan.last_signal = integer(opts, "signal_on_gcreaper", 0, LAST_SIGNAL, 15)
    plan.daemon = opts.pd_daemon == nil and ABSENT or flag(opts, "pd_daemon")
    scheduling(plan, opts.scheduler)
    set_session(plan, opts)
    set_identity(plan, opts, keep)
    set_restrictions(plan, opts)
    set_directory(plan, opts, keep)
    plan.death_signal = integer(opts, "pdeathsig", 0, LAST_SIGNAL, 0)
    set_namespaces(plan, opts)
    if windows then set_creation(plan, opts) end
    return plan, keep, slave
end
