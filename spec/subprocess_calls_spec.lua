-- Every function of an init.script, actors §13.3, §13.4 and §13.6: what it returns when it succeeds and when it fails,
-- with errexit and without. What the calls do is in subprocess_init_spec.lua.

local helper = require "spec.helper"
local subprocess = require "spec.subprocess_helper"

local fiber, script = helper.fiber, subprocess.script

helper.install()

local NEW = { newns_mount = true, newns_uts = true, newns_ipc = true }

-- Calls that fail, in an order in which none changes what the next does: function, call, error. `functions` is what
-- the report names.
local WITHOUT_RIGHTS = "(function() C.cap_set_proc '=' return %s end)()"
local FAILING = {}
local function failing(name, call, code) FAILING[#FAILING + 1] = { name = name, call = call, code = code } end
local function denied(name, call) failing(name, WITHOUT_RIGHTS:format(call), "EPERM") end

for name, arguments in pairs {
    dup = "-1", dup2 = "-1, 20", close = "-1", read = "-1, 1", write = "-1, 'x'", listen = "-1, 1",
    fsmount = "-1, 0, 0", fspick = "-1, 'x', 0", open_tree = "-1, 'x', 0", move_mount = "-1, 'x', -1, 'y', 0",
    mount_setattr = "-1, 'x', 0, { attr_set = C.MOUNT_ATTR_RDONLY }", setns = "-1, 0",
    landlock_add_rule = "-1, 'path_beneath', { allowed_access = { 'execute' }, parent_fd = -1 }",
    landlock_restrict_self = "-1",
} do
    failing(name, ("C.%s(%s)"):format(name, arguments), "EBADF")
end
for name, arguments in pairs {
    open = "'/none', C.O_RDONLY", access = "'/none', 0", eaccess = "'/none', 0", mkdir = "'/none/x', 0",
    mkfifo = "'/none/x', 0", mknod = "'/none/x', C.S_IFCHR, 0", link = "'/none', '/none/x'",
    linkat = "C.AT_FDCWD, '/none', C.AT_FDCWD, '/none/x', 0", symlink = "'x', '/none/x'", chown = "'/none', 0, 0",
    chmod = "'/none', 0", chdir = "'/none'", chroot = "'/none'", mount = "'x', '/none', 'tmpfs', 0",
    umount = "'/none'",
    umount2 = "'/none', 0", pivot_root = "'/none', '/none'", execve = "'/none', {}, {}",
} do
    failing(name, ("C.%s(%s)"):format(name, arguments), "ENOENT")
end
for name, arguments in pairs {
    fsconfig = "-1, 0, nil, nil, 0", setpgid = "0, -1", sethostname = "('x'):rep(100)",
    setdomainname = "('x'):rep(100)", unshare = "1", fexecve = "-1, {}, {}", seccomp_set_mode_filter = "''",
} do
    failing(name, ("C.%s(%s)"):format(name, arguments), "EINVAL")
end
failing("fsopen", "C.fsopen('none', 0)", "ENODEV")
failing("socket", "C.socket(-1, 0, 0)", "EAFNOSUPPORT")
failing("landlock_create_ruleset", "C.landlock_create_ruleset { handled_access_fs = {} }", "ENOMSG")
failing("setsid", "(function() C.setsid() return C.setsid() end)()", "EPERM")
failing("write", "write_all(-1, 'x')", "EBADF")
failing("send_with_fd", "send_with_fd(-1, 'x', 0)", "EBADF")
failing("bind_unix", "bind_unix(-1, 'x')", "EBADF")
failing("receive_with_fd", "receive_with_fd(-1, 1)", "EBADF")
denied("setresuid", "C.setresuid(1, 1, 1)")
denied("setresgid", "C.setresgid(1, 1, 1)")
denied("setgroups", "C.setgroups { 1 }")
denied("cap_set_proc", "C.cap_set_proc 'cap_kill=ep'")
denied("cap_drop_bound", "C.cap_drop_bound 'cap_kill'")
denied("cap_set_ambient", "C.cap_set_ambient('cap_kill', true)")
denied("cap_set_secbits", "C.cap_set_secbits(C.SECBIT_NOROOT)")

-- What is returned in front of the error number.
local VALUES = { read = "nil", receive_with_fd = "nil\t-1" }

-- Calls that succeed, one after the other, and what they return. FD is a descriptor's number.
local SUCCEEDING = {
    { "C.mount(nil, '/', nil, bit.bor(C.MS_REC, C.MS_PRIVATE))", "0\t0" },
    { "C.mount('tmpfs', '/mnt', 'tmpfs', 0, 'size=1M')", "0\t0" },
    { "C.chdir '/mnt'", "0\t0" },
    { "C.umask(0) and C.umask(18)", "0" },
    { "C.mkdir('d', mode(7, 5, 5))", "0\t0" },
    { "C.mkfifo('p', mode(6, 0, 0))", "0\t0" },
    { "C.mknod('n', bit.bor(C.S_IFCHR, 384), C.makedev(1, 3))", "0\t0" },
    { "C.makedev(1, 3)", "259" },
    { "C.open('f', bit.bor(C.O_RDWR, C.O_CREAT), mode(6, 4, 4))", "FD\t0" },
    { "C.write(fd, 'a\\0c')", "3\t0" },
    { "C.link('f', 'g')", "0\t0" },
    { "C.linkat(C.AT_FDCWD, 'f', C.AT_FDCWD, 'h', 0)", "0\t0" },
    { "C.symlink('f', 's')", "0\t0" },
    { "C.chown('f', 0, 0)", "0\t0" },
    { "C.chmod('f', mode(6, 0, 0))", "0\t0" },
    { "C.access('f', C.R_OK)", "0\t0" },
    { "C.eaccess('f', C.W_OK)", "0\t0" },
    { "C.open('s', C.O_RDONLY)", "FD\t0" },
    { "#C.read(fd, 10)", "3" },
    { "C.read(fd, 10)", "\t0" },
    { "C.dup(fd)", "FD\t0" },
    { "C.dup2(fd, 40)", "40\t0" },
    { "C.close(fd)", "0\t0" },
    { "C.closefrom(40)", "" },
    { "C.socket(C.AF_UNIX, C.SOCK_STREAM, 0)", "FD\t0" },
    { "bind_unix(fd, 'socket')", "0\t0" },
    { "C.listen(fd, 1)", "0\t0" },
    { "C.mount('tmpfs', 'd', 'tmpfs', 0) and C.umount('d')", "0" },
    { "C.mount('tmpfs', 'd', 'tmpfs', 0) and C.umount2('d', C.MNT_DETACH)", "0" },
    { "C.fsopen('tmpfs', C.FSOPEN_CLOEXEC)", "FD\t0" },
    { "C.fsconfig(fd, C.FSCONFIG_CMD_CREATE, nil, nil, 0)", "0\t0" },
    { "C.fsmount(fd, C.FSMOUNT_CLOEXEC, 0)", "FD\t0" },
    { "C.mount_setattr(fd, '', C.AT_EMPTY_PATH, { attr_set = C.MOUNT_ATTR_NOEXEC })", "0\t0" },
    { "C.move_mount(fd, '', C.AT_FDCWD, 'd', C.MOVE_MOUNT_F_EMPTY_PATH)", "0\t0" },
    { "C.open_tree(C.AT_FDCWD, 'd', C.OPEN_TREE_CLONE)", "FD\t0" },
    { "C.fspick(C.AT_FDCWD, 'd', C.FSPICK_CLOEXEC)", "FD\t0" },
    { "C.open('/proc/self/ns/uts', C.O_RDONLY)", "FD\t0" },
    { "C.setns(fd, C.CLONE_NEWUTS)", "0\t0" },
    { "C.unshare(C.CLONE_NEWCGROUP)", "0\t0" },
    { "C.sethostname 'box'", "0\t0" },
    { "C.setdomainname 'box'", "0\t0" },
    { "C.setpgid(0, 0)", "0\t0" },
    { "C.setgroups {}", "0\t0" },
    { "C.setresgid(0, 0, 0)", "0\t0" },
    { "C.setresuid(0, 0, 0)", "0\t0" },
    { "C.cap_set_secbits(C.SECBIT_KEEP_CAPS)", "0\t0" },
    { "C.cap_drop_bound 'cap_sys_boot'", "0\t0" },
    { "C.cap_set_ambient('cap_kill', false)", "0\t0" },
    { "C.cap_reset_ambient()", "0\t0" },
    { "C.mkdir('old', 0)", "0\t0" },
    { "C.pivot_root('.', 'old')", "0\t0" },
    { "C.chroot '.'", "0\t0" },
    { "interface_up 'lo'", "0\t0" },
    { "set_dumpable(false)", "0\t0" },
    { "set_dumpable(true)", "0\t0" },
    { "set_no_new_privs()", "0\t0" },
    { "C.landlock_create_ruleset { handled_access_fs = { 'execute' } }", "FD\t0" },
    { "C.open('/', C.O_PATH)", "FD\t0" },
    { "C.landlock_add_rule(fd - 1, 'path_beneath', { allowed_access = { 'execute' }, parent_fd = fd })", "0\t0" },
    { "C.landlock_restrict_self(fd - 1)", "0\t0" },
    { "C.cap_set_proc '='", "0\t0" },
    { "C.seccomp_set_mode_filter('\\6\\0\\0\\0\\0\\0\\255\\127')", "0\t0" },
}

-- Those whose success is something else, or that only start other programs.
local APART = { setsid = true, execve = true, fexecve = true }

describe("the functions of an init.script", function()
    for _, errexit in ipairs { true, false } do
        it("return their results when they succeed, errexit = " .. tostring(errexit), fiber(function()
            local lines, expected = { "errexit = " .. tostring(errexit), "io.stdout:setvbuf 'no'", "local fd", [[
                local function show(opens, ...)
                    if opens then fd = ... end
                    local texts = {}
                    for i = 1, select("#", ...) do texts[i] = tostring((select(i, ...))) end
                    if opens and fd > 2 then texts[1] = "FD" end
                    io.write(table.concat(texts, "\t"), "\n")
                end
            ]] }, {}
            for i, case in ipairs(SUCCEEDING) do
                lines[#lines + 1] = ("show(%s, %s)"):format(tostring(case[2]:find "^FD" ~= nil), case[1])
                expected[i] = case[2]
            end
            assert.equal(table.concat(expected, "\n") .. "\n<started>", script(table.concat(lines, "\n"), NEW))
        end))
    end

    it("return -1 and the error number when they fail and errexit is false", fiber(function()
        local lines, expected = { "errexit = false" }, {}
        for i, case in ipairs(FAILING) do
            lines[#lines + 1] = ("print(%q, %s)"):format(case.name, case.call)
            expected[i] = ("%s\t%s\t%d"):format(case.name, VALUES[case.name] or "-1", helper.errno[case.code])
        end
        lines[#lines + 1] = "io.flush()"
        assert.equal(table.concat(expected, "\n") .. "\n<started>", script(table.concat(lines, "\n"), NEW))
    end))

    for _, case in ipairs(FAILING) do
        it("end the process when they fail and errexit is true: " .. case.name, fiber(function()
            local output = script(case.call .. " print 'went on'", NEW)
            assert.matches("^<3>ipc_actor/init/" .. case.name .. ": %u", output)
            assert.is_nil(output:find("went on", 1, true))
            assert.is_nil(output:find("<started>", 1, true))
        end))
    end

    it("are all called here", function()
        local chapter = {}
        for name in ([[
            dup dup2 close closefrom read write open socket listen access eaccess mkdir mkfifo mknod link linkat symlink
            chown chmod chdir chroot umask makedev mount umount umount2 pivot_root fsopen fsconfig fsmount fspick
            open_tree move_mount mount_setattr setsid setpgid setresuid setresgid setgroups sethostname setdomainname
            cap_set_proc cap_drop_bound cap_set_ambient cap_reset_ambient cap_set_secbits unshare setns execve fexecve
            seccomp_set_mode_filter landlock_create_ruleset landlock_add_rule landlock_restrict_self ]]):gmatch "%S+" do
            chapter[name] = true
        end
        local succeed, fail = {}, {}
        for _, case in ipairs(SUCCEEDING) do
            for name in case[1]:gmatch "C%.([%l_%d]+)" do succeed[name] = true end
        end
        for _, case in ipairs(FAILING) do fail[case.name] = true end
        -- These cannot fail.
        for _, name in ipairs { "closefrom", "umask", "makedev", "cap_reset_ambient" } do fail[name] = true end
        for name in pairs(chapter) do
            assert.is_true(fail[name], name)
            assert.is_true(succeed[name] or APART[name], name)
        end
    end)
end)
