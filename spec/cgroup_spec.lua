-- Control groups: in the real hierarchy, whose groups have some files without any controller; in directories that stand
-- for one with controllers; and with the controllers, where they can be had.

local cgroup = require "emilua.cgroup"
local emilua = require "emilua"
local filesystem = require "emilua.filesystem"
local system = require "emilua.system"
local time = require "emilua.time"
local environment = require "spec.environment"
local helper = require "spec.helper"
local process = require "spec.process_helper"
local specs = require "spec.sandbox_helper"

local fiber = helper.fiber

helper.install()

local PATIENCE = 60 -- seconds

local function exists(path) return filesystem.exists(filesystem.path.new(tostring(path))) end

local function eventually(what, test)
    local deadline = time.steady_clock.now() + PATIENCE
    while not test() do
        if time.steady_clock.now() > deadline then error("not in time: " .. what, 2) end
        time.sleep(0.005)
    end
end

local function read(path)
    local file = assert(io.open(tostring(path)))
    local text = file:read "*a"
    file:close()
    return text
end

-- A program that sleeps until it is killed, and its group, "0::PATH" relative to the root.
local function sleeper(...)
    return system.spawn { program = "sleep", arguments = { "sleep", "600" }, environment = system.environment, ... }
end

local function group_of(pid) return read("/proc/" .. pid .. "/cgroup"):match "0::[^\n]*/([^\n/]*)" end

-- An `it` body for a machine that allows groups to be made.
local function need_groups()
    environment.need("control groups", environment.makes_groups)
end

local function real(f)
    return fiber(function()
        need_groups()
        f()
    end)
end

-- A directory that stands for a group with controllers, which are handed on or not.
local function pretended(controllers, handed_on)
    local directory = os.tmpname()
    os.remove(directory)
    helper.shell(("mkdir %s && cd %s && touch cgroup.procs && echo '%s' >cgroup.controllers && echo '%s' >"
        .. "cgroup.subtree_control"):format(directory, directory, controllers, handed_on or ""))
    return directory
end

-- Removes such a directory when the sweeper has been at `group`, for whom it never ends to be there.
local function remove(directory, group)
    if group then
        eventually("the sweeper", function() return exists(group .. "/cgroup.kill") end)
    end
    helper.shell("rm -r " .. directory)
end

-- A program for which these expressions are what is in /proc/self/cgroup and /proc/self/mountinfo.
local function pretending(own, mounts, source)
    return ([[
        local open = io.open
        local PRETENDED = { ["/proc/self/cgroup"] = %s, ["/proc/self/mountinfo"] = %s }
        function io.open(path, mode)
            local text = PRETENDED[path]
            return text and { read = function() return text end, close = function() end } or open(path, mode)
        end
        local cgroup = require "emilua.cgroup"
        %s
    ]]):format(own, mounts, source)
end

