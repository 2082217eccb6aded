-- init.script: actors §13. Each test is a script in a new process, and looks at what it prints.

local byte_span = require "emilua.byte_span"
local pipe = require "emilua.pipe"
local unix = require "emilua.unix"
local helper = require "spec.helper"
local subprocess = require "spec.subprocess_helper"

local fiber, script = helper.fiber, subprocess.script

helper.install()


-- The output of a script that succeeds.
local function succeeds(text, options)
    local output = script("io.stdout:setvbuf('no')\n" .. text, options)
    return assert(output:match("^(.*)<started>$"), output)
end

-- The output of a script that fails: no VM is started.
local function fails(text, options)
    local output = script("io.stdout:setvbuf('no')\n" .. text, options)
    assert.is_nil(output:find("<started>", 1, true), output)
    return output
end

-- What the expressions give, each in a line.
local function gives(...)
    local lines = {}
    for i, expression in ipairs { ... } do lines[i] = "print(" .. expression .. ")" end
    return (succeeds(table.concat(lines, "\n")))
end

local NEW = { newns_mount = true, newns_pid = true, newns_uts = true, newns_ipc = true }

describe("the environment of a script", function()
    it("is a plain Lua state with all libraries and no module of this one", fiber(function()
        assert.equal("true true true true nil nil\n", succeeds [[
            local names = {}
            for i, name in ipairs { "ffi", "bit", "io", "os" } do names[i] = tostring((pcall(require, name))) end
            print(table.concat(names, " "), package.loaded.emilua, package.preload["emilua.time"])
        ]]:gsub("\t", " "))
    end))

    it("runs once, before the actor's code", fiber(function()
        local init = { script = "print 'script' io.flush()" }
        local channel, output = subprocess.speaking("print 'actor'", { init = init })
        assert.equal("script\nactor\n", output())
        channel:close()
    end))

    it("has arg: the number of the descriptor that came along", fiber(function()
        assert.equal("nil\n", gives "arg")
        local ours, theirs = pipe.pair()
        local fd = theirs:release()
        local output = succeeds("print(type(arg), C.write(arg, 'by arg'))", { arg = fd })
        fd:close()
        assert.equal("number\t6\t0\n", output)
        local buffer = byte_span.new(10)
        assert.equal("by arg", tostring(buffer:first(ours:read_some(buffer))))
        ours:close()
    end))

    it("has values that came along, in front of its first line", fiber(function()
        local values = { text = "a\0\n\r\\\"]]\200", n = -1.5, big = 2 ^ 53, yes = false, list = { 1, { x = "y" } } }
        assert.equal(("%q\t-1.5\ttrue\tfalse\ty\ninit.script:3: here\n"):format(values.text), succeeds([[
            print(("%q"):format(text), n, big == 2 ^ 53, yes, list[2].x)
            print(select(2, pcall(function() error "here" end)))
        ]], { values = values }))
    end))

    it("has C, whose unknown names are an error", fiber(function()
        assert.equal("false\ttrue\n", succeeds [[
            local ok, message = pcall(function() return C.no_such_call end)
            print(ok, message:find("key not found", 1, true) ~= nil)
        ]])
    end))

    it("closes what the script has opened", fiber(function()
        local channel, output = subprocess.speaking([[
            local names = {}
            for name in io.popen("ls /proc/$PPID/fd"):lines() do names[#names + 1] = name end
            print(names[#names])
        ]], { init = { script = "for _ = 1, 50 do C.open('/dev/null', C.O_RDONLY) end" } })
        assert.is_true(tonumber(output()) < 20)
        channel:close()
    end))

    it("has a megabyte of memory", fiber(function()
        assert.matches("not enough memory\n$", fails "local t = {} for i = 1, 1e6 do t[i] = { i } end")
    end))

    it("is reported when it is no Lua, or raises", fiber(function()
        assert.matches("^init.script:2: ", fails "local = 1")
        assert.matches("^<3>ipc_actor/init/script: init.script:2: oops", fails "error 'oops'")
        assert.equal("<3>ipc_actor/init/script: the script is empty\n", script "")
        for raised, text in pairs {
            ["nil"] = "(error object is a nil value)", ["{}"] = "(error object is a table value)",
            ["setmetatable({}, { __tostring = function() return 'oops' end })"] = "oops",
        } do
            assert.equal("<3>ipc_actor/init/script: " .. text .. "\n", fails("error(" .. raised .. ")"))
        end
    end))

    it("is followed by no actor if it leaves no room for one, or takes its inbox away", fiber(function()
        assert.equal("<3>ipc_actor: Too many open files\n", fails "C.setrlimit(C.RLIMIT_NOFILE, 4, 4)")
        assert.equal("<3>ipc_actor: the init script has closed descriptor 3\n", fails "C.close(3)")
        assert.equal("<3>ipc_actor: the init script has closed descriptor 3\n",
            fails "C.dup2(C.open('/dev/null', C.O_RDWR), 3)")
    end))
end)

describe("arguments of calls", function()
    local function refused(expression, text)
        local output = succeeds("print((select(2, pcall(" .. expression .. "))))")
        assert.equal(text .. "\n", (output:gsub("^init.script:%d+: ", "")))
    end

    it("have types", fiber(function()
        refused("C.read, '0', 1", "bad argument #1 to 'read' (number expected, got string)")
        refused("C.mkdir, nil, 0", "bad argument #1 to 'mkdir' (string expected, got nil)")
        refused("C.mkdir, 'a\\0b', 0", "bad argument #1 to 'mkdir' (string contains zeros)")
        refused("write_all, 1, {}", "bad argument #2 to 'write_all' (string expected, got table)")
    end))

    it("are never taken for other numbers", fiber(function()
        for _, value in ipairs { "0.5", "0/0", "1/0", "2^32", "-2^31 - 1", "2^53" } do
            refused("C.setresuid, -1, -1, " .. value, "bad argument #3 to 'setresuid' (number out of range)")
        end
        refused("C.setgroups, { 2^32 }", "bad argument #1 to 'setgroups' (number out of range)")
        refused("C.read, 0, -1", "bad argument #2 to 'read' (number out of range)")
        refused("C.read, 0, 2^40", "bad argument #2 to 'read' (number out of range)")
    end))
end)

describe("errexit", function()
    it("is true: a failing call ends the process", fiber(function()
        assert.matches("^before\n<3>ipc_actor/init/mkdir: No such file or directory\n",
            fails "print 'before' C.mkdir('/nonexistent/x', 0) print 'after'")
    end))

    it("false lets it return -1 and the error number", fiber(function()
        assert.equal("-1\t2\ttrue\n", succeeds [[
            errexit = false
            local result, number = C.mkdir("/nonexistent/x", 0)
            print(result, number, number == C.ENOENT)
            errexit = true
        ]])
    end))

    it("does not matter for wrong types, which are errors of Lua", fiber(function()
        assert.equal("false\tfalse\tfalse\n", succeeds [[
            print((pcall(C.mkdir, {}, 0)), (pcall(C.close, "1")), (pcall(C.chdir, "a\0b")))
        ]])
    end))

    it("does not matter for malformed capabilities and lists: they end the process", fiber(function()
        for _, call in ipairs {
            "C.cap_set_proc('nonsense')", "C.cap_drop_bound('cap_nonsense')", "C.setgroups({'x'})",
            "C.execve('/bin/true', {1}, nil)", "C.execve('/bin/true', nil, {A = 1})", "C.fsopen(1, 0)",
            "C.mount_setattr(-100, '/', 0, {attr_set = 'x'})",
        } do
            assert.matches("^<3>ipc_actor/init/", fails("errexit = false " .. call), call)
        end
    end))
end)

describe("the helpers", function()
    it("mode, makedev, dev_major, dev_minor", fiber(function()
        assert.equal("493\n8\n3\n", gives("mode(7, 5, 5)", "dev_major(C.makedev(8, 3))", "dev_minor(C.makedev(8, 3))"))
    end))

    it("write_all writes all", fiber(function()
        local read, write = pipe.pair()
        local fd = write:release()
        local channel, output = subprocess.speaking("", {
            init = { script = "print(write_all(arg, ('x'):rep(200000))) io.flush()", arg = fd },
        })
        fd:close()
        local buffer, n = byte_span.new(65536), 0
        while true do
            local ok, got = pcall(read.read_some, read, buffer)
            if not ok then break end
            n = n + got
        end
        assert.equal(200000, n)
        assert.matches("^200000\t0\n", output())
        read:close()
        channel:close()
    end))

    it("send_with_fd and receive_with_fd pass descriptors over arg", fiber(function()
        local host, guest = unix.seqpacket.socket.pair()
        local fd = guest:release()
        local channel, output = subprocess.speaking("", {
            init = {
                arg = fd,
                script = [[
                    local bytes, received, code = receive_with_fd(arg, 10)
                    print(bytes, received > 2, code)
                    print(send_with_fd(arg, "back", received))
                    io.flush()
                ]],
            },
        })
        fd:close()
        local read, write = pipe.pair()
        local end_of_pipe = write:release()
        host:send_with_fds(byte_span.append("there"), { end_of_pipe })
        end_of_pipe:close()
        local buffer = byte_span.new(10)
        local n, fds = host:receive_with_fds(buffer, 1)
        assert.equal("back", tostring(buffer:first(n)))
        fds[1]:close()
        assert.matches("^there\ttrue\t0\n4\t0\n", output())
        host:close()
        read:close()
        channel:close()
    end))

    it("bind_unix binds sockets to paths and abstract names", fiber(function()
        local path = os.tmpname()
        os.remove(path)
        assert.equal("0\t0\n0\t0\n0\t0\n", succeeds(([[
            local s = C.socket(C.AF_UNIX, C.SOCK_STREAM, 0)
            print(bind_unix(s, %q))
            print(C.listen(s, 1))
            print(bind_unix(C.socket(C.AF_UNIX, C.SOCK_STREAM, 0), "\0emilua-spec-" .. %q))
        ]]):format(path, path)))
        os.remove(path)
    end))

    it("interface_up", fiber(function()
        assert.equal("0\t0\nup\n-1\t19\n-1\t36\n", succeeds([[
            errexit = false
            print(interface_up("lo"))
            for line in io.popen("ip link show lo"):lines() do
                if line:find("[<,]UP[,>]") then print("up") end
            end
            print(interface_up("nosuch"))
            print(interface_up(("x"):rep(16)))
        ]], { newns_net = true }))
    end))

    it("set_no_new_privs", fiber(function()
        assert.equal("0\t0\n1\n", succeeds [[
            print(set_no_new_privs())
            for line in io.lines("/proc/self/status") do
                local value = line:match("^NoNewPrivs:%s*(%d)")
                if value then print(value) end
            end
        ]])
    end))
end)

describe("the calls on files and descriptors", function()
    it("make, link, move through and change what a file system has", fiber(function()
        assert.equal("ok\n", succeeds([[
            C.mount("tmpfs", "/mnt", "tmpfs", 0)
            C.chdir("/mnt")
            C.umask(0)
            assert(C.umask(mode(0, 2, 2)) == 0)
            C.mkdir("d", mode(7, 5, 5))
            local fd = C.open("d/f", bit.bor(C.O_WRONLY, C.O_CREAT), mode(6, 4, 4))
            assert(C.write(fd, "text\0more") == 9)
            C.close(fd)
            C.link("d/f", "d/g")
            C.linkat(C.AT_FDCWD, "d/f", C.AT_FDCWD, "d/h", 0)
            C.symlink("f", "d/s")
            C.mkfifo("d/p", mode(6, 0, 0))
            C.chmod("d/f", mode(4, 0, 0))
            C.access("d/f", C.R_OK)
            C.eaccess("d/f", C.F_OK)
            fd = C.open("d/s", C.O_RDONLY)
            assert(C.read(fd, 100) == "text\0more")
            assert(C.read(fd, 100) == "")
            local other = C.dup(fd)
            C.dup2(fd, 20)
            C.closefrom(fd)
            errexit = false
            assert(select(2, C.read(other, 1)) == C.EBADF and select(2, C.read(20, 1)) == C.EBADF)
            print "ok"
        ]], NEW))
    end))

    it("chroot and pivot_root change what / is", fiber(function()
        assert.equal("0\nnil\n", succeeds([[
            C.mount(nil, "/", nil, bit.bor(C.MS_REC, C.MS_PRIVATE))
            C.mount(nil, "/mnt", "tmpfs", bit.bor(C.MS_NOSUID, C.MS_NODEV))
            C.mkdir("/mnt/mnt", mode(7, 5, 5))
            C.chdir("/mnt")
            print((C.pivot_root(".", "/mnt/mnt")))
            C.chroot(".")
            C.umount2("/mnt", C.MNT_DETACH)
            print((io.open("/etc/passwd")))
        ]], NEW))
    end))

    it("an actor in an empty root makes actors of its own", fiber(function()
        local channel, output = subprocess.speaking([[
            local emilua, inbox = require "emilua", require "emilua.inbox"
            local child = emilua.spawn_vm {
                subprocess = {}, source = "require('emilua.inbox'):receive():send('from within')",
            }
            child:send(inbox)
            print(inbox:receive())
        ]], { init = { script = [[
            C.mkdir("/tmp/emilua-spec-empty", mode(7, 0, 0))
            C.chroot("/tmp/emilua-spec-empty")
            C.chdir("/")
        ]] } })
        assert.equal("from within\n", output())
        os.remove("/tmp/emilua-spec-empty")
        channel:close()
    end))

    it("the new mount API mounts", fiber(function()
        assert.equal("true\n", succeeds([[
            local fs = C.fsopen("tmpfs", C.FSOPEN_CLOEXEC)
            C.fsconfig(fs, C.FSCONFIG_SET_STRING, "size", "1M", 0)
            C.fsconfig(fs, C.FSCONFIG_CMD_CREATE, nil, nil, 0)
            local tree = C.fsmount(fs, C.FSMOUNT_CLOEXEC, C.MOUNT_ATTR_NOEXEC)
            C.mount_setattr(tree, "", C.AT_EMPTY_PATH, { attr_set = C.MOUNT_ATTR_NOSUID })
            C.move_mount(tree, "", C.AT_FDCWD, "/mnt", C.MOVE_MOUNT_F_EMPTY_PATH)
            local copy = C.open_tree(C.AT_FDCWD, "/mnt", C.OPEN_TREE_CLONE)
            local picked = C.fspick(C.AT_FDCWD, "/mnt", C.FSPICK_CLOEXEC)
            C.mkdir("/mnt/x", mode(7, 0, 0))
            print(copy > 2 and picked > 2 and io.open("/mnt/x") ~= nil)
        ]], NEW))
    end))
end)

describe("setrlimit", function()
    it("sets the soft and the hard limit of a resource; nil is none", fiber(function()
        assert.equal("0\t0\n20 40\nunlimited unlimited\n", succeeds [[
            print(C.setrlimit(C.RLIMIT_NOFILE, 20, 40))
            C.setrlimit(C.RLIMIT_CPU, nil, nil)
            local limits = io.open("/proc/self/limits"):read("*a")
            for _, name in ipairs { "Max open files", "Max cpu time" } do
                print((limits:match(name .. "%s+(%S+%s+%S+)"):gsub("%s+", " ")))
            end
        ]])
        assert.matches("setrlimit: Invalid argument", fails "C.setrlimit(C.RLIMIT_NOFILE, 40, 20)")
        assert.equal("false\tfalse\n", succeeds "print((pcall(C.setrlimit)), (pcall(C.setrlimit, C.RLIMIT_AS, '1')))")
    end))
end)

describe("identity and namespaces", function()
    it("names of the host are the namespace's", fiber(function()
        assert.equal("box\n", succeeds([[
            C.sethostname("box")
            C.setdomainname("domain")
            io.write(io.open("/proc/sys/kernel/hostname"):read("*a"))
        ]], NEW))
    end))

    it("setsid, setpgid, setgroups and the ids", fiber(function()
        assert.equal("true\n0\t0\n", succeeds [[
            print(C.setsid() > 0)
            C.setgroups({ 1234, 5678 })
            C.setresgid(65534, 65534, 65534)
            print(C.setresuid(65534, 65534, 65534))
        ]])
    end))

    it("unshare and setns", fiber(function()
        assert.equal("0\t0\n0\t0\n", succeeds [[
            local own = C.open("/proc/self/ns/uts", C.O_RDONLY)
            print(C.unshare(bit.bor(C.CLONE_NEWUTS, C.CLONE_NEWCGROUP)))
            C.sethostname("other")
            print(C.setns(own, C.CLONE_NEWUTS))
        ]])
    end))

    it("the script is PID 1 of a new PID namespace, the actor is another process", fiber(function()
        local channel, output = subprocess.speaking(
            [[print("actor", require("ffi").C.getpid())]],
            { newns_user = true, newns_pid = true, init = { script = [[
                local ffi = require "ffi"
                ffi.cdef "int getpid(void);"
                print("script", ffi.C.getpid())
                io.flush()
            ]] } })
        local text = output()
        channel:close()
        assert.matches("^script\t1\n", text)
    end))

    it("execve replaces the process", fiber(function()
        local output = script [[C.execve("/bin/echo", { "echo", "replaced" }, { A = "b" })]]
        assert.equal("replaced\n", output)
        output = script [[
            C.fexecve(C.open("/usr/bin/env", C.O_RDONLY), { "env" }, { ONLY = "this" })
        ]]
        assert.equal("ONLY=this\n", output)
    end))
end)

describe("rights", function()
    it("capabilities are set, dropped and made ambient", fiber(function()
        assert.equal("CapEff:\t0000000000000020\n", succeeds [[
            C.cap_set_secbits(bit.bor(C.SECBIT_NOROOT, C.SECBIT_NO_SETUID_FIXUP))
            C.cap_drop_bound("cap_sys_boot")
            C.cap_set_proc("cap_kill=eip cap_setpcap+p")
            C.cap_set_ambient("cap_kill", true)
            C.cap_reset_ambient()
            for line in io.lines("/proc/self/status") do
                if line:find("^CapEff") then print(line) end
            end
        ]])
    end))

    it("all capabilities are dropped from the bounding set at once", fiber(function()
        assert.equal("-1\t1\nCapBnd:\t0000000000000000\n", succeeds [[
            C.cap_drop_bound("all")
            for line in io.lines("/proc/self/status") do
                bounding = line:match("^CapBnd.*") or bounding
            end
            C.cap_set_proc("=")
            errexit = false
            print(C.cap_drop_bound("all"))
            print(bounding)
        ]])
    end))

    it("seccomp takes a program", fiber(function()
        -- ld [nr]; jeq mkdir -> errno 38; allow: on x86_64 mkdir is 83 and mkdirat 258.
        assert.equal("-1\t22\n-1\t38\n", succeeds [[
            local ffi = require "ffi"
            local code = ffi.new("struct { uint16_t code; uint8_t jt, jf; uint32_t k; }[5]", {
                { 0x20, 0, 0, 0 }, { 0x15, 1, 0, 83 }, { 0x15, 0, 1, 258 }, { 0x06, 0, 0, 0x00050026 },
                { 0x06, 0, 0, 0x7fff0000 },
            })
            set_no_new_privs()
            errexit = false
            print(C.seccomp_set_mode_filter("odd"))
            errexit = true
            C.seccomp_set_mode_filter(ffi.string(code, ffi.sizeof(code)))
            errexit = false
            print(C.mkdir("/tmp/never", 0))
        ]])
    end))
end)

describe("the constants", function()
    it("have the names of the chapter", fiber(function()
        local names = [[ EPERM ENOENT EXDEV ETXTBSY O_RDONLY O_TMPFILE O_PATH S_IRWXU S_ISVTX S_IFCHR F_OK AT_FDCWD
            AT_EMPTY_PATH AF_UNIX SOCK_SEQPACKET IPPROTO_SCTP SOMAXCONN MS_BIND MS_NOSYMFOLLOW MNT_DETACH
            UMOUNT_NOFOLLOW FSCONFIG_CMD_CREATE_EXCL MOVE_MOUNT_BENEATH OPEN_TREE_CLONE FSPICK_EMPTY_PATH
            AT_RECURSIVE MOUNT_ATTR__ATIME MOUNT_ATTR_IDMAP CLONE_NEWCGROUP CLONE_NEWTIME SECBIT_KEEP_CAPS_LOCKED ]]
        assert.equal("ok\n", succeeds(([[
            for name in (%q):gmatch("%%S+") do assert(type(C[name]) == "number", name) end
            print "ok"
        ]]):format(names)))
    end))
end)

