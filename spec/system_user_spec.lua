-- The same functions for an ordinary user: what needs no rights works, what needs them is refused and changes nothing.

local environment = require "spec.environment"
local helper = require "spec.helper"
local process = require "spec.process_helper"

helper.install()

-- A directory with the module, which an ordinary user can read.
local home

setup(function()
    home = os.tmpname()
    os.remove(home)
    helper.shell(("mkdir -m 755 %s && install -m 755 %semilua.so %s"):format(home, helper.root, home))
end)

teardown(function() helper.shell("rm -r " .. home) end)

-- What a program prints that user and groups 65534 run, and its status.
local function run(source)
    environment.need("root", process.is_root)
    local path = home .. "/program.lua"
    local file = assert(io.open(path, "w"))
    file:write([[
        local emilua, system = require "emilua", require "emilua.system"
        local signal = system.signal
        local function sh(script, opts)
            local all = { program = "sh", arguments = { "sh", "-c", script } }
            for name, value in pairs(opts or {}) do all[name] = value end
            return system.run(all).stdout
        end
        emilua.run(function() ]] .. source .. " end)")
    file:close()
    helper.shell("chmod 644 " .. path)
    return { helper.shell(("cd / && LUA_CPATH='%s/?.so' timeout 60 %s </dev/null"):format(home,
        process.unprivileged(helper.interpreter .. " " .. path))) }
end

describe("an ordinary user", function()
    it("starts, signals and reaps children", function()
        assert.same({ "out\n3\n143\t15\n", 0 }, run [[
            io.write(sh "echo out")
            local p = system.spawn{ program = "/bin/sh", arguments = { "sh", "-c", "exit 3" } }
            p:wait()
            print(p.exit_code)
            p = system.spawn{ program = "sleep", arguments = { "sleep", "600" } }
            p:kill(signal.SIGTERM)
            p:wait()
            print(p.exit_code, p.exit_signal) ]])
    end)

    it("waits for signals", function()
        assert.same({ "true\n", 0 }, run [[
            local set = signal.set.new(signal.SIGUSR1)
            system.kill(system.getpid(), signal.SIGUSR1)
            print(set:wait() == signal.SIGUSR1)
            set:clear() ]])
    end)

    it("gives up rights", function()
        assert.same({ "1\n", 0 }, run [[
            system.set_no_new_privs()
            io.write(sh "grep NoNewPrivs /proc/self/status | grep -o .$") ]])
        assert.same({ "refused\n", 0 }, run [[
            local ruleset = system.landlock_create_ruleset{ handled_access_fs = { "read_dir" } }
            io.write(sh("ls / 2>/dev/null || echo refused", {
                set_no_new_privs = true, landlock_restrict_self = ruleset,
            }))
            ruleset:close() ]])
    end)

    it("is refused what is root's, by the kernel", function()
        assert.same({ ("system\t1\n"):rep(9), 0 }, run [[
            local ruleset = system.landlock_create_ruleset{ handled_access_fs = { "read_dir" } }
            local caps = system.cap_from_text "cap_kill=ep"
            for _, f in ipairs{
                function() system.setresuid(0, 0, 0) end,
                function() system.setresgid(0, 0, 0) end,
                function() system.setgroups{ 0 } end,
                function() system.kill(1, 0) end,
                function() caps:set_proc() end,
                function() system.landlock_restrict_self(ruleset) end,
                function() system.spawn{ program = "true", euid = 0 } end,
                function() system.spawn{ program = "true", landlock_restrict_self = ruleset } end,
                function() system.spawn{ program = "true", scheduler = { policy = "fifo", priority = 1 } } end,
            } do
                local ok, e = pcall(f)
                print(not ok and tostring(e.category), not ok and e.code)
            end
            ruleset:close() ]])
    end)

    it("is the same user afterwards, and no child is left", function()
        assert.same({ "65534\t65534\t65534\n0\n", 0 }, run [[
            pcall(system.spawn, { program = "true", ruid = 0, euid = 0 })
            print(system.getresuid())
            local file = io.open("/proc/self/task/" .. system.getpid() .. "/children")
            print(select(2, file:read("*a"):gsub("%d+", "")))
            file:close() ]])
    end)
end)