describe("cgroup.new", function()
    it("checks its arguments", fiber(function()
        helper.EINVAL(function() cgroup.new(1) end, 1)
        helper.EINVAL(function() cgroup.new { 1 } end, 1)
        for name, values in pairs {
            nonsense = { 1 },
            name = { 1, "", ".", "..", "a/b", "a\nb", "a\0b" },
            parent = { 1, {}, "", "relative", "/a\0b", "/a\nb" },
            limits = {
                1, "memory.max", { 1 }, { ["/x"] = 1 }, { [""] = 1 }, { memory = 1 }, { ["../x.y"] = 1 },
                { ["memory.max"] = true }, { ["memory.max"] = 1.5 }, { ["memory.max"] = 0 / 0 },
                { ["memory.max"] = math.huge }, { ["memory.max"] = "" }, { ["memory.max"] = "1\0" },
            },
        } do
            for _, value in ipairs(values) do helper.EINVAL(function() cgroup.new { [name] = value } end, name) end
        end
    end))

    it("makes a group beside this process's own, with a name of its own", real(function()
        local a, b = cgroup.new(), cgroup.new()
        assert.equal("cgroup", getmetatable(a))
        assert.equal("filesystem.path", getmetatable(a.path))
        local name = "/emilua%-" .. system.getpid() .. "%-%d+$"
        assert.matches(name, tostring(a.path))
        assert.matches(name, tostring(b.path))
        assert.not_equal(tostring(a.path), tostring(b.path))
        assert.is_true(exists(a.path))
        a:close()
        b:close()
        assert.is_false(exists(a.path))
        helper.bad_index(function() return a.nonsense end)
        helper.bad_index(function() a.path = "/" end)
    end))

    it("takes a name, and a parent as a string or path", real(function()
        local outer = cgroup.new { name = "emilua-spec-" .. system.getpid() }
        assert.equal("emilua-spec-" .. system.getpid(), tostring(outer.path):match "[^/]*$")
        local inner = cgroup.new { parent = outer.path, name = "a.b c" }
        local other = cgroup.new { parent = tostring(outer.path) .. "//" }
        assert.equal(tostring(outer.path) .. "/a.b c", tostring(inner.path))
        assert.equal(tostring(outer.path), tostring(other.path):match "^(.*)/")
        for _, group in ipairs { inner, other, outer } do group:close() end
    end))

    it("writes limits, numbers and strings", real(function()
        local group = cgroup.new { limits = { ["cgroup.max.depth"] = 3, ["cgroup.max.descendants"] = "12" } }
        assert.equal("3", group:get "cgroup.max.depth")
        assert.equal("12", group:get "cgroup.max.descendants")
        group:close()
    end))

    it("leaves a group alone that is there already", real(function()
        local group = cgroup.new()
        local child = sleeper()
        group:add(child.pid)
        local name = tostring(group.path):match "[^/]*$"
        for _ = 1, 3 do
            local e = helper.raises("system", "EEXIST", function() cgroup.new { name = name } end)
            assert.equal(tostring(group.path), tostring(e.path1))
        end
        collectgarbage()
        assert.equal(name, group_of(child.pid))
        group:close()
        child:wait()
        assert.equal(9, child.exit_signal)
    end))

    it("has errors that name what is not there, and leaves nothing", real(function()
        local group = cgroup.new()
        local parent = group.path
        for name, case in pairs {
            ["nonsense.max"] = { "ENOENT", "^the controller nonsense is not delegated to /.*, which has %w+" },
            ["cgroup.nonsense"] = { "ENOENT", "/cgroup%.nonsense does not exist$" },
            ["cgroup.max.depth"] = { "EINVAL" },
            ["cgroup.controllers"] = { "EINVAL" },
        } do
            local e = helper.raises("system", case[1], function()
                cgroup.new { name = "x", parent = parent, limits = { ["cgroup.max.depth"] = 1, [name] = "nonsense" } }
            end)
            assert.equal(tostring(parent) .. "/x/" .. name, tostring(e.path1))
            if case[2] then assert.matches(case[2], e.detail) end
            assert.is_false(exists(tostring(parent) .. "/x"))
        end
        group:set("cgroup.max.depth", 0)
        local e = helper.raises("system", "EAGAIN", function() cgroup.new { parent = parent } end)
        assert.matches("^cgroup.max.depth or cgroup.max.descendants", e.detail)
        group:close()
        e = helper.raises("system", "ENOENT", function() cgroup.new { parent = "/tmp" } end)
        assert.equal("/tmp is no group of cgroup v2", e.detail)
        assert.equal("/tmp", tostring(e.path1))
    end))

    it("says so to an ordinary user to whom nothing is delegated", function()
        local root = "/sys/fs/cgroup" .. (exists "/sys/fs/cgroup/unified" and "/unified" or "")
        local output = specs.program(([[
            local cgroup = require "emilua.cgroup"
            local _, e = pcall(cgroup.new, { parent = %q })
            print(e, e.detail)
            print(cgroup.delegated())
        ]]):format(root), nil, true)
        assert.equal(("Permission denied\t%s is not delegated to this process\nnil\n"):format(root), output)
    end)

    it("hands on the controllers that limits need, where that is not done yet", fiber(function()
        for _, before in ipairs { "", "memory", "memory pids cpu" } do
            local directory = pretended("cpu memory pids", before)
            local group = cgroup.new { parent = directory, limits = { ["memory.max"] = "256M", ["pids.max"] = 7 } }
            assert.equal("256M", group:get "memory.max")
            assert.equal("7", group:get "pids.max")
            -- In a directory each write replaces what was there.
            assert.equal(({ [""] = "+pids", memory = "+pids", ["memory pids cpu"] = before })[before],
                (read(directory .. "/cgroup.subtree_control"):gsub("\n", "")))
            local e = helper.raises("system", "ENOENT", function() group:set("io.max", "x") end)
            assert.equal(("the controller io is not delegated to %s, which has cpu memory pids"):format(directory),
                e.detail)
            local path = group.path
            group = nil -- luacheck: ignore
            collectgarbage()
            collectgarbage()
            remove(directory, path)
        end
    end))

    it("hands no controllers on from a group with processes, whose files they would be", fiber(function()
        local directory = pretended("pids", "")
        helper.shell(("cd %s; echo domain >cgroup.type; echo 1 >cgroup.procs"):format(directory))
        local e = helper.raises("system", "EBUSY", function()
            cgroup.new { parent = directory, limits = { ["pids.max"] = 1 } }
        end)
        assert.equal(directory .. " cannot hand on the controller pids: there are processes in it", e.detail)
        assert.equal("\n", read(directory .. "/cgroup.subtree_control"))
        helper.shell(("cd %s; : >cgroup.procs"):format(directory))
        local group = cgroup.new { parent = directory, limits = { ["pids.max"] = 1 } }
        assert.equal("1", group:get "pids.max")
        local path = group.path
        group = nil -- luacheck: ignore
        collectgarbage()
        collectgarbage()
        remove(directory, path)
    end))

    it("is not to be had without cgroup v2", function()
        local output = specs.program(pretending([["7:pids:/\n"]], [["30 1 0:26 / /x rw - cgroup cgroup rw,pids\n"]], [[
            local _, e = pcall(cgroup.new)
            print(e.category, e.code, e.detail, cgroup.delegated())
        ]]))
        assert.equal("generic\t95\tno hierarchy of cgroup v2 is mounted\tnil\n", output)
    end)
end)

