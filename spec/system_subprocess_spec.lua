-- The handle of a child process, and what becomes of children whose handle is gone.

local emilua = require "emilua"
local system = require "emilua.system"
local time = require "emilua.time"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local process = require "spec.process_helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local closing, start = fd.closing, process.start
local signal = system.signal

helper.install()

-- Ends a child that a test has started.
local function finish(p)
    p:kill(signal.SIGKILL)
    p:wait()
end

describe("subprocess:wait", function()
    it("suspends until the end and stores the status", closing(function()
        local p = start("read line; exit 42", { stdin = "pipe" })
        local waiting = spawn(function() return select("#", p:wait()) end)
        helper.turns(3)
        p.stdin:close()
        assert.equal(0, waiting:join())
        assert.equal(42, p.exit_code)
        assert.is_nil(p.exit_signal)
        assert.is_nil(p.pid)
    end))

    it("gives 128 and the signal that ended the child", closing(function()
        for _, number in ipairs{ signal.SIGKILL, signal.SIGTERM, signal.SIGABRT } do
            local p = start("kill -" .. number .. " $$")
            p:wait()
            assert.same({ 128 + number, number }, { p.exit_code, p.exit_signal })
        end
    end))

    it("raises ECHILD the second time", closing(function()
        local p = start "exit"
        p:wait()
        helper.ECHILD(function() p:wait() end)
    end))

    it("raises EBUSY while another fiber waits", closing(function()
        local p = start("read line", { stdin = "pipe" })
        local waiting = spawn(function() p:wait() end)
        helper.turns()
        helper.EBUSY(function() p:wait() end)
        p.stdin:close()
        waiting:join()
    end))

    it("that is interrupted leaves the child, to be waited for again", closing(function()
        local p = start("read line; exit 5", { stdin = "pipe" })
        local waiting = spawn(function() p:wait() end)
        helper.turns()
        waiting:interrupt()
        waiting:join()
        assert.is_true(waiting.interruption_caught)
        assert.is_number(p.pid)
        helper.EINVAL(function() return p.exit_code end)
        p.stdin:close()
        p:wait()
        assert.equal(5, p.exit_code)
    end))

    it("is a suspension point", closing(function()
        local p = start "exit"
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() p:wait() end)
        this_fiber.allow_suspend()
        p:wait()
        for _, name in ipairs{ "wait", "kill", "cap_get" } do
            helper.EINVAL(function() p[name]({}, 0) end, 1)
        end
    end))

    it("raises EPERM outside a run", function()
        local p = start "exit"
        helper.EPERM(function() p:wait() end)
        helper.run(function() p:wait() end)
    end)

    it("sees no other child of the host", closing(function()
        -- The host's own children are reaped by those who started them.
        local other = io.popen("exit 3")
        local p = start "exit 4"
        p:wait()
        assert.equal(4, p.exit_code)
        assert.is_truthy(other:close())
    end))
end)

describe("subprocess:kill", function()
    it("sends a signal", closing(function()
        local p = start("sleep 60")
        assert.equal(0, select("#", p:kill(signal.SIGTERM)))
        p:wait()
        assert.equal(signal.SIGTERM, p.exit_signal)
    end))

    it("of 0 only checks", closing(function()
        local p = start("read line; exit 6", { stdin = "pipe" })
        p:kill(0)
        p.stdin:close()
        p:wait()
        assert.equal(6, p.exit_code)
    end))

    it("raises ESRCH after a wait, and the system's error for no signal", closing(function()
        local p = start "read line"
        helper.raises("system", "EINVAL", function() p:kill(999) end)
        helper.argument_error(function() p:kill "SIGTERM" end, 2)
        p:wait()
        helper.ESRCH(function() p:kill(0) end)
    end))

    it("of an ended child that was not waited for is no error", closing(function()
        local p = start("echo", { stdout = "pipe" })
        process.read_all(p.stdout)
        p:kill(signal.SIGTERM)
        p:wait()
    end))
end)

