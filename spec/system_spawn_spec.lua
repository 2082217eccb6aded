-- system.spawn: every option, what the child finds, and what is refused.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local filesystem = require "emilua.filesystem"
local system = require "emilua.system"
local environment = require "spec.environment"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local process = require "spec.process_helper"

local spawn = emilua.spawn
local closing = fd.closing
local shell, refused, NONE = process.shell, process.refused, process.NONE
local path = filesystem.path.new

-- The descriptor that signal handlers write to stays open once it is.
setup(function() system.signal.set.new(system.signal.SIGUSR1) end)

helper.install()

local function output(...) return (shell(...)) end

local DIRECTORY, RDONLY = 0x10000, 0 -- of open(2)

-- Values that are no descriptor, for an option that takes one.
local function check_descriptor_option(name, more)
    local opts = more or {}
    for _, value in ipairs(fd.wrong_descriptors()) do
        opts[name] = value
        -- A program may be a string.
        if name ~= "program" or type(value) ~= "string" then refused(opts, name) end
    end
    local locked = fd.open "/dev/null"
    fd.lock(locked)
    opts[name] = locked
    helper.EBUSY(function()
        local all = { program = "true" }
        for key, value in pairs(opts) do all[key] = value end
        system.spawn(all)
    end, name)
    fd.unlock(locked)
end

local function check_wrong_types(name, values, more)
    for _, value in ipairs(values) do
        local opts = { [name] = value }
        for key, other in pairs(more or {}) do opts[key] = other end
        refused(opts, name)
    end
end

describe("system.spawn", function()
    it("takes a table", function()
        helper.argument_error(function() system.spawn() end, 1)
        helper.argument_error(function() system.spawn "true" end, 1)
    end)

    it("returns a subprocess, also outside of a run", function()
        local p = system.spawn{ program = "true" }
        assert.equal("subprocess", getmetatable(p))
        helper.run(function() p:wait() end)
        assert.equal(0, p.exit_code)
    end)

    it("ignores unknown options", closing(function()
        assert.same({ "", 0 }, { shell("", { no_such_option = 1 }) })
    end))

    it("reports what fails before or in exec, and leaves no child", closing(function()
        helper.raises("system", "ENOENT", function() system.spawn{ program = "/no/such/program" } end)
        helper.raises("system", "EACCES", function() system.spawn{ program = "/etc/passwd" } end)
        helper.raises("system", "EACCES", function() system.spawn{ program = "/" } end)
        helper.raises("system", "ENOENT", function()
            system.spawn{ program = "true", working_directory = path "/no/such/directory" }
        end)
        helper.raises("system", "ENOTTY", function()
            system.spawn{ program = "true", start_new_session = true, set_ctty = fd.open "/dev/null" }
        end)
        process.none_left()
    end))

    it("is no suspension point", closing(function()
        emilua.this_fiber.forbid_suspend()
        local p = process.start "exit 4"
        emilua.this_fiber.allow_suspend()
        p:wait()
        assert.equal(4, p.exit_code)
    end))
end)