describe("group:get and group:set", function()
    it("check their arguments", real(function()
        local group = cgroup.new()
        for _, name in ipairs { "", "x", "a/b.c", "../cgroup.procs", ".x", 1, true } do
            helper.EINVAL(function() group:get(name) end, 2)
            helper.EINVAL(function() group:set(name, 1) end, 2)
        end
        for _, value in ipairs { 0 / 0, 1.5, math.huge, "", true, {} } do
            helper.EINVAL(function() group:set("cgroup.max.depth", value) end, 3)
        end
        for _, f in pairs { group.get, group.set, group.add, group.kill, group.close } do
            helper.EINVAL(function() f({}, "cgroup.procs", 1) end, 1)
        end
        group:close()
        helper.raises("system", "EBADF", function() group:get "cgroup.procs" end)
        helper.raises("system", "EBADF", function() group:set("cgroup.procs", 1) end)
        helper.raises("system", "EBADF", function() group:add(1) end)
        helper.raises("system", "EBADF", function() group:kill() end)
    end))

    it("read and write files of the group", real(function()
        local group = cgroup.new()
        assert.equal("max", group:get "cgroup.max.depth")
        group:set("cgroup.max.depth", 5)
        assert.equal("5", group:get "cgroup.max.depth")
        group:set("cgroup.max.depth", "max")
        assert.equal("max", group:get "cgroup.max.depth")
        assert.equal("", group:get "cgroup.procs")
        assert.matches("^populated 0\nfrozen 0$", group:get "cgroup.events")
        local e = helper.raises("system", "EINVAL", function() group:set("cgroup.max.depth", "deep") end)
        assert.equal(tostring(group.path) .. "/cgroup.max.depth", tostring(e.path1))
        e = helper.raises("system", "ENOENT", function() group:get "memory.nonsense" end)
        assert.equal(tostring(group.path) .. "/memory.nonsense", tostring(e.path1))
        group:close()
    end))

    it("stop and continue processes", real(function()
        local group = cgroup.new()
        local child = sleeper()
        group:add(child.pid)
        group:set("cgroup.freeze", 1)
        eventually("frozen", function() return group:get("cgroup.events"):find "frozen 1" end)
        group:set("cgroup.freeze", 0)
        eventually("going on", function() return group:get("cgroup.events"):find "frozen 0" end)
        group:close()
        child:wait()
    end))
end)

