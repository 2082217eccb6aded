-- system: the module, process data, exit, identity.

local emilua = require "emilua"
local system = require "emilua.system"
local environment = require "spec.environment"
local helper = require "spec.helper"
local process = require "spec.process_helper"
local programs = require "spec.program_helper"

helper.install()

teardown(programs.clean)

-- What a child interpreter prints, and its status.
local function lua(source, opts) return { helper.child(source, opts) } end

describe("system", function()
    it("is of class system, whose unknown names are bad_index", function()
        assert.equal("system", getmetatable(system))
        helper.bad_index(function() return system.no_such_name end)
        helper.EPERM(function() system.exit = nil end)
    end)
end)

describe("system.arguments", function()
    it("is interpreter, script, and its words", function()
        assert.same({ "luajit input.lua a b c\n", 0 }, { helper.child([[
            local words = require "emilua.system".arguments
            print(table.concat(words, " ")) ]], { args = { "a", "b c" }, interpreter = "luajit" }) })
        assert.same({ "luajit input.lua\n", 0 }, { helper.child([[
            print(table.concat(require "emilua.system".arguments, " ")) ]], { interpreter = "luajit -joff" }) })
    end)

    it("is launcher, script, and what follows -- in a program", function()
        local output, status, root = programs.run({ ["app.lua"] = [[
            local system = require "system"
            local words = system.arguments
            print(#words, words[1]:match "[^/]*$", words[2], words[3], words[4]) ]] }, { args = { "--", "a", "-b" } })
        assert.equal("4\temilua\tDIR/app.lua\ta\t-b\n", output)
        assert.equal(0, status)
        assert.is_string(root)
    end)

    it("is a new table on each access", function()
        local first = system.arguments
        assert.not_equal(first, system.arguments)
        first[1] = "changed"
        assert.not_equal("changed", system.arguments[1])
    end)

    it("is what the process was started with where there is no table arg", function()
        assert.same({ "luajit\tinput.lua\n", 0 }, lua([[
            arg = nil
            local words = require "emilua.system".arguments
            print(words[1], words[2]) ]], { interpreter = "luajit" }))
    end)
end)

describe("system.environment", function()
    it("maps names to values", function()
        assert.equal(os.getenv "PATH", system.environment.PATH)
        assert.same(lua([[print(require "emilua.system".environment.A)]], { env = { A = "x=y" } }), { "x=y\n", 0 })
    end)

    it("is a new table on each access", function()
        system.environment.PATH = nil
        assert.is_string(system.environment.PATH)
    end)
end)

describe("system.arguments in an actor", function()
    it("are those of the program", function()
        local output, status = programs.run({ ["app.lua"] = [[
            local system = require "system"
            if _CONTEXT == "worker" then
                print(table.concat(system.arguments, " ", 2))
                local inner = spawn_vm{ source = "print(table.concat(require 'system'.arguments, ' ', 3))" }
                while pcall(inner.send, inner, 1) do require "time".sleep(0.001) end
                return
            end
            spawn_vm(".") ]] }, { args = { "--", "one", "two" } })
        assert.equal(0, status)
        assert.truthy(output:find("app%.lua one two\none two\n$"), output)
    end)

    it("are those of the interpreter in module form", function()
        local CODE = [[
            require "emilua".run(function()
                local source = "print(unpack(require 'emilua.system'.arguments))"
                require "emilua".spawn_vm{ source = source }
                print(unpack(require "emilua.system".arguments))
            end) ]]
        local output = lua(CODE)[1]
        local first, second = output:match "^(.-)\n(.-)\n$"
        assert.equal(first, second)
    end)
end)

describe("system.exit", function()
    local function exit(arguments, before)
        return lua(([[
            local emilua, system = require "emilua", require "emilua.system"
            emilua.run(function()
                emilua.spawn(function() require "emilua.time".sleep(600) end)
                %s
                system.exit(%s)
                print "unreachable"
            end)
            print "unreachable" ]]):format(before or "", arguments))
    end

    it("ends the process with the code, by default 0", function()
        assert.same({ "", 0 }, exit "")
        assert.same({ "", 0 }, exit "nil")
        assert.same({ "", 7 }, exit "7")
        assert.same({ "text\n", 255 }, exit("-1", 'print "text"'))
    end)

    it("drops the fibers without running handlers", function()
        assert.same({ "", 3 }, exit("3", "scope_cleanup_push = emilua.scope_cleanup_push(function() print 'ran' end)"))
    end)

    it("works in any fiber, and in its coroutines", function()
        assert.same({ "", 4 }, exit("0", [[
            emilua.spawn(function() coroutine.wrap(function() system.exit(4) end)() end):join() ]]))
    end)

    it("works outside of a run", function()
        assert.same({ "", 5 }, lua [[require "emilua.system".exit(5)]])
    end)

    it("is the status of a program", function()
        local output, status = programs.run{ ["app.lua"] = [[
            local system = require "system"
            spawn(function() system.exit(9) end):join()
            print "unreachable" ]] }
        assert.same({ "", 9 }, { output, status })
    end)

    it("in an actor ends that VM alone, and its code is for nobody", helper.fiber(function()
        local inbox = require "emilua.inbox"
        local channel = emilua.spawn_vm { source = [[
            local reply = require "emilua.inbox":receive()
            reply:send "last words"
            require "emilua.system".exit(9) ]] }
        channel:send(inbox)
        assert.equal("last words", inbox:receive())
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    -- The role goes to an actor, which exits with `code` before main goes on.
    local MASTER = [[
        local master = spawn_vm{ new_master = true, source = "require 'system'.exit(%s)" }
        while pcall(master.send, master, 1) do require "time".sleep(0.001) end
        print "goes on"
        %s ]]

    it("in an actor that is master ends that VM, and the process later with its code", function()
        for _, case in ipairs {
            { 5, "", 5 }, { 0, "", 0 }, { 5, "error 'x'", 5 }, { 0, "error 'x'", 1 },
            { 5, "require 'system'.exit(6)", 5 },
        } do
            local code, rest, expected = unpack(case)
            local output, status = programs.run({ ["app.lua"] = MASTER:format(code, rest) },
                { env = { EMILUA_LOG_LEVELS = "0" } })
            assert.same({ "goes on\n", expected }, { output, status }, rest)
        end
    end)

    it("in an actor that is master lets emilua.run return first when its code is 0", function()
        local RUN = [[
            local emilua = require "emilua"
            print(emilua.run(function()
                emilua.spawn_vm{ new_master = true, source = "require 'emilua.system'.exit(%d)" }
                return "fine"
            end)) ]]
        assert.same({ "fine\n", 0 }, lua(RUN:format(0)))
        assert.same({ "", 5 }, lua(RUN:format(5)))
    end)

    it("obeys opts.force", function()
        assert.same({ "", 6 }, exit "6, { force = 0 }")
        assert.same({ "", 6 }, exit "6, { force = 2 }")
        assert.equal(134, exit("0, { force = 'abort' }")[2])
        assert.same({ "", 6 }, exit "6, {}")
    end)

    it("refuses bad arguments", function()
        helper.argument_error(function() system.exit "1" end, 1)
        helper.EINVAL(function() system.exit(0, 1) end, 2)
        helper.ENOTSUP(function() system.exit(0, { force = 1 }) end)
        helper.EINVAL(function() system.exit(0, { force = 3 }) end, "force")
        helper.EINVAL(function() system.exit(0, { force = "x" }) end, "force")
        helper.EINVAL(function() system.exit(0, { force = true }) end, 2)
    end)
end)

describe("ids", function()
    -- A field of /proc/self/stat by its number.
    local function field(number)
        local n = 2
        for word in io.open("/proc/self/stat"):read("*a"):match("%) (.*)"):gmatch "%S+" do
            n = n + 1
            if n == number then return tonumber(word) end
        end
    end

    it("of the process", function()
        assert.equal(helper.pid(), tostring(system.getpid()))
        assert.equal(field(4), system.getppid())
        assert.equal(field(5), system.getpgrp())
        assert.equal(field(5), system.getpgid(0))
        assert.equal(field(6), system.getsid(0))
        assert.equal(system.getsid(0), system.getsid(system.getpid()))
        helper.raises("system", "ESRCH", function() system.getpgid(0x7ffffff0) end)
        helper.raises("system", "ESRCH", function() system.getsid(0x7ffffff0) end)
    end)

    it("setpgid and setsid", function()
        assert.same({ "true\tfalse\tOperation not permitted\nfalse\n", 0 }, lua [[
            local system = require "emilua.system"
            system.setpgid(0, 0)
            -- The leader of a group cannot make a session.
            print(system.getpgrp() == system.getpid(), pcall(system.setsid))
            print((pcall(system.setpgid, 1, 0))) ]])
        assert.same({ "true\n", 0 }, lua([[
            local system = require "emilua.system"
            local id = system.setsid()
            print(id == system.getpid() and id == system.getsid(0) and id == system.getpgrp()) ]], {
            interpreter = helper.interpreter, before = "set +m;",
        }))
    end)

    it("kill", function()
        assert.equal(0, select("#", system.kill(system.getpid(), 0)))
        helper.raises("system", "ESRCH", function() system.kill(0x7ffffff0, 0) end)
        helper.raises("system", "EINVAL", function() system.kill(system.getpid(), 999) end)
        local p = process.start("while :; do sleep 0.1; done", { process_group = 0 })
        system.kill(-p.pid, system.signal.SIGTERM)
        helper.run(function() p:wait() end)
        assert.equal(system.signal.SIGTERM, p.exit_signal)
    end)

    it("of users and groups", function()
        local status = io.open("/proc/self/status"):read("*a")
        for name, line in pairs{ getresuid = "Uid", getresgid = "Gid" } do
            local real, effective, saved = status:match(line .. ":%s+(%d+)%s+(%d+)%s+(%d+)")
            assert.same({ tonumber(real), tonumber(effective), tonumber(saved) }, { system[name]() })
        end
        local groups = {}
        for group in status:match("Groups:([^\n]*)"):gmatch "%d+" do groups[#groups + 1] = tonumber(group) end
        assert.same(groups, system.getgroups())
    end)

    it("can be given up by root, for every thread", function()
        environment.need("root", process.is_root)
        assert.same({ "5 6 7\t8 9 10\t1,2,3\nEPERM\n", 0 }, lua [[
            local system, generic_error = require "emilua.system", require "emilua.generic_error"
            system.setgroups{ 3, 1, 2 }
            system.setresgid(8, 9, 10)
            system.setresuid(-1, -1, -1)
            system.setresuid(5, 6, 7)
            local groups = system.getgroups()
            table.sort(groups)
            print(table.concat({ system.getresuid() }, " "), table.concat({ system.getresgid() }, " "),
                table.concat(groups, ","))
            local ok, e = pcall(system.setresuid, 0, 0, 0)
            print(e:togeneric() == generic_error.EPERM and "EPERM" or e) ]])
    end)

    it("demand integers", function()
        for _, value in ipairs{ "1", 1.5, {}, true, 2 ^ 33 } do
            for _, name in ipairs{ "getpgid", "getsid" } do helper.EINVAL(function() system[name](value) end, 1) end
            for _, name in ipairs{ "setpgid", "kill" } do
                helper.EINVAL(function() system[name](value, 0) end, 1)
                helper.EINVAL(function() system[name](0, value) end, 2)
            end
            for _, name in ipairs{ "setresuid", "setresgid" } do
                helper.EINVAL(function() system[name](value, -1, -1) end, 1)
                helper.EINVAL(function() system[name](-1, value, -1) end, 2)
                helper.EINVAL(function() system[name](-1, -1, value) end, 3)
            end
            helper.EINVAL(function() system.setgroups{ value } end, 2)
        end
        -- Missing ones are no zeros.
        helper.EINVAL(function() system.setresuid() end, 1)
        helper.EINVAL(function() system.setresgid(-1) end, 2)
        helper.argument_error(function() system.setgroups() end, 1)
    end)
end)

describe("system.get_lowfd", function()
    it("hands out an inherited descriptor once", function()
        assert.same({ "/dev/fd/4\tnil\tnil\tregular\n", 0 }, lua([[
            local system = require "emilua.system"
            local fd = system.get_lowfd(4)
            print(fd, system.get_lowfd(4), system.get_lowfd(5), fd.type) ]], { before = "exec 4</etc/passwd 5<&-;" }))
    end)

    it("takes 3 to 9", function()
        for _, value in ipairs{ 2, 10, 3.5, "3", -1 } do helper.EINVAL(function() system.get_lowfd(value) end, 1) end
        helper.EINVAL(function() system.get_lowfd() end, 1)
    end)
end)

describe("system.get_ld_library_directories", function()
    it("opens the directories that the loader searches", function()
        local directory = os.tmpname()
        os.remove(directory)
        helper.shell("mkdir " .. directory)
        local output, status = helper.child([[
            local seen = {}
            for _, fd in ipairs(require "emilua.system".get_ld_library_directories()) do
                assert(fd.type == "directory")
                local pipe = io.popen("readlink /proc/$PPID/fd/" .. tostring(fd):match "%d+$")
                local target = pipe:read "*l"
                pipe:close()
                print(target)
                fd:close()
            end ]], { env = { LD_LIBRARY_PATH = directory .. ":" .. directory .. ":/no/such" } })
        helper.shell("rmdir " .. directory)
        assert.equal(0, status)
        local _, count = output:gsub(directory:gsub("%p", "%%%0"), "")
        assert.equal(1, count)
        assert.matches("/lib", output)
    end)
end)

describe("functions of other platforms", function()
    it("raise ENOSYS", function()
        for _, name in ipairs{ "jail_set", "jail_get", "jail_remove", "jailparam_all", "caph_limit_stdio" } do
            helper.ENOSYS(system[name])
        end
    end)
end)

describe("system without emilua.run", function()
    it("is the same module in a program", function()
        local output = programs.run{ ["app.lua"] = [[
            local system = require "system"
            local p = system.spawn{ program = "true" }
            p:wait()
            print(getmetatable(system), p.exit_code, emilua) ]] }
        assert.equal("system\t0\tnil\n", output)
        assert.is_function(emilua.run)
    end)
end)