describe("the option program", function()
    it("without a slash is searched along PATH", closing(function()
        local directory = os.tmpname()
        os.remove(directory)
        helper.shell(("mkdir %s; printf '#!/bin/sh\necho found' > %s/emilua-spec; chmod +x %s/emilua-spec"):format(
            directory, directory, directory))
        local text = helper.child([[
            local emilua, system = require "emilua", require "emilua.system"
            emilua.run(function()
                local p = system.spawn{ program = "emilua-spec", arguments = { "x" }, stdout = "share" }
                p:wait()
            end)
            print(pcall(system.spawn, { program = "no-such-program" })) ]],
            {
                before = ("PATH=/no/such/directory:/etc/passwd:%s:/usr/bin:/bin;"):format(directory),
            })
        helper.shell("rm -r " .. directory)
        assert.equal("found\nfalse\tNo such file or directory\n", text)
    end))

    it("with a slash, or as a path, is used as is", closing(function()
        assert.equal("ok\n", output("echo ok", { program = "/bin/sh" }))
        assert.equal("ok\n", output("echo ok", { program = path "/bin/sh" }))
        -- A relative path is resolved in the working directory.
        assert.equal("ok\n", output("echo ok", { program = path "bin/sh", working_directory = path "/" }))
        helper.raises("system", "ENOENT", function() process.start("", { program = path "sh" }) end)
        helper.raises("system", "ENOENT", function() process.start("", { program = "" }) end)
    end))

    it("as a descriptor is executed, whatever its number", closing(function()
        local first = fd.open "/bin/sh"
        assert.equal("ok\n", output("echo ok", { program = first }))
        -- Every low number is used by the child for something else.
        local extra = {}
        for n = 3, 9 do extra[n] = fd.open "/dev/null" end
        for _, program in ipairs{ first, fd.open "/bin/sh" } do
            assert.equal("ok\n", output("echo ok", { program = program, extra_fds = extra }))
        end
    end))

    it("is required", closing(function()
        refused({ program = NONE }, "program")
        check_wrong_types("program", { 1, true, {}, "a\0b", path "a\0b" })
        check_descriptor_option "program"
    end))
end)

describe("the option arguments", function()
    it("is the whole argv", closing(function()
        local text = output("", { arguments = { "name", "-c", 'printf "%s|" "$0" "$@"', "zero", "a b", "", "ü" } })
        assert.equal("zero|a b||ü|", text)
    end))

    it("ends at the first nil", closing(function()
        assert.equal("1\n", output("", { arguments = { "sh", "-c", "echo $#", "zero", "one", nil, "three" } }))
    end))

    it("is a list of strings", closing(function()
        check_wrong_types("arguments", { 1, "sh", { 1 }, { "sh", 2 }, { "a\0b" }, { {} } })
    end))

    it("is empty without it", closing(function()
        -- The kernel gives a program without words one that is empty.
        local p = system.spawn{ program = "/proc/self/exe", stdin = fd.open "/dev/null" }
        p:wait()
        assert.equal(0, p.exit_code)
    end))
end)