describe("group:add", function()
    it("moves a process, whose children are in the group too", real(function()
        local group = cgroup.new()
        local child = process.start("read go; sleep 600 & sleep 600", { stdin = "pipe" })
        group:add(child.pid)
        child.stdin:close()
        eventually("children", function() return select(2, group:get("cgroup.procs"):gsub("%d+", "")) == 3 end)
        assert.equal(tostring(group.path):match "[^/]*$", group_of(child.pid))
        group:close()
        child:wait()
    end))

    it("has errors for what is no process", real(function()
        local group = cgroup.new()
        for _, pid in ipairs { 0, -1, 1.5, 2 ^ 31, 0 / 0, "1", true } do
            helper.EINVAL(function() group:add(pid) end, 2)
        end
        local child = sleeper()
        local pid = child.pid
        child:kill(9)
        child:wait()
        helper.raises("system", "ESRCH", function() group:add(pid) end)
        group:close()
    end))
end)

describe("group:kill", function()
    it("kills all that is in the group, which stays", real(function()
        local group = cgroup.new()
        local children = {}
        for i = 1, 5 do
            children[i] = sleeper()
            group:add(children[i].pid)
        end
        group:kill()
        for _, child in ipairs(children) do
            child:wait()
            assert.equal(9, child.exit_signal)
        end
        assert.is_true(exists(group.path))
        group:kill()
        group:close()
    end))
end)

