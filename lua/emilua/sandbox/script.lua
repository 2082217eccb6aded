-- The init script of a sandbox: one text for all, in front of which stands the table `box` that says what it is to do.
local import = ...
local literal = import("subprocess.literal")

local script = {}

-- A process maps its own ids, one each, when it has given up setgroups(2): user_namespaces(7).
local WORLD = [==[
local function put(path, text)
    local fd, code = C.open(path, C.O_WRONLY)
    if fd == -1 then return fd, code end
    return C.write(fd, text)
end

-- How many numbers for processes a PID namespace has, seen by whoever is in it.
local PID_MAX = "/proc/sys/kernel/pid_max"

local function map_ids(ids)
    local result, code = put("/proc/self/setgroups", "deny")
    if result == -1 then return result, code end
    result, code = put("/proc/self/uid_map", ("%d %d 1\n"):format(ids.inside, ids.user))
    if result == -1 then return result, code end
    return put("/proc/self/gid_map", ("%d %d 1\n"):format(ids.inside, ids.group))
end

local SAFE = bit.bor(C.MOUNT_ATTR_NOSUID, C.MOUNT_ATTR_NODEV)
local SEALED = bit.bor(SAFE, C.MOUNT_ATTR_RDONLY, C.MOUNT_ATTR_NOEXEC)

-- A copy of the mounts at a path, with less rights.
local function take(path)
    local tree = C.open_tree(C.AT_FDCWD, path.name, bit.bor(C.OPEN_TREE_CLONE, C.OPEN_TREE_CLOEXEC, C.AT_RECURSIVE))
    local attributes = SAFE
    if not path.write then attributes = bit.bor(attributes, C.MOUNT_ATTR_RDONLY) end
    if not path.exec then attributes = bit.bor(attributes, C.MOUNT_ATTR_NOEXEC) end
    C.mount_setattr(tree, "", bit.bor(C.AT_EMPTY_PATH, C.AT_RECURSIVE), { attr_set = attributes })
    return tree
end

local function empty_tree()
    local fs = C.fsopen("tmpfs", C.FSOPEN_CLOEXEC)
    C.fsconfig(fs, C.FSCONFIG_SET_STRING, "mode", "0755", 0)
    C.fsconfig(fs, C.FSCONFIG_CMD_CREATE, nil, nil, 0)
    return C.fsmount(fs, C.FSMOUNT_CLOEXEC, bit.bor(SAFE, C.MOUNT_ATTR_NOEXEC))
end

-- Makes where a path is mounted, below the current directory, unless it is there.
local function make_place(path)
    local strict = errexit
    local function there(place)
        errexit = false
        local found = C.access(place, C.F_OK) == 0
        errexit = strict
        return found
    end
    for last in path.name:gmatch("()/") do
        local parent = "." .. path.name:sub(1, last - 1)
        if not there(parent) then C.mkdir(parent, mode(7, 5, 5)) end
    end
    local place = "." .. path.name
    if there(place) then return place end
    if path.directory then
        C.mkdir(place, mode(7, 5, 5))
    else
        C.close(C.open(place, bit.bor(C.O_WRONLY, C.O_CREAT, C.O_EXCL), mode(4, 4, 4)))
    end
    return place
end

-- Leaves a root with the paths and nothing else. The new one lies on the old one until that is taken away, as
-- pivot_root(2) has it for two that are the same directory.
local function change_root(paths)
    C.mount(nil, "/", nil, bit.bor(C.MS_REC, C.MS_PRIVATE))
    local trees, root = {}, nil
    for i, path in ipairs(paths) do
        trees[i] = take(path)
        if path.name == "/" then root = trees[i] end
    end
    local is_empty = root == nil
    root = root or empty_tree()
    local result, code = C.move_mount(root, "", C.AT_FDCWD, "/", C.MOVE_MOUNT_F_EMPTY_PATH)
    if result == -1 then return result, code end
    C.chdir("/proc/self/fd/" .. root)
    for i, path in ipairs(paths) do
        if path.name ~= "/" then
            C.move_mount(trees[i], "", C.AT_FDCWD, make_place(path), C.MOVE_MOUNT_F_EMPTY_PATH)
        end
    end
    if is_empty then
        result, code = C.mount_setattr(root, "", C.AT_EMPTY_PATH, { attr_set = SEALED })
        if result == -1 then return result, code end
    end
    result, code = C.pivot_root(".", ".")
    if result == -1 then return result, code end
    C.umount2(".", C.MNT_DETACH)
    return C.chdir("/")
end
]==]

