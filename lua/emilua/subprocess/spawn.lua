-- spawn_vm{subprocess = ...}: the options, the request to the supervisor, and what the child is told.
local import = ...
local channel = import("subprocess.channel")
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local ids = import("program.ids")
local limits = import("subprocess.limits").limits
local literal = import("subprocess.literal")
local module = import("actor.module")
local raw = import("core.raw")
local serial = import("subprocess.serial")
local supervisor = import("supervisor")

local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local ipairs, jit, package = ipairs, jit, package
local pairs, tostring, type = pairs, tostring, type
local functions = raw.functions

local spawn = {}

local LINUX, FREEBSD = jit.os == "Linux", jit.os == "BSD"

-- Flags of clone(2) by option.
local NAMESPACES = {
    { "newns_uts", 0x04000000 }, { "newns_ipc", 0x08000000 }, { "newns_pid", 0x20000000 },
    { "newns_user", 0x10000000 }, { "newns_net", 0x40000000 }, { "newns_mount", 0x00020000 },
}
local PD_DAEMON = 1
local STREAMS = { "stdin", "stdout", "stderr" }

local KNOWN = {}
for name in ([[ newns_uts newns_ipc newns_pid newns_user newns_net newns_mount environment stdin stdout stderr init
    source_tree_cache native_modules_cache ld_library_directories libc_service pd_daemon ipc seccomp supervisor jit
    package_path die_with_host ]]):gmatch("%S+") do
    KNOWN[name] = true
end

-- A wall whose name is misspelt would be missing.
local function check_names(opts)
    for name in pairs(opts) do
        if not KNOWN[name] then raise("EINVAL", "subprocess/" .. tostring(name)) end
    end
end

local function check_namespaces(opts)
    local flags = 0
    for _, namespace in ipairs(NAMESPACES) do
        local name, flag = namespace[1], namespace[2]
        local wanted = opts[name]
        if wanted ~= nil and type(wanted) ~= "boolean" then raise("EINVAL", "subprocess/" .. name) end
        if wanted ~= nil and not LINUX then raise("ENOTSUP") end
        if wanted then flags = flags + flag end
    end
    return flags
end

-- The descriptor of an option: its number.
local function number(fd, arg)
    descriptor.use(fd, arg, arg)
    return descriptor.number(fd)
end

-- What the streams are for the native half: nil, true, or a number.
local function check_streams(opts)
    local streams = {}
    for i, name in ipairs(STREAMS) do
        local value, arg = opts[name], "subprocess/" .. name
        if value == "share" then
            streams[i] = true
        elseif value ~= nil then
            streams[i] = number(value, arg)
        end
    end
    return streams
end

local function check_environment(environment)
    local arg = "subprocess/environment"
    if environment == nil then return {} end
    if type(environment) ~= "table" then raise("EINVAL", arg) end
    for name, value in pairs(environment) do
        if type(name) ~= "string" or type(value) ~= "string" then raise("EINVAL", arg) end
    end
    return environment
end

local function check_tree(tree, arg)
    if type(tree) ~= "table" then raise("EINVAL", arg) end
    for name, value in pairs(tree) do
        if type(name) ~= "string" then raise("EINVAL", arg) end
        if type(value) ~= "string" then check_tree(value, arg) end
    end
    return tree
end