describe("group:close", function()
    it("kills what is left and removes the group with those in it, while others run", real(function()
        local group = cgroup.new()
        local inner = tostring(group.path) .. "/a/b"
        helper.shell("mkdir -p " .. inner)
        local child = sleeper()
        helper.shell(("echo %d >%s/cgroup.procs"):format(child.pid, inner))
        local turns = 0
        local other = emilua.spawn(function()
            while true do
                turns = turns + 1
                time.sleep(0)
            end
        end)
        group:close()
        assert.is_true(turns > 0)
        other:interrupt()
        other:join()
        child:wait()
        assert.equal(9, child.exit_signal)
        assert.is_false(exists(group.path))
        group:close()
    end))

    it("goes on when its fiber is interrupted", real(function()
        for turns = 0, 4 do
            local group = cgroup.new()
            local path = group.path
            local f = emilua.spawn(function() group:close() end)
            helper.turns(turns)
            f:interrupt()
            f:join()
            group = nil -- luacheck: ignore
            collectgarbage()
            eventually("no group", function() return not exists(path) end)
        end
    end))

    it("says when the process is gone that would have removed the group", real(function()
        local group = cgroup.new()
        local path = tostring(group.path)
        local killed = 0
        -- What starts it, and it.
        local function kill()
            local found = 0
            for pid in helper.shell("ls /proc"):gmatch "%f[^\n]%d+" do
                local file = io.open("/proc/" .. pid .. "/cmdline")
                local words = file and file:read "*a" or ""
                if file then file:close() end
                if words:find("^sh%z") and words:sub(-#path - 1, -2) == path then
                    pcall(system.kill, tonumber(pid), 9)
                    found = found + 1
                end
            end
            killed = killed + found
            return found == 0 and killed > 0
        end
        eventually("no sweeper", kill)
        local e = helper.raises("system", "EBUSY", function() group:close() end)
        assert.equal(tostring(group.path), tostring(e.path1))
        helper.shell("rmdir " .. tostring(group.path))
    end))
end)

describe("a group", function()
    it("is closed when it is collected", real(function()
        local path = cgroup.new().path
        collectgarbage()
        collectgarbage()
        eventually("no group", function() return not exists(path) end)
    end))


    it("that is open behind a run is no descriptor that was left", function()
        local group
        -- helper.run fails when there is one.
        helper.run(function()
            need_groups()
            group = cgroup.new()
        end)
        helper.run(function() group:close() end)
    end)

    it("ends with its process, however that ends", real(function()
        for _, ending in ipairs { "", "os.exit(0)", "error 'x'", "require('emilua.system').kill(PID, 9)" } do
            local output = helper.child([[
                local PID = require("emilua.system").getpid()
                local group, child
                require("emilua").run(function()
                    group = require("emilua.cgroup").new { limits = { ["cgroup.max.depth"] = 2 } }
                    child = require("emilua.system").spawn {
                        program = "sleep", arguments = { "sleep", "600" }, signal_on_gcreaper = 0,
                        environment = require("emilua.system").environment,
                    }
                    group:add(child.pid)
                end)
                print(group.path)
                io.stdout:flush()
            ]] .. ending)
            local path = assert(output:match "^(/%S+)\n", output)
            eventually("no group", function() return not exists(path) end)
        end
    end))
end)

describe("cgroup.delegated", function()
    it("checks its arguments", function()
        helper.EINVAL(function() cgroup.delegated(1) end, 1)
        helper.EINVAL(function() cgroup.delegated { 1 } end, 1)
    end)

    it("is the root that this process sees, if its own group is that", function()
        local directory = pretended("cpu memory pids", "memory")
        local output = specs.program(pretending([["0::/\n"]], ("%q"):format("30 1 0:26 / " .. directory
            .. " rw - cgroup2 cgroup2 rw\n"), [[
            local path, controllers = cgroup.delegated { "memory", "io" }
            print(path, controllers.memory, controllers.io)
            print((cgroup.delegated()))
            print(cgroup.delegated { "io" })
        ]]))
        remove(directory)
        assert.equal(("%s\ttrue\tnil\n%s\nnil\n"):format(directory, directory), output)
    end)
end)

describe("with the controllers", function()
    it("memory is bounded and counted", fiber(function()
        environment.need "cgroup v2, memory"
        local group = cgroup.new { limits = { ["memory.max"] = "32M", ["memory.swap.max"] = 0 } }
        assert.equal(tostring(2 ^ 25), group:get "memory.max")
        local child = process.start("read go; cat /dev/zero | tail -n 1", { stdin = "pipe" })
        group:add(child.pid)
        child.stdin:close()
        child:wait()
        assert.matches("oom_kill [1-9]", group:get "memory.events")
        group:close()
    end))

    it("processes are bounded and counted", fiber(function()
        environment.need "cgroup v2, pids"
        local group = cgroup.new { limits = { ["pids.max"] = 4 } }
        local child = process.start("read go; for n in 1 2 3 4 5 6 7 8; do sleep 600 & done", { stdin = "pipe" })
        group:add(child.pid)
        child.stdin:close()
        child:wait()
        assert.matches("max [1-9]", group:get "pids.events")
        assert.is_true(tonumber(group:get "pids.current") <= 4)
        local function inner() return cgroup.new { parent = group.path, limits = { ["pids.max"] = 2 } } end
        local e = helper.raises("system", "EBUSY", inner)
        assert.matches("cannot hand on the controller pids: there are processes in it$", e.detail)
        group:kill()
        eventually("no process", function() return group:get "cgroup.procs" == "" end)
        local below = inner()
        child = process.start("read go; (exit 7); exit $?", { stdin = "pipe" })
        below:add(child.pid)
        child.stdin:close()
        child:wait()
        assert.equal(7, child.exit_code)
        below:close()
        group:close()
    end))

    it("processor time is bounded and counted", fiber(function()
        environment.need "cgroup v2, cpu"
        local group = cgroup.new()
        group:set("cpu.max", "20000 100000")
        assert.equal("20000 100000", group:get "cpu.max")
        local child = process.start("read go; while :; do :; done", { stdin = "pipe" })
        group:add(child.pid)
        child.stdin:close()
        eventually("throttled", function() return group:get("cpu.stat"):find "nr_throttled [1-9]" end)
        group:close()
        child:wait()
    end))
end)