describe("the option environment", function()
    it("is the whole environment", closing(function()
        local text, lines = output("", {
            program = "/usr/bin/env", arguments = { "env" }, environment = { A = "1", B = "x=y", C = "" },
        }), {}
        for line in text:gmatch "[^\n]+" do lines[#lines + 1] = line end
        table.sort(lines)
        assert.same({ "A=1", "B=x=y", "C=" }, lines)
    end))

    it("is empty, not inherited, without it", closing(function()
        assert.equal("", output("", { program = "/usr/bin/env", arguments = { "env" }, environment = NONE }))
    end))

    it("has the child's id for \"\\0pid\"", closing(function()
        local p = process.start("echo $FIRST $$ $SECOND", {
            stdout = "pipe", environment = { FIRST = "\0pid", SECOND = "\0pid" },
        })
        local pid = p.pid
        assert.equal(("%d %d %d\n"):format(pid, pid, pid), process.read_all(p.stdout))
        p:wait()
    end))

    it("maps strings to strings", closing(function()
        check_wrong_types("environment", {
            1, "A=1", { A = 1 }, { A = true }, { "A" }, { [1] = "A" }, { ["A=B"] = "1" }, { [""] = "1" },
            { A = "a\0b" }, { ["a\0b"] = "" }, { A = "\0pid2" },
        })
    end))
end)

describe("the options stdin, stdout and stderr", function()
    it("are by default pipes whose other end is closed", closing(function()
        local p = system.spawn{
            program = "sh", environment = { PATH = "/bin:/usr/bin" },
            arguments = { "sh", "-c", "cat; trap '' PIPE; echo x 2>/dev/null || exit 7" },
        }
        p:wait()
        assert.equal(7, p.exit_code)
        assert.equal("pipe", output("readlink /proc/self/fd/0"):match "^%a+")
    end))

    it("share those of the caller", closing(function()
        local text = helper.child([[
            local emilua, system = require "emilua", require "emilua.system"
            emilua.run(function()
                system.spawn{
                    program = "/bin/sh", arguments = { "sh", "-c", "read line; echo $line; echo error >&2" },
                    stdin = "share", stdout = "share", stderr = "share",
                }:wait()
            end) ]], { stdin = "text\n" })
        assert.equal("text\nerror\n", text)
    end))

    it("are descriptors, which stay the caller's", closing(function()
        local reading, writing = fd.pipe()
        local target = writing:release()
        local p = process.start("echo out; echo error >&2", { stdout = fd.keep(target), stderr = target })
        p:wait()
        assert.equal("fifo", target.type)
        target:close()
        assert.equal("out\nerror\n", process.read_all(reading))
        assert.equal("root", output("head -c 4", { stdin = fd.open "/etc/passwd" }))
    end))

    it("give pipes", closing(function()
        local p = process.start("tr a-z A-Z; echo error >&2; exit 3", {
            stdin = "pipe", stdout = "pipe", stderr = "pipe",
        })
        assert.equal("pipe.write_stream", getmetatable(p.stdin))
        assert.equal("pipe.read_stream", getmetatable(p.stdout))
        assert.equal("pipe.read_stream", getmetatable(p.stderr))
        p.stdin:write_some(byte_span.append "text\n")
        p.stdin:close()
        assert.equal("TEXT\n", process.read_all(p.stdout))
        assert.equal("error\n", process.read_all(p.stderr))
        p:wait()
        assert.equal(3, p.exit_code)
    end))

    it("give the child pipes that block", closing(function()
        local p = process.start("python3 -c 'import os; print(os.get_blocking(0), os.get_blocking(1))'", {
            stdin = "pipe", stdout = "pipe",
        })
        assert.equal("True True\n", process.read_all(p.stdout))
        p.stdin:close()
        p:wait()
    end))

    it("refuse anything else", closing(function()
        for _, name in ipairs{ "stdin", "stdout", "stderr" } do
            check_wrong_types(name, { 1, "inherit", true, {} })
            check_descriptor_option(name)
        end
    end))
end)

describe("the descriptors of a child", function()
    -- Those that a child finds open, without the one that looks.
    local function numbers(opts)
        opts.stdout = "pipe"
        return (output("ls /proc/$$/fd", opts):gsub("\n", " "))
    end

    it("are exactly those asked for", closing(function()
        local file, other = fd.open "/dev/null", fd.open "/dev/zero"
        assert.equal("0 1 2 ", numbers{})
        assert.equal("0 1 2 5 ", numbers{ extra_fds = { [5] = file } })
        assert.equal("0 1 2 3 4 5 6 7 8 9 ", numbers{
            extra_fds = { [3] = file, [4] = other, [5] = file, [6] = other, [7] = file, [8] = other, [9] = file },
        })
        -- Keys outside of 3 to 9 mean nothing.
        assert.equal("0 1 2 ", numbers{ extra_fds = { [1] = file, [10] = file, [2.5] = file, x = file } })
    end))

    it("do not overwrite each other before they are duplicated", closing(function()
        local low = {}
        for n = 1, 12 do low[n] = fd.open(n % 2 == 0 and "/dev/null" or "/dev/zero") end
        -- Every order of two neighbours, whatever their own numbers.
        local extra, wanted = {}, {}
        for n = 3, 9 do
            extra[n] = low[10 - n + 1]
            wanted[n - 2] = fd.target(extra[n])
        end
        local p = process.start("for n in 3 4 5 6 7 8 9; do readlink /proc/$$/fd/$n; done", {
            stdout = "pipe", extra_fds = extra,
        })
        local found = {}
        for line in process.read_all(p.stdout):gmatch "[^\n]+" do found[#found + 1] = line end
        p:wait()
        for i, target in ipairs(wanted) do wanted[i] = target:match "%S+" end
        assert.same(wanted, found)
    end))

    it("do not include what others have left inheritable", closing(function()
        local text = helper.child([[
            local emilua, system = require "emilua", require "emilua.system"
            emilua.run(function()
                system.spawn{
                    program = "/bin/sh", arguments = { "sh", "-c", "ls /proc/$$/fd" }, stdout = "share",
                    environment = system.environment,
                }:wait()
            end) ]], { before = "exec 5</dev/null 9</dev/null;" })
        assert.equal("0\n1\n2\n", text)
    end))

    it("are refused when they are none", closing(function()
        for _, value in ipairs(fd.wrong_descriptors()) do refused({ extra_fds = { [3] = value } }, "extra_fds") end
        check_wrong_types("extra_fds", { 1, "3", true })
        local locked = fd.open "/dev/null"
        fd.lock(locked)
        helper.EBUSY(function() process.start("", { extra_fds = { [3] = locked } }) end, "extra_fds")
        fd.unlock(locked)
    end))
end)

describe("the signals of a child", function()
    it("are at their defaults and not blocked", closing(function()
        system.signal.ignore(system.signal.SIGHUP)
        local set = system.signal.set.new(system.signal.SIGUSR1)
        local text = output("", { program = "cat", arguments = { "cat", "/proc/self/status" } })
        set:clear()
        system.signal.default(system.signal.SIGHUP)
        for _, kind in ipairs{ "Ign", "Blk", "Cgt" } do assert.matches("\nSig" .. kind .. ":%s+0+\n", text) end
    end))
end)

describe("the option scheduler", function()
    local function policy(scheduler)
        return output("sed 's/.*) //' /proc/self/stat | cut -d' ' -f 38,39", { scheduler = scheduler })
    end

    it("sets policy and priority", closing(function()
        assert.equal("0 0\n", policy{ policy = "other" })
        assert.equal("0 3\n", policy{ policy = "batch", priority = 0 })
        assert.equal("0 5\n", policy{ policy = "idle", reset_on_fork = false })
        assert.equal("0 0\n", policy{ priority = 0 })
        environment.need("root", process.is_root)
        assert.equal("7 1\n", policy{ policy = "fifo", priority = 7 })
        assert.equal("9 2\n", policy{ policy = "rr", priority = 9 })
    end))

    it("resets them in the child's children", closing(function()
        environment.need("root", process.is_root)
        -- sed is a child of the shell.
        local text = output("sed 's/.*) //' /proc/$$/stat | cut -d' ' -f 39; sed 's/.*) //' /proc/self/stat " ..
            "| cut -d' ' -f 39", { scheduler = { policy = "fifo", priority = 1, reset_on_fork = true } })
        assert.equal("1\n0\n", text)
    end))

    it("refuses what does not fit", closing(function()
        local function check(scheduler, arg) refused({ scheduler = scheduler }, arg) end
        check(1, "scheduler")
        check({ policy = "deadline" }, "scheduler.policy")
        check({ policy = 1 }, "scheduler.policy")
        check({ policy = "fifo" }, "scheduler.priority")
        check({ policy = "fifo", priority = 0 }, "scheduler.priority")
        check({ policy = "rr", priority = 100 }, "scheduler.priority")
        check({ policy = "other", priority = 1 }, "scheduler.priority")
        check({ policy = "batch", priority = "0" }, "scheduler.priority")
        check({ reset_on_fork = false }, "scheduler.reset_on_fork")
        check({ policy = "other", reset_on_fork = 1 }, "scheduler.reset_on_fork")
    end))
end)

describe("the options of session and terminal", function()
    local IDS = "sed 's/.*) //' /proc/$$/stat | cut -d' ' -f 3,4"

    it("start_new_session", closing(function()
        local p = process.start(IDS, { stdout = "pipe", start_new_session = true })
        assert.equal(("%d %d\n"):format(p.pid, p.pid), process.read_all(p.stdout))
        p:wait()
        assert.equal(("%d %d\n"):format(system.getpgrp(), system.getsid(0)), output(IDS, { start_new_session = false }))
        check_wrong_types("start_new_session", { 1, "true" })
    end))

    it("process_group", closing(function()
        local leader = process.start("read line", { stdin = "pipe", process_group = 0 })
        assert.equal(leader.pid, system.getpgid(leader.pid))
        assert.equal(("%d %d\n"):format(leader.pid, system.getsid(0)), output(IDS, { process_group = leader.pid }))
        leader.stdin:close()
        leader:wait()
        helper.raises("system", "EPERM", function() process.start("", { process_group = 0x7ffffff0 }) end)
        check_wrong_types("process_group", { -1, 1.5, "0", 0 / 0 })
    end))

    it("set_ctty needs a session and bars foreground", closing(function()
        local file = fd.open "/dev/null"
        refused({ set_ctty = file }, "set_ctty")
        refused({ set_ctty = file, start_new_session = false }, "set_ctty")
        refused({ set_ctty = file, start_new_session = true, foreground = file, process_group = 0 },
            "set_ctty/foreground")
        check_descriptor_option("set_ctty", { start_new_session = true })
    end))

    it("foreground needs a process group, and a shared stream", closing(function()
        local file = fd.open "/dev/null"
        refused({ foreground = file }, "foreground")
        refused({ foreground = "stdin", stdin = "share" }, "foreground")
        refused({ foreground = "stdin", process_group = 0 }, "foreground")
        refused({ foreground = "stdout", stdout = "pipe", process_group = 0 }, "foreground")
        refused({ foreground = "terminal", process_group = 0 }, "foreground")
        check_descriptor_option("foreground", { process_group = 0 })
        helper.raises("system", "ENOTTY", function() process.start("", { foreground = file, process_group = 0 }) end)
    end))
end)

describe("the options of identity", function()
    -- A shell would give up an effective id that is not the real one.
    local function ids(opts)
        opts.program, opts.arguments = "cat", { "cat", "/proc/self/status" }
        return output("", opts)
    end

    it("set every id, the saved one to the effective one", closing(function()
        environment.need("root", process.is_root)
        local text = ids({ ruid = 1001, euid = 1002, rgid = 1003, egid = 1004, extra_groups = { 7, 8 } })
        assert.matches("Uid:%s+1001%s+1002%s+1002", text)
        assert.matches("Gid:%s+1003%s+1004%s+1004", text)
        assert.matches("Groups:%s+7 8", text)
        text = ids{ extra_groups = {} }
        assert.matches("Groups:[ \t]*\n", text)
        assert.matches("Uid:%s+0%s+5%s+5", ids{ euid = 5 })
        assert.matches("Gid:%s+5%s+0%s+0", ids{ rgid = 5, egid = 0 })
    end))

    it("leave the host as it was", closing(function()
        environment.need("root", process.is_root)
        ids({ ruid = 1001, euid = 1001, rgid = 1001, egid = 1001 })
        assert.same({ 0, 0, 0 }, { system.getresuid() })
        assert.equal("0", (helper.shell("stat -c %u /proc/" .. helper.pid() .. "/environ"):gsub("%s", "")))
    end))

    it("are refused by the kernel for others than root", closing(function()
        local text = helper.shell(process.unprivileged(("env LUA_CPATH='%s?.so;;' luajit -e %s"):format(helper.root,
            helper.quote [[
                local system = require "emilua.system"
                for _, name in ipairs{ "ruid", "euid", "rgid", "egid" } do
                    print(pcall(system.spawn, { program = "true", [name] = 0 }))
                end
                print(pcall(system.spawn, { program = "true", extra_groups = { 1 } })) ]])))
        assert.equal(("false\tOperation not permitted\n"):rep(5), text)
    end))

    it("are integers", closing(function()
        for _, name in ipairs{ "ruid", "euid", "rgid", "egid" } do
            check_wrong_types(name, { "0", 1.5, -2, 2 ^ 32, true })
        end
        check_wrong_types("extra_groups", { 1, { "1" }, { 1.5 }, { -2 } })
    end))
end)

describe("the restricting options", function()
    -- BPF: RET_K with the action and data.
    local function filter(...)
        local bytes = {}
        for _, instruction in ipairs{ ... } do
            local code, jt, jf, k = unpack(instruction)
            bytes[#bytes + 1] = string.char(code % 256, math.floor(code / 256), jt, jf, k % 256,
                math.floor(k / 256) % 256, math.floor(k / 65536) % 256, math.floor(k / 16777216))
        end
        return byte_span.append(table.concat(bytes))
    end
    local ALLOW = { 6, 0, 0, 0x7fff0000 }
    -- uname(2) fails with EPERM (number 63 on x86-64, 160 on AArch64).
    local uname = jit.arch == "x64" and 63 or 160
    local NO_UNAME = filter({ 0x20, 0, 0, 0 }, { 0x15, 0, 1, uname }, { 6, 0, 0, 0x00050001 }, ALLOW)

    it("set_no_new_privs", closing(function()
        assert.equal("NoNewPrivs:\t1\n", output("grep NoNewPrivs /proc/self/status", { set_no_new_privs = true }))
        assert.equal("NoNewPrivs:\t0\n", output("grep NoNewPrivs /proc/self/status", { set_no_new_privs = false }))
        check_wrong_types("set_no_new_privs", { 1, "true" })
    end))

    it("seccomp_set_mode_filter", closing(function()
        local opts = { set_no_new_privs = true, seccomp_set_mode_filter = NO_UNAME, stderr = fd.open("/dev/null", 1) }
        assert.same({ "failed\n", 0 }, { shell("uname || echo failed", opts) })
        -- Without no_new_privs it is root's.
        if process.is_root then
            opts.set_no_new_privs = nil
            assert.same({ "failed\n", 0 }, { shell("uname || echo failed", opts) })
        end
        assert.same({ "Linux\n", 0 }, { shell "uname" })
    end))

    it("seccomp_set_mode_filter must be a program", closing(function()
        check_wrong_types("seccomp_set_mode_filter", {
            1, "x", {}, byte_span.new(0), byte_span.new(7), byte_span.new(12),
        })
        helper.raises("system", "EINVAL", function()
            process.start("", { set_no_new_privs = true, seccomp_set_mode_filter = byte_span.new(8) })
        end)
    end))

    it("landlock_restrict_self", closing(function()
        local ruleset = fd.keep(system.landlock_create_ruleset{ handled_access_fs = { "read_dir" } })
        system.landlock_add_rule(ruleset, "path_beneath", {
            allowed_access = { "read_dir" }, parent_fd = fd.open("/usr", DIRECTORY),
        })
        local opts = { set_no_new_privs = true, landlock_restrict_self = ruleset, stderr = fd.open("/dev/null", 1) }
        assert.same({ "no\n", 0 }, { shell("ls / || echo no; ls /usr >/dev/null", opts) })
        check_descriptor_option "landlock_restrict_self"
        helper.raises("system", 77, function()
            process.start("", { set_no_new_privs = true, landlock_restrict_self = fd.open "/dev/null" })
        end)
    end))
end)

describe("the other options", function()
    it("umask", closing(function()
        assert.equal("0027\n", output("umask", { umask = tonumber("27", 8) }))
        check_wrong_types("umask", { -1, 512, 0.5, "022" })
    end))

    it("working_directory", closing(function()
        assert.equal("/usr\n", output("pwd", { working_directory = path "/usr" }))
        assert.equal("/usr\n", output("pwd", { working_directory = fd.open("/usr", DIRECTORY + RDONLY) }))
        helper.raises("system", "ENOTDIR", function()
            process.start("", { working_directory = fd.open "/etc/passwd" })
        end)
        check_wrong_types("working_directory", { "/usr", 1, path "a\0b" })
        check_descriptor_option "working_directory"
    end))

    it("pdeathsig", closing(function()
        local script = helper.write_temporary [[
            local emilua, system = require "emilua", require "emilua.system"
            emilua.run(function()
                local p = system.spawn{
                    program = "sh", environment = system.environment, pdeathsig = system.signal.SIGTERM,
                    stdout = "pipe", stderr = "share", signal_on_gcreaper = 0,
                    arguments = {
                        "sh", "-c", "trap 'echo caught >&2; kill $!; exit' TERM; sleep 60 & echo; wait",
                    },
                }
                p.stdout:read_some(emilua.byte_span.new(1))
                system.exit(0, { force = 2 })
            end) ]]
        -- cat ends when nobody can write any more.
        local text = helper.shell(("LUA_CPATH='%s?.so;;' %s %s 2>&1 | cat"):format(
            helper.root, helper.interpreter, script))
        os.remove(script)
        assert.equal("caught\n", text)
        check_wrong_types("pdeathsig", { "SIGTERM", -1, 65, 1.5 })
    end))

    it("setns_*, and their names of 0.6", closing(function()
        environment.need("root", process.is_root)
        local namespaces = process.start("exec unshare -muin sh -c 'hostname inside; echo; read line'", {
            stdin = "pipe", stdout = "pipe",
        })
        namespaces.stdout:read_some(byte_span.new(1))
        local function namespace(name)
            return fd.open(("/proc/%d/ns/%s"):format(namespaces.pid, name))
        end
        for option, name in pairs{ mount = "mnt", uts = "uts", ipc = "ipc", net = "net" } do
            local inside = namespace(name)
            local wanted = helper.shell(("readlink /proc/%d/ns/%s"):format(namespaces.pid, name)):match "%S+"
            for _, prefix in ipairs{ "setns_", "nsenter_" } do
                local text = output("readlink /proc/self/ns/" .. name, { [prefix .. option] = inside })
                assert.equal(wanted, text:match "%S+", option)
            end
        end
        assert.equal("inside\n", output("hostname", { setns_uts = namespace "uts" }))
        helper.raises("system", "EINVAL", function() process.start("", { setns_net = namespace "uts" }) end)
        namespaces.stdin:close()
        namespaces:wait()
        namespaces.stdout:close()
        for _, name in ipairs{ "user", "mount", "uts", "ipc", "net" } do
            check_descriptor_option("setns_" .. name)
            check_descriptor_option("nsenter_" .. name)
        end
    end))

    it("setns_user", closing(function()
        local holder = process.start("exec unshare -U -r sh -c 'echo; read line'", { stdin = "pipe", stdout = "pipe" })
        holder.stdout:read_some(byte_span.new(1))
        local user = fd.open(("/proc/%d/ns/user"):format(holder.pid))
        assert.equal("0\n", output("id -u", { setns_user = user }))
        holder.stdin:close()
        holder:wait()
        holder.stdout:close()
    end))

    it("signal_on_gcreaper is a signal, or 0", closing(function()
        check_wrong_types("signal_on_gcreaper", { "SIGTERM", -1, 65, 1.5 })
    end))
end)

describe("many children", function()
    it("run at once", closing(function()
        local children = {}
        for i = 1, 200 do children[i] = process.start("read line; exit " .. i % 100, { stdin = "pipe" }) end
        for i = 1, 200 do
            children[i].stdin:close()
        end
        local waiting = {}
        for i = 1, 200 do
            waiting[i] = spawn(function()
                children[i]:wait()
                return children[i].exit_code
            end)
        end
        for i = 1, 200 do assert.equal(i % 100, waiting[i]:join()) end
    end))
end)
