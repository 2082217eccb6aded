-- The closed container that is measured: new user, mount, PID, IPC and UTS namespaces, an empty root, no rights on
-- files by Landlock, and a seccomp profile.

local ffi = require "ffi"

local sandbox = {}

local NAMESPACES = { "newns_user", "newns_mount", "newns_pid", "newns_ipc", "newns_uts" }

-- x86_64: mount, umount2, swapon, reboot and ptrace are ENOSYS, all else is allowed.
local REFUSED = { 165, 166, 167, 169, 101 }

--- The seccomp program as bytes.
function sandbox.filter()
    local LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
    local ALLOW, ENOSYS = 0x7fff0000, 0x00050026
    local program = { { LOAD_NUMBER, 0, 0, 0 } }
    for i, number in ipairs(REFUSED) do program[i + 1] = { JUMP_IF_EQUAL, #REFUSED - i + 1, 0, number } end
    program[#program + 1] = { RETURN, 0, 0, ALLOW }
    program[#program + 1] = { RETURN, 0, 0, ENOSYS }
    local bytes = ffi.new("struct { uint16_t code; uint8_t yes, no; uint32_t k; }[?]", #program, program)
    return ffi.string(bytes, ffi.sizeof(bytes))
end

local SCRIPT = [[
    local uid, gid, filter = %d, %d, %q
    local function put(path, text)
        local fd = C.open(path, C.O_WRONLY)
        C.write(fd, text)
        C.close(fd)
    end
    put("/proc/self/uid_map", "0 " .. uid .. " 1")
    put("/proc/self/setgroups", "deny")
    put("/proc/self/gid_map", "0 " .. gid .. " 1")
    C.mount(nil, "/", nil, bit.bor(C.MS_REC, C.MS_PRIVATE))
    C.mount(nil, "/mnt", "tmpfs", bit.bor(C.MS_NOSUID, C.MS_NODEV))
    C.chdir("/mnt")
    C.mkdir("mnt", mode(7, 5, 5))
    C.pivot_root(".", "mnt")
    C.umount2("mnt", C.MNT_DETACH)
    C.chroot(".")
    C.sethostname("box")
    set_no_new_privs()
    local rules = C.landlock_create_ruleset {
        handled_access_fs = {
            "execute", "write_file", "read_file", "read_dir", "remove_dir", "remove_file", "make_reg",
        },
    }
    C.landlock_restrict_self(rules)
    C.cap_set_proc("=")
    C.seccomp_set_mode_filter(filter)
]]

ffi.cdef "int geteuid(void); int getegid(void);"

--- The options of a subprocess.
function sandbox.options()
    local script = SCRIPT:format(ffi.C.geteuid(), ffi.C.getegid(), sandbox.filter())
    local options = { stderr = "share", init = { script = script } }
    for _, name in ipairs(NAMESPACES) do options[name] = true end
    return options
end

return sandbox