describe("the properties of a subprocess", function()
    it("before a wait", closing(function()
        local p = start("echo $$; read line", { stdin = "pipe", stdout = "pipe" })
        local bs = emilua.byte_span.new(100)
        assert.equal(("%d\n"):format(p.pid), tostring(bs:first(p.stdout:read_some(bs))))
        helper.EINVAL(function() return p.exit_code end)
        helper.EINVAL(function() return p.exit_signal end)
        assert.is_nil(p.stderr)
        helper.bad_index(function() return p.status end)
        helper.bad_index(function() p.pid = 1 end)
        finish(p)
        p.stdin:close()
        p.stdout:close()
    end))

    it("cap_get", closing(function()
        local p = start("read line", { stdin = "pipe" })
        assert.equal(tostring(system.cap_get_proc()), tostring(p:cap_get()))
        p.stdin:close()
        p:wait()
        helper.ESRCH(function() p:cap_get() end)
    end))
end)

describe("a child whose handle was collected", function()
    local function drop(script, opts)
        opts = opts or {}
        opts.stdout = "pipe"
        local p = start(script, opts)
        local out = p.stdout
        p = nil -- luacheck: ignore
        return out
    end

    local function collect()
        collectgarbage()
        collectgarbage()
    end

    it("gets signal_on_gcreaper, by default SIGTERM, and is reaped", function()
        local began = time.steady_clock.now()
        helper.run(function()
            drop("exec sleep 600"):close()
            local out = drop("trap 'exit' USR1; echo; while :; do sleep 0.1; done", {
                signal_on_gcreaper = signal.SIGUSR1,
            })
            out:read_some(emilua.byte_span.new(1))
            out:close()
            collect()
        end, { leaks = "ignore" })
        process.none_left()
        assert.is_true(time.steady_clock.now() - began < 60)
        collect()
    end)

    it("is not disturbed by 0, and the run does not end before it", closing(function()
        local out = drop("sleep 0.1; echo done", { signal_on_gcreaper = 0 })
        collect()
        assert.equal("done\n", process.read_all(out))
    end))

    it("is reaped while the run goes on", closing(function()
        local out = drop("exec 2>&1; read line", { signal_on_gcreaper = 0 })
        collect()
        process.read_all(out)
        -- Its end has been reported before ours can be sure that it was reaped.
        for _ = 1, 1000 do
            if process.children() == 0 then break end
            time.sleep(0.01)
        end
        process.none_left()
    end))

    it("is waited for when the interpreter ends", function()
        local text = helper.child [[
            local system = require "emilua.system"
            system.spawn{
                program = "sh", environment = system.environment, stdout = "share", signal_on_gcreaper = 0,
                arguments = { "sh", "-c", "sleep 0.2; echo child" },
            }
            print "interpreter" io.stdout:flush() ]]
        assert.equal("interpreter\nchild\n", text)
    end)

    it("is killed by os.exit unless its signal is 0", function()
        for _, case in ipairs{ { 0, "alive\n" }, { 15, "" } } do
            local script = helper.write_temporary(([[
                local system = require "emilua.system"
                KEEP = system.spawn{
                    program = "sh", environment = system.environment, stdout = "share", signal_on_gcreaper = %d,
                    arguments = { "sh", "-c", "sleep 0.3; echo alive" },
                }
                os.exit(0) ]]):format(case[1]))
            -- cat ends when nobody can write any more.
            local text = helper.shell(("LUA_CPATH='%s?.so;;' %s %s | cat"):format(
                helper.root, helper.interpreter, script))
            os.remove(script)
            assert.equal(case[2], text)
        end
    end)
end)

describe("the host", function()
    it("keeps its handler of SIGCHLD", closing(function()
        local caught = "SigCgt:%s+(%x+)"
        local before = io.open("/proc/self/status"):read("*a"):match(caught)
        local p = start "exit"
        p:wait()
        assert.equal(before, io.open("/proc/self/status"):read("*a"):match(caught))
    end))

    it("keeps its mask of signals", closing(function()
        local blocked = "SigBlk:%s+(%x+)"
        local before = io.open("/proc/self/status"):read("*a"):match(blocked)
        start("exit"):wait()
        assert.equal(before, io.open("/proc/self/status"):read("*a"):match(blocked))
    end))
end)