local BODY = [==[
local FILE_RIGHTS = { execute = true, write_file = true, read_file = true, truncate = true }

local function make_ruleset(rules, paths)
    local ruleset = C.landlock_create_ruleset {
        handled_access_fs = rules.handled, handled_access_net = rules.net, scoped = rules.scoped,
    }
    for _, path in ipairs(paths) do
        local rights = {}
        for _, right in ipairs(rules.handled) do
            if path.rights[right] and (path.directory or FILE_RIGHTS[right]) then rights[#rights + 1] = right end
        end
        local fd = C.open(path.name, bit.bor(C.O_PATH, C.O_CLOEXEC))
        C.landlock_add_rule(ruleset, "path_beneath", { allowed_access = rights, parent_fd = fd })
        C.close(fd)
    end
    return ruleset
end

local function drop_capabilities()
    local bits = bit.bor(C.SECBIT_NOROOT, C.SECBIT_NO_SETUID_FIXUP, C.SECBIT_NO_CAP_AMBIENT_RAISE)
    local locks = bit.bor(C.SECBIT_NOROOT_LOCKED, C.SECBIT_NO_SETUID_FIXUP_LOCKED, C.SECBIT_KEEP_CAPS_LOCKED,
        C.SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)
    C.cap_reset_ambient()
    -- Who has no capabilities cannot, and need not.
    errexit = false
    C.cap_set_secbits(bit.bor(bits, locks))
    C.cap_drop_bound("all")
    errexit = true
    C.cap_set_proc("=")
end

if box.cgroup then
    put(box.cgroup .. "/cgroup.procs", "0")
    -- By this the host knows later that there has been a process.
    put(box.cgroup .. "/cgroup.max.descendants", "0")
end
if box.ids then map_ids(box.ids) end
if box.pid_max then put(PID_MAX, tostring(box.pid_max)) end
if box.hostname then
    C.sethostname(box.hostname)
    C.setdomainname("(none)")
end
if box.root then change_root(box.paths) end
C.setsid()
for name, value in pairs(box.limits) do C.setrlimit(C[name], value, value) end
local ruleset = box.landlock and make_ruleset(box.landlock, box.paths)
drop_capabilities()
set_no_new_privs()
if ruleset then C.landlock_restrict_self(ruleset) end
]==]

-- Says for each step the error number, or 0, and behind it the result.
local PROBE = [==[
errexit = false
local function tell(name, result, code)
    C.write(arg, ("%s %d %d\n"):format(name, result == -1 and code or 0, result))
end
if box.ids then tell("user_namespace", map_ids(box.ids)) end
if box.pid_max then
    -- The least is larger where there are many processors.
    local least, result, code = box.pid_max, nil, nil
    repeat
        result, code = put(PID_MAX, tostring(least))
        if result == -1 then least = least * 2 end
    until result ~= -1 or least > 2 ^ 22
    tell("pid_max", result == -1 and -1 or least, code)
end
if box.root then tell("mount_namespace", change_root({})) end
tell("landlock_version", C.landlock_create_ruleset(nil, { "version" }))
set_no_new_privs()
local ruleset, code = C.landlock_create_ruleset { handled_access_fs = { "execute" } }
if ruleset ~= -1 then ruleset, code = C.landlock_restrict_self(ruleset) end
tell("landlock", ruleset, code)
-- One instruction, which allows everything.
tell("seccomp", C.seccomp_set_mode_filter("\6\0\0\0\0\0\255\127"))
os.exit(0)
]==]

local function with(box, text) return "local box = " .. literal(box) .. "\n" .. WORLD .. text end

function script.build(box) return with(box, BODY) end

function script.probe(box) return with(box, PROBE) end

return script
