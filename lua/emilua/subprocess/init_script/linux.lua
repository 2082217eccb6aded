-- What an init.script has on Linux beside POSIX.
local import = ...
local system = import("subprocess.init_script.calls")
local number_of = import("system.capabilities.names").number_of
local parse_capabilities = import("system.capabilities.text").parse
local constants, functions = system.constants, system.functions
local check_integer, check_string, check_bytes = system.check_integer, system.check_string, system.check_bytes
local ffi = require("ffi")
local bit, error, pairs, type = bit, error, pairs, type
local globals = _G

system.define([[
    umount s
    umount2 si
    unshare i
    setns ii ]])

-- mount(2) and the calls of fsopen(2), which libc may lack.
system.define_calls([[
    pivot_root ss
    fsopen Nu
    fsmount iuu
    fspick iNu
    open_tree iNu
    move_mount iNiNu ]])

ffi.cdef("int mount(const char *, const char *, const char *, unsigned long, const void *);")

function functions.mount(from, target, kind, flags, data)
    if from ~= nil then check_string("mount", 1, from) end
    check_string("mount", 2, target)
    if kind ~= nil then check_string("mount", 3, kind) end
    check_integer("mount", 4, flags)
    if data ~= nil then check_string("mount", 5, data) end
    return system.result("mount", ffi.C.mount(from, target, kind, flags, data))
end

local function check_nullable(name, value)
    if value ~= nil and type(value) ~= "string" then system.die(name, "invalid argument") end
end

-- The value of FSCONFIG_SET_BINARY is any bytes, as many as `aux` says.
function functions.fsconfig(fd, command, key, value, aux)
    check_integer("fsconfig", 1, fd)
    check_integer("fsconfig", 2, command)
    check_nullable("fsconfig", key)
    check_nullable("fsconfig", value)
    check_integer("fsconfig", 5, aux)
    return system.result("fsconfig", system.call(constants.SYS_fsconfig, fd, command, key, value, aux))
end

local mount_attr = ffi.typeof("struct { uint64_t attr_set, attr_clr, propagation, userns_fd; }")

function functions.mount_setattr(fd, path, flags, attributes)
    check_integer("mount_setattr", 1, fd)
    check_nullable("mount_setattr", path)
    check_integer("mount_setattr", 3, flags)
    if type(attributes) ~= "table" then system.die("mount_setattr", "invalid argument") end
    local attr = mount_attr()
    for _, field in pairs({ "attr_set", "attr_clr", "propagation", "userns_fd" }) do
        local value = attributes[field]
        if value ~= nil and type(value) ~= "number" then system.die("mount_setattr", "invalid argument") end
        attr[field] = value or 0
    end
    return system.result("mount_setattr",
        system.call(constants.SYS_mount_setattr, fd, path, flags, attr, ffi.sizeof(attr)))
end

local filter = ffi.typeof("struct { unsigned short len; const void *filter; }")
local SET_MODE_FILTER, INSTRUCTION = 1, 8

-- seccomp(2): an array of sock_filter.
function functions.seccomp_set_mode_filter(bpf)
    check_bytes("seccomp_set_mode_filter", 1, bpf)
    local count = #bpf / INSTRUCTION
    if count % 1 ~= 0 or count == 0 or count > 65535 then
        return system.fail("seccomp_set_mode_filter", constants.EINVAL)
    end
    local program = filter(count, ffi.cast("const char *", bpf))
    return system.result("seccomp_set_mode_filter",
        system.call(constants.SYS_seccomp, SET_MODE_FILTER, 0, program))
end

-- netdevice(7), by any socket of the namespace.
ffi.cdef('int emilua_ioctl(int, unsigned long, void *) __asm__("ioctl");')
local interface = ffi.typeof("struct { char name[16]; short flags; char rest[22]; }")
local SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

function globals.interface_up(name)
    check_string("interface_up", 1, name)
    if #name > 15 then return system.fail("interface_up", constants.ENAMETOOLONG) end
    local fd, code = functions.socket(constants.AF_UNIX, constants.SOCK_DGRAM, 0)
    if fd == -1 then return fd, code end
    local request = interface(name)
    local value = ffi.C.emilua_ioctl(fd, SIOCGIFFLAGS, request)
    if value == 0 then
        request.flags = bit.bor(request.flags, IFF_UP)
        value = ffi.C.emilua_ioctl(fd, SIOCSIFFLAGS, request)
    end
    code = ffi.errno()
    ffi.C.close(fd)
    ffi.errno(code)
    return system.result("interface_up", value)
end

-- capabilities(7). A malformed text or name ends the process.
ffi.cdef("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long);")

local PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_SECUREBITS, PR_CAP_AMBIENT = 4, 24, 28, 47
local AMBIENT_RAISE, AMBIENT_LOWER, AMBIENT_CLEAR_ALL = 2, 3, 4
local CAPABILITY_VERSION_3 = 0x20080522

local function prctl(name, option, a, b) return system.result(name, ffi.C.prctl(option, a, b or 0, 0, 0)) end

local function check_boolean(name, n, value)
    if type(value) == "boolean" then return end
    error(("bad argument #%d to '%s' (boolean expected, got %s)"):format(n, name, type(value)), 3)
end