-- Text that makes values the globals of an init script, on its first line.
local function globals_of(values)
    local arg = "subprocess/init/values"
    if type(values) ~= "table" then raise("EINVAL", arg) end
    local text = {}
    for name, value in pairs(values) do
        if type(name) ~= "string" then raise("EINVAL", arg) end
        text[#text + 1] = ("_G[%s]=%s;"):format(literal(name), literal(value) or raise("EINVAL", arg))
    end
    return table.concat(text)
end

local function check_init(init)
    if init == nil then return nil end
    if type(init) ~= "table" then raise("EINVAL", "subprocess/init") end
    local argument = init.arg
    if argument ~= nil then argument = number(argument, "subprocess/init/arg") end
    local script, values = init.script, init.values
    if type(script) ~= "string" then raise("EINVAL", "subprocess/init/script") end
    if values ~= nil and script ~= "" then script = globals_of(values) .. script end
    return script, argument
end

-- The descriptor of a libc_service.slave, and the slave.
local function check_slave(slave)
    if slave == nil then return nil end
    local slaves = import("libc_service.slave")
    local service = slaves.use(slave, "subprocess/libc_service")
    slaves.check_actors()
    return service, slave
end

-- The seccomp program as bytes.
local function check_seccomp(program)
    local arg = "subprocess/seccomp"
    if program == nil then return nil end
    if class_name(program) ~= "byte_span" or #program == 0 or #program % 8 ~= 0 then raise("EINVAL", arg) end
    if not LINUX then raise("ENOTSUP") end
    return tostring(program)
end

local function check_boolean(opts, name, default)
    local value = opts[name]
    if value == nil then return default end
    if type(value) ~= "boolean" then raise("EINVAL", "subprocess/" .. name) end
    return value
end

-- The search path of a child that is a VM in module form, whatever the host is, and loads no C modules.
local function check_package_path(path)
    if path ~= nil and type(path) ~= "string" then raise("EINVAL", "subprocess/package_path") end
    return path
end

-- The limit of texts in the second format; 0 is the first.
local function check_ipc(ipc)
    if ipc == nil then return 0 end
    local limit = type(ipc) == "table" and ipc.strings
    if type(limit) ~= "number" or limit % 1 ~= 0 or not (limit >= 1 and limit <= limits.ipc_long_string) then
        raise("EINVAL", "subprocess/ipc")
    end
    return limit
end

-- The native modules that the child may load without files: their paths by id, and those of directories.
local function check_native_modules(list)
    local arg = "subprocess/native_modules_cache"
    if list == nil then return nil end
    if list == "all" then return import("subprocess.native_modules").all() end
    if type(list) ~= "table" then raise("EINVAL", arg) end
    for i = 1, #list do
        if type(list[i]) ~= "string" then raise("EINVAL", arg) end
    end
    return import("subprocess.native_modules").find(list)
end

-- The directories of libraries that the child gets, which only FreeBSD's dynamic linker finds by descriptors: numbers.
local function check_library_directories(list)
    local arg = "subprocess/ld_library_directories"
    if list == nil then return nil end
    if not FREEBSD then raise("ENOTSUP") end
    if type(list) ~= "table" then raise("EINVAL", arg) end
    local numbers = {}
    for i = 1, #list do numbers[i] = number(list[i], arg) end
    return numbers
end

-- Where the child's entry comes from: the fields of its configuration.
local function entry(own, importer)
    local id = own.module
    if own.source ~= nil then
        return { text = own.source, chunk_name = "=" .. (own.name or "worker") }
    elseif class_name(id) == "filesystem.path" then
        local path = tostring(id)
        return { file = path, root = ids.directory(path), leaf = false }
    elseif id == nil or id == "" then
        return {}
    end
    local found = module.resolve(importer, id)
    return { file = found.path, root = found.root or ids.directory(found.path), leaf = found.leaf or false }
end

-- The channel to a new process. `own` are the options of spawn_vm, `importer` the module that calls it.
function spawn.spawn(own, importer)
    local opts = own.subprocess
    if not LINUX and not FREEBSD then raise("ENOTSUP") end
    check_names(opts)
    local flags = check_namespaces(opts)
    if opts.pd_daemon and FREEBSD then flags = flags + PD_DAEMON end
    local streams = check_streams(opts)
    local configuration = entry(own, importer)
    configuration.environment = check_environment(opts.environment)
    configuration.tree = opts.source_tree_cache ~= nil
        and check_tree(opts.source_tree_cache, "subprocess/source_tree_cache") or {}
    local native_modules = check_native_modules(opts.native_modules_cache)
    local directories = check_library_directories(opts.ld_library_directories)
    local script, argument = check_init(opts.init)
    configuration.limit = check_ipc(opts.ipc)
    local service, slave = check_slave(opts.libc_service)
    -- Numbers behind the inbox: the service's, then those of the directories.
    configuration.first_directory = service and 2 or 1
    configuration.library_directories = directories and #directories or 0
    local filter = check_seccomp(opts.seccomp)
    local nested = check_boolean(opts, "supervisor", true)
    local compiles = check_boolean(opts, "jit", jit.status() and true or false)
    local bound = check_boolean(opts, "die_with_host", false)
    local path = check_package_path(opts.package_path)
    configuration.program = raw.program ~= nil and path == nil
    configuration.path, configuration.cpath = path or package.path, path and "" or package.cpath
    configuration.single = own.concurrency_hint == 1
    configuration.native_modules = native_modules and native_modules.names
    supervisor.start()
    if slave then import("libc_service.slave").send_filters(slave) end

    local pid, handle, socket = functions.supervisor_spawn(flags, streams[1], streams[2], streams[3], bound)
    if not pid then
        if slave then import("libc_service.slave").consume(slave) end
        if handle == -errors.number.EIO then errors.raise_misc(2) end
        raise_code(handle)
    end
    local new = channel.adopt(socket, handle, pid, configuration.limit)
    local code = functions.supervisor_configure(socket, serial.encode(configuration), script, argument,
        native_modules and native_modules.paths, filter, nested, compiles, service, directories)
    if slave then import("libc_service.slave").consume(slave) end
    if code then
        new:kill()
        raise_code(code)
    end
    return new
end

return spawn
