-- The init script of a container: as root of the new user namespace it makes the world that CMD will see, then gives
-- its own power up. `container` are the options, `arg` is a socket from run.lua.
local NOSUID, NOEXEC = C.MOUNT_ATTR_NOSUID, C.MOUNT_ATTR_NOSUID + C.MOUNT_ATTR_NODEV + C.MOUNT_ATTR_NOEXEC
local RDONLY = { attr_set = C.MOUNT_ATTR_RDONLY }
-- Capabilities that nobody in the container can get.
local DROPPED = [[
    audit_control audit_read block_suspend bpf checkpoint_restore dac_read_search ipc_lock ipc_owner lease
    linux_immutable mac_admin mac_override net_admin net_broadcast perfmon sys_admin sys_boot sys_module sys_nice
    sys_pacct sys_ptrace sys_rawio sys_resource sys_time sys_tty_config syslog wake_alarm ]]

local function try(call, ...)
    errexit = false
    local result = call(...)
    errexit = true
    return result ~= -1 and result
end

-- A file or directory as a mount of its own, which can be attached where its path is out of reach.
local function take(path, read_only)
    local fd = C.open_tree(C.AT_FDCWD, path, C.OPEN_TREE_CLONE + C.AT_RECURSIVE)
    if read_only then C.mount_setattr(fd, "", C.AT_EMPTY_PATH + C.AT_RECURSIVE, RDONLY) end
    return fd
end

-- A file system as such a mount; `options` as mount(8) has them.
local function make(kind, attributes, options)
    local context = C.fsopen(kind, 0)
    for name, value in (options or ""):gmatch "([^,=]+)=([^,]+)" do
        C.fsconfig(context, C.FSCONFIG_SET_STRING, name, value, 0)
    end
    C.fsconfig(context, C.FSCONFIG_CMD_CREATE, nil, nil, 0)
    return C.fsmount(context, 0, attributes)
end

local function attach(fd, path) C.move_mount(fd, "", C.AT_FDCWD, path, C.MOVE_MOUNT_F_EMPTY_PATH) end

-- Makes what a mount is to lie over, and the directories that lead there.
local function place(path, is_file)
    for n in path:gmatch("()/") do try(C.mkdir, path:sub(1, n), mode(7, 5, 5)) end
    if is_file then C.close(C.open(path, C.O_CREAT, mode(6, 4, 4))) else try(C.mkdir, path, mode(7, 5, 5)) end
    return path
end

-- The host maps ids and makes the interface meanwhile. If it is gone, so is the need for this.
if C.read(arg, 1) ~= "." then os.exit(1) end
C.setsid()
try(C.setgroups, {}) -- refused where an ordinary user has mapped one id
C.sethostname(container.hostname)
C.unshare(C.CLONE_NEWCGROUP)
interface_up "lo"

-- What comes from the host, taken while there are paths to it.
C.umask(0)
C.mount(nil, "/", nil, C.MS_REC + C.MS_PRIVATE)
local mounts = {
    { "/proc", make("proc", NOEXEC) }, { "/dev", make("tmpfs", NOSUID, "mode=755") },
    { "/dev/pts", make("devpts", NOSUID + C.MOUNT_ATTR_NOEXEC, "ptmxmode=666,mode=620") },
    { "/dev/shm", make("tmpfs", NOEXEC, "mode=1777") }, { "/dev/mqueue", make("mqueue", NOEXEC) },
    -- Refused to who is in a container already.
    { "/sys", try(make, "sysfs", NOEXEC + C.MOUNT_ATTR_RDONLY) },
    { "/sys/fs/cgroup", try(make, "cgroup2", NOEXEC + C.MOUNT_ATTR_RDONLY) },
    container["read-only"] and { "/tmp", make("tmpfs", NOEXEC, "mode=1777") },
    container["read-only"] and { "/run", make("tmpfs", NOEXEC, "mode=755") },
}
local lower = C.open(container.root, C.O_PATH)
for _, v in ipairs(container.volume) do v.fd = take(v.from, v.read_only) end

-- The root is an overlay over the tree; what is changed goes to a tmpfs or to the directory asked for.
if not container.overlay then C.mount("tmpfs", container.root, "tmpfs", 0, "mode=755") end
C.chdir(container.overlay or container.root)
C.mount("overlay", container.root, "overlay", 0,
    ("userxattr,lowerdir=/proc/self/fd/%d,upperdir=%s,workdir=%s"):format(lower, place "upper", place "work"))
C.chdir(container.root)
-- The old root lies over the new one then. It goes before any path of the new one is used: `..` would lead to it, in a
-- link of the tree as well.
C.pivot_root(".", ".")
C.umount2(".", C.MNT_DETACH)
C.chdir "/"

for _, m in ipairs(mounts) do if m[2] then attach(m[2], place(m[1])) end end
for _, v in ipairs(container.volume) do attach(v.fd, place(v.to, v.is_file)) end
for name, to in pairs { ptmx = "pts/ptmx", fd = "/proc/self/fd", stdin = "fd/0", stdout = "fd/1", stderr = "fd/2" } do
    C.symlink(to, "/dev/" .. name)
end

-- Their owner is the host's root, who is root in here too when that is who runs the container.
for path in ("/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger"):gmatch "%S+" do
    if try(C.access, path, C.F_OK) then attach(take(path, true), path) end
end
for path in ([[/proc/acpi/ /proc/asound/ /proc/kcore /proc/keys /proc/kpagecgroup /proc/kpagecount /proc/kpageflags
    /proc/scsi/ /proc/timer_list /sys/devices/virtual/powercap/ /sys/firmware/]]):gmatch "%S+" do
    local cover = path:find "/$" and make("tmpfs", NOEXEC + C.MOUNT_ATTR_RDONLY) or take "/dev/null"
    if try(C.access, path, C.F_OK) then attach(cover, path) end
end
if container["read-only"] then C.mount_setattr(C.AT_FDCWD, "/", 0, RDONLY) end
C.umask(mode(0, 2, 2))

C.seccomp_set_mode_filter(container.filter)
for name in DROPPED:gmatch "%S+" do C.cap_drop_bound("cap_" .. name) end
C.cap_set_proc("all=ep " .. DROPPED:gsub("%S+", "cap_%0-ep"))
set_dumpable(false) -- what runs in here as root has all rights of the agent, but not over it
C.dup2(C.open("/dev/null", C.O_WRONLY), 2) -- what was for errors of this script
is_sealed = true