-- A copy keeps what is set here; executing a program resets it.
function globals.set_dumpable(on)
    check_boolean("set_dumpable", 1, on)
    return prctl("set_dumpable", PR_SET_DUMPABLE, on and 1 or 0)
end

local function capability(name, text)
    check_string(name, 1, text)
    return number_of[text:lower()] or system.die(name, "unknown capability " .. text)
end

-- The two words of each set {effective, permitted, inheritable}, as capset(2) takes them.
local capability_header = ffi.typeof("struct { uint32_t version; int pid; }")
local capability_words = ffi.typeof("struct { uint32_t sets[3]; }[2]")

function functions.cap_set_proc(text)
    check_string("cap_set_proc", 1, text)
    local state = parse_capabilities(text) or system.die("cap_set_proc", "malformed text " .. text)
    local words = capability_words()
    for i = 1, 3 do
        for n in pairs(state[i]) do
            local set = words[n >= 32 and 1 or 0].sets
            set[i - 1] = set[i - 1] + 2 ^ (n % 32)
        end
    end
    return system.result("cap_set_proc",
        system.call(constants.SYS_capset, capability_header(CAPABILITY_VERSION_3), words))
end

function functions.cap_drop_bound(name)
    if name == "all" then
        -- By number, up to the last that the kernel knows: it may know more than have a name here.
        local n = 0
        while ffi.C.prctl(PR_CAPBSET_DROP, n, 0, 0, 0) == 0 do n = n + 1 end
        return system.result("cap_drop_bound", n > 0 and ffi.errno() == constants.EINVAL and 0 or -1)
    end
    return prctl("cap_drop_bound", PR_CAPBSET_DROP, capability("cap_drop_bound", name))
end

function functions.cap_set_ambient(name, on)
    local number = capability("cap_set_ambient", name)
    check_boolean("cap_set_ambient", 2, on)
    return prctl("cap_set_ambient", PR_CAP_AMBIENT, on and AMBIENT_RAISE or AMBIENT_LOWER, number)
end

function functions.cap_reset_ambient() return prctl("cap_reset_ambient", PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL) end

function functions.cap_set_secbits(bits)
    check_integer("cap_set_secbits", 1, bits)
    return prctl("cap_set_secbits", PR_SET_SECUREBITS, bits)
end

-- Numbers of <linux/mount.h>, which are the same on every architecture.
for name, number in pairs({
    FSOPEN_CLOEXEC = 1, FSMOUNT_CLOEXEC = 1,
    FSCONFIG_SET_FLAG = 0, FSCONFIG_SET_STRING = 1, FSCONFIG_SET_BINARY = 2, FSCONFIG_SET_PATH = 3,
    FSCONFIG_SET_PATH_EMPTY = 4, FSCONFIG_SET_FD = 5, FSCONFIG_CMD_CREATE = 6, FSCONFIG_CMD_RECONFIGURE = 7,
    FSCONFIG_CMD_CREATE_EXCL = 8,
    MOVE_MOUNT_F_SYMLINKS = 0x1, MOVE_MOUNT_F_AUTOMOUNTS = 0x2, MOVE_MOUNT_F_EMPTY_PATH = 0x4,
    MOVE_MOUNT_T_SYMLINKS = 0x10, MOVE_MOUNT_T_AUTOMOUNTS = 0x20, MOVE_MOUNT_T_EMPTY_PATH = 0x40,
    MOVE_MOUNT_SET_GROUP = 0x100, MOVE_MOUNT_BENEATH = 0x200,
    OPEN_TREE_CLONE = 1, OPEN_TREE_CLOEXEC = constants.O_CLOEXEC,
    FSPICK_CLOEXEC = 1, FSPICK_SYMLINK_NOFOLLOW = 2, FSPICK_NO_AUTOMOUNT = 4, FSPICK_EMPTY_PATH = 8,
    AT_RECURSIVE = 0x8000, AT_NO_AUTOMOUNT = 0x800,
    MOUNT_ATTR_RDONLY = 0x1, MOUNT_ATTR_NOSUID = 0x2, MOUNT_ATTR_NODEV = 0x4, MOUNT_ATTR_NOEXEC = 0x8,
    MOUNT_ATTR__ATIME = 0x70, MOUNT_ATTR_RELATIME = 0, MOUNT_ATTR_NOATIME = 0x10, MOUNT_ATTR_STRICTATIME = 0x20,
    MOUNT_ATTR_NODIRATIME = 0x80, MOUNT_ATTR_IDMAP = 0x100000, MOUNT_ATTR_NOSYMFOLLOW = 0x200000,
    MS_NOSYMFOLLOW = 256, MS_LAZYTIME = 0x2000000,
    SECBIT_NOROOT = 0x1, SECBIT_NOROOT_LOCKED = 0x2, SECBIT_NO_SETUID_FIXUP = 0x4, SECBIT_NO_SETUID_FIXUP_LOCKED = 0x8,
    SECBIT_KEEP_CAPS = 0x10, SECBIT_KEEP_CAPS_LOCKED = 0x20, SECBIT_NO_CAP_AMBIENT_RAISE = 0x40,
    SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED = 0x80,
    CLONE_NEWTIME = 0x80,
}) do
    constants[name] = number
end

return true
