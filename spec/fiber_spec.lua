-- Core §3: fibers.

local helper = require "spec.helper"
local emilua = require "emilua"
local condition_variable = require "emilua.condition_variable"
local future = require "emilua.future"
local mutex = require "emilua.mutex"
local recursive_mutex = require "emilua.recursive_mutex"
local time = require "emilua.time"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber

describe("§3.1 spawn(f)", function()
    helper.install()

    it("returns a fiber", helper.fiber(function()
        local f = spawn(function() end)
        assert.are.equal("fiber", getmetatable(f))
        f:join()
    end))

    it("does not suspend the caller, also inside a forbid-suspend block", helper.fiber(function()
        local ran = false
        this_fiber.forbid_suspend()
        local f = spawn(function() ran = true end)
        this_fiber.allow_suspend()
        assert.is_false(ran)
        f:join()
        assert.is_true(ran)
    end))

    it("is no interruption point", helper.fiber(function()
        local child
        local f
        f = spawn(function()
            f:interrupt()
            child = spawn(function() return "ran" end)
        end)
        f:join()
        assert.is_false(f.interruption_caught)
        assert.are.equal("ran", child:join())
    end))

    it("a non-function is a Lua arg error", helper.fiber(function()
        helper.argument_error(function() spawn() end, 1)
        for _, value in ipairs { false, 1, "text", {}, coroutine.create(function() end) } do
            helper.argument_error(function() spawn(value) end, 1)
        end
    end))

    it("calls f without arguments; extra arguments of spawn are ignored", helper.fiber(function()
        local count
        spawn(function(...) count = select("#", ...) end, 1, 2):join()
        assert.are.equal(0, count)
        spawn(function(...) count = select("#", ...) end, { name = "x" }, 2):join()
        assert.are.equal(0, count)
    end))

    it("takes opts.name (README decision 19)", helper.fiber(function()
        spawn(function() end, { name = "worker" }):join()
    end))

    it("the new fiber starts uninterrupted, with both counters 0 and an empty root scope", helper.fiber(function()
        local seen = {}
        local f
        f = spawn(function()
            f:interrupt()
            this_fiber.disable_interruption()
            this_fiber.forbid_suspend()
            emilua.scope_cleanup_push(function() end)
            seen.child = spawn(function()
                helper.raises("emilua.core", "unmatched_scope_cleanup", emilua.scope_cleanup_pop)
                helper.raises("emilua.core", "suspension_already_allowed", this_fiber.allow_suspend)
                helper.raises("emilua.core", "interruption_already_allowed", this_fiber.restore_interruption)
                this_fiber.yield()
                return "done"
            end)
        end)
        f:join()
        assert.are.equal("done", seen.child:join())
    end))

    it("the new fiber starts with an empty local storage", helper.fiber(function()
        this_fiber.local_.x = 1
        spawn(function()
            assert.is_nil(next(this_fiber.local_))
        end):join()
    end))
end)

describe("§3.2 f:join()", function()
    helper.install()

    it("returns all values of the fiber's function", helper.fiber(function()
        assert.are.same({ n = 0 }, helper.pack(spawn(function() end):join()))
        assert.are.same({ n = 3, 1, "two", true },
            helper.pack(spawn(function() return 1, "two", true end):join()))
    end))

    it("returns the exact number of values, nils included (§18 #3)", helper.fiber(function()
        assert.are.same({ n = 4, nil, 2, nil, nil },
            helper.pack(spawn(function() return nil, 2, nil, nil end):join()))
        assert.are.same({ n = 1 }, helper.pack(spawn(function() return nil end):join()))
        local f = spawn(function() return nil, 2, nil end)
        this_fiber.yield()
        assert.are.same({ n = 3, nil, 2, nil }, helper.pack(f:join()))
    end))

    it("returns many values", helper.fiber(function()
        local values = {}
        for i = 1, 200 do
            values[i] = i
        end
        local got = helper.pack(spawn(function() return unpack(values) end):join())
        assert.are.equal(200, got.n)
        assert.are.equal(200, got[200])
    end))

    it("returns tables by identity", helper.fiber(function()
        local value = {}
        assert.is_true(rawequal(value, spawn(function() return value end):join()))
    end))

    it("in a forbid-suspend block is forbid_suspend_block, also on a finished fiber", helper.fiber(function()
        local f = spawn(function() end)
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() f:join() end)
        this_fiber.allow_suspend()
        this_fiber.yield()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() f:join() end)
        this_fiber.allow_suspend()
        f:join()
    end))

    it("checks forbid-suspend, then the interruption, then self", helper.fiber(function()
        local joined = spawn(function() end)
        joined:join()
        local f
        f = spawn(function()
            helper.raises("emilua.core", "forbid_suspend_block", function()
                f:interrupt()
                this_fiber.forbid_suspend()
                joined.join(nil)
            end)
        end)
        helper.raises("emilua.core", "forbid_suspend_block", function()
            this_fiber.forbid_suspend()
            joined.join(1)
        end)
        this_fiber.allow_suspend()
        f:join()
        local g
        g = spawn(function()
            helper.raises("emilua.core", "interrupted", function()
                g:interrupt()
                joined:join()
            end)
        end)
        g:join()
    end))

    it("with a bad self is EINVAL(arg=1)", helper.fiber(function()
        local f = spawn(function() end)
        helper.EINVAL(function() f.join() end, 1)
        helper.EINVAL(function() f.join({}) end, 1)
        f:join()
    end))

    it("on a joined fiber is EINVAL(arg=1)", helper.fiber(function()
        local f = spawn(function() end)
        f:join()
        helper.EINVAL(function() f:join() end, 1)
    end))

    it("on a detached fiber is EINVAL(arg=1)", helper.fiber(function()
        local f = spawn(function() end)
        f:detach()
        helper.EINVAL(function() f:join() end, 1)
    end))

    it("while another fiber is joining is EINVAL(arg=1)", helper.fiber(function()
        local f = spawn(function() helper.turns(5) end)
        local joiner = spawn(function() f:join() end)
        this_fiber.yield()
        helper.EINVAL(function() f:join() end, 1)
        joiner:join()
    end))

    it("of the current fiber is EDEADLK", helper.fiber(function()
        local f
        f = spawn(function()
            helper.EDEADLK(function() f:join() end)
        end)
        this_fiber.yield()
        f:join()
    end))

    it("of the current fiber from a coroutine in it is EDEADLK", helper.fiber(function()
        local f
        f = spawn(function()
            coroutine.wrap(function()
                helper.EDEADLK(function() f:join() end)
            end)()
        end)
        this_fiber.yield()
        f:join()
    end))

    it("re-raises the fiber's own error unchanged", helper.fiber(function()
        local value = {}
        local _, e = pcall(function() spawn(function() error(value) end):join() end)
        assert.is_true(rawequal(value, e))
        _, e = pcall(function() spawn(function() error("tag", 0) end):join() end)
        assert.are.equal("tag", e)
        local results = helper.pack(pcall(function() spawn(function() error(nil) end):join() end))
        assert.are.same({ n = 2, false, nil }, results)
    end))

    it("re-raises an error table of the runtime with its identity", helper.fiber(function()
        local inner
        local f = spawn(function()
            local _, e = pcall(error, require("emilua.generic_error").EBUSY)
            inner = e
            error(e)
        end)
        local _, e = pcall(f.join, f)
        assert.is_true(rawequal(inner, e))
    end))
end)

describe("§3.2 the outcomes of join()", function()
    helper.install()

    it("normal end: the values, interruption_caught == false", helper.fiber(function()
        local f = spawn(function() return 1 end)
        assert.are.equal(1, f:join())
        assert.is_false(f.interruption_caught)
    end))

    it("an error: re-raised, interruption_caught == false", helper.fiber(function()
        local f = spawn(function() error("tag", 0) end)
        assert.are.same({ n = 2, false, "tag" }, helper.pack(pcall(f.join, f)))
        assert.is_false(f.interruption_caught)
    end))

    it("an end by core.interrupted: no values, no error, interruption_caught == true", helper.fiber(function()
        local f = spawn(function()
            time.sleep(60)
            return 1
        end)
        this_fiber.yield()
        f:interrupt()
        assert.are.same({ n = 0 }, helper.pack(f:join()))
        assert.is_true(f.interruption_caught)
    end))

    it("only the error value counts, not whether somebody called interrupt()", helper.fiber(function()
        local interrupted
        local f = spawn(function()
            local _, e = pcall(time.sleep, 60)
            interrupted = e
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.is_false(f.interruption_caught)
        f = spawn(function() error(interrupted) end)
        assert.are.same({ n = 0 }, helper.pack(f:join()))
        assert.is_true(f.interruption_caught)
    end))

    it("an interrupted fiber that ends normally or by another error is not caught", helper.fiber(function()
        local f = spawn(function() return "value" end)
        f:interrupt()
        assert.are.equal("value", f:join())
        assert.is_false(f.interruption_caught)
        f = spawn(function() error("tag", 0) end)
        f:interrupt()
        assert.is_false(pcall(f.join, f))
        assert.is_false(f.interruption_caught)
    end))

    it("in all three cases the handle is then joined", helper.fiber(function()
        local normal, failing = spawn(function() end), spawn(function() error("tag", 0) end)
        local interrupted = spawn(function() time.sleep(60) end)
        interrupted:interrupt()
        normal:join()
        pcall(failing.join, failing)
        interrupted:join()
        for _, f in ipairs { normal, failing, interrupted } do
            assert.is_false(f.joinable)
            helper.EINVAL(function() f:join() end, 1)
            helper.EINVAL(function() f:detach() end, 1)
        end
    end))

    it("an interrupted join() leaves target and handle untouched; it can be joined again", helper.fiber(function()
        local p, value = future.new()
        local target = spawn(function() return value:get() end)
        local joiner = spawn(function() target:join() end)
        this_fiber.yield()
        assert.is_false(target.joinable)
        joiner:interrupt()
        joiner:join()
        assert.is_true(joiner.interruption_caught)
        assert.is_true(target.joinable)
        helper.EINVAL(function() return target.interruption_caught end)
        p:set_value("kept")
        assert.are.equal("kept", target:join())
    end))
end)

describe("§3.2 f:detach()", function()
    helper.install()

    it("returns nothing", helper.fiber(function()
        local f = spawn(function() end)
        assert.are.equal(0, select("#", f:detach()))
    end))

    it("with a bad self, joined or detached is EINVAL(arg=1)", helper.fiber(function()
        local f = spawn(function() end)
        helper.EINVAL(function() f.detach() end, 1)
        f:detach()
        helper.EINVAL(function() f:detach() end, 1)
        f = spawn(function() end)
        f:join()
        helper.EINVAL(function() f:detach() end, 1)
    end))

    it("with a join in progress is EINVAL(arg=1)", helper.fiber(function()
        local f = spawn(function() helper.turns(3) end)
        local joiner = spawn(function() f:join() end)
        this_fiber.yield()
        helper.EINVAL(function() f:detach() end, 1)
        joiner:join()
    end))

    it("a fiber may detach its own handle", helper.fiber(function()
        local f
        local done = false
        f = spawn(function()
            f:detach()
            this_fiber.yield()
            done = true
        end)
        helper.turns(3)
        assert.is_true(done)
        assert.is_false(f.joinable)
    end))

    it("makes interrupt() inert", helper.fiber(function()
        local done = false
        local f = spawn(function()
            this_fiber.yield()
            this_fiber.yield()
            done = true
        end)
        f:detach()
        f:interrupt()
        this_fiber.yield()
        f:interrupt()
        helper.turns(3)
        assert.is_true(done)
    end))

    it("leaves a request made earlier in force", helper.fiber(function()
        local reached = false
        local f = spawn(function()
            this_fiber.yield()
            reached = true
        end)
        f:interrupt()
        f:detach()
        helper.turns(3)
        assert.is_false(reached)
    end))
end)

for _, name in ipairs { "interrupt", "cancel" } do
    describe("§3.2 f:" .. name .. "()", function()
        helper.install()

        it("returns nothing and raises nothing, also for the caller itself", helper.fiber(function()
            local count
            local f
            f = spawn(function()
                count = select("#", f[name](f))
            end)
            f:join()
            assert.are.equal(0, count)
        end))

        it("with a bad self is EINVAL(arg=1)", helper.fiber(function()
            local f = spawn(function() end)
            helper.EINVAL(function() f[name]() end, 1)
            helper.EINVAL(function() f[name]({}) end, 1)
            f:join()
        end))

        it("any number of calls in any handle state is fine (§19 #14)", helper.fiber(function()
            local f = spawn(function() this_fiber.yield() end)
            for _ = 1, 3 do
                f[name](f)
            end
            helper.turns(2)
            for _ = 1, 3 do
                f[name](f)
            end
            f:join()
            for _ = 1, 3 do
                f[name](f)
            end
            f = spawn(function() end)
            f:detach()
            for _ = 1, 3 do
                f[name](f)
            end
        end))
    end)
end

for _, name in ipairs { "interruption_caught", "cancellation_caught" } do
    describe("§3.2 f." .. name, function()
        helper.install()

        -- The eight situations of §19 #10.
        local situations = {
            ["before the fiber ran"] = function() return spawn(function() end) end,
            ["while it runs"] = function()
                local f = spawn(function() helper.turns(3) end)
                this_fiber.yield()
                return f
            end,
            ["after it finished but before the join"] = function()
                local f = spawn(function() end)
                this_fiber.yield()
                return f
            end,
            ["after it reacted to an interrupt"] = function()
                local f = spawn(function() time.sleep(60) end)
                this_fiber.yield()
                f:interrupt()
                this_fiber.yield()
                return f
            end,
        }
        for situation, make in pairs(situations) do
            it("is EINVAL " .. situation, helper.fiber(function()
                local f = make()
                helper.EINVAL(function() return f[name] end)
                f:join()
            end))
            it("is EINVAL " .. situation .. ", detached", helper.fiber(function()
                local f = make()
                f:detach()
                helper.EINVAL(function() return f[name] end)
                helper.turns(5)
                helper.EINVAL(function() return f[name] end)
            end))
        end

        it("is EINVAL while a fiber is inside join() on it", helper.fiber(function()
            local f = spawn(function() helper.turns(3) end)
            local joiner = spawn(function() f:join() end)
            this_fiber.yield()
            helper.EINVAL(function() return f[name] end)
            joiner:join()
            assert.is_false(f[name])
        end))

        it("is a boolean once a join() on this handle has completed", helper.fiber(function()
            local f = spawn(function() end)
            f:join()
            assert.is_false(f[name])
            f = spawn(function() this_fiber.yield() end)
            f:interrupt()
            f:join()
            assert.is_true(f[name])
        end))
    end)
end

describe("§3.2 f.joinable", function()
    helper.install()

    it("is true until joined", helper.fiber(function()
        local f = spawn(function() this_fiber.yield() end)
        assert.is_true(f.joinable)
        this_fiber.yield()
        assert.is_true(f.joinable)
        f:join()
        assert.is_false(f.joinable)
    end))

    it("is true until detached", helper.fiber(function()
        local f = spawn(function() end)
        f:detach()
        assert.is_false(f.joinable)
    end))

    it("is true for a finished, not yet joined fiber", helper.fiber(function()
        local f = spawn(function() end)
        this_fiber.yield()
        assert.is_true(f.joinable)
        f:join()
    end))

    it("is false while some fiber is inside join() on it", helper.fiber(function()
        local f = spawn(function() helper.turns(3) end)
        local joiner = spawn(function() f:join() end)
        this_fiber.yield()
        assert.is_false(f.joinable)
        joiner:join()
    end))

    it("is true again if that joiner was interrupted out of join()", helper.fiber(function()
        local f = spawn(function() helper.turns(5) end)
        local joiner = spawn(function() f:join() end)
        this_fiber.yield()
        joiner:interrupt()
        joiner:join()
        assert.is_true(f.joinable)
        f:join()
    end))
end)

describe("§3.2 a fiber handle", function()
    helper.install()

    it("collected detaches its fiber; running fibers are never collected", helper.fiber(function()
        local done = 0
        for _ = 1, 10 do
            spawn(function()
                helper.turns(2)
                time.sleep(0.001)
                collectgarbage()
                done = done + 1
            end)
        end
        collectgarbage()
        collectgarbage()
        time.sleep(0.002)
        while done < 10 do
            this_fiber.yield()
        end
    end))

    it("can be kept in tables and compared by identity", helper.fiber(function()
        local f, g = spawn(function() end), spawn(function() end)
        local set = { [f] = "f", [g] = "g" }
        assert.are.equal("f", set[f])
        assert.is_false(f == g)
        assert.is_true(f == f)
        f:join()
        g:join()
    end))
end)

describe("§3.3 this_fiber.yield()", function()
    helper.install()

    it("returns nothing and goes to the tail of the queue", helper.fiber(function()
        local ran = 0
        local f, g = spawn(function() ran = ran + 1 end), spawn(function() ran = ran + 1 end)
        assert.are.equal(0, select("#", this_fiber.yield()))
        assert.are.equal(2, ran)
        f:join()
        g:join()
    end))

    it("checks forbid_suspend_block, then interrupted", helper.fiber(function()
        local f
        f = spawn(function()
            helper.raises("emilua.core", "forbid_suspend_block", function()
                f:interrupt()
                this_fiber.forbid_suspend()
                this_fiber.yield()
            end)
            this_fiber.allow_suspend()
            this_fiber.yield()
        end)
        f:join()
        assert.is_true(f.interruption_caught)
    end))

    it("does not check after waking", helper.fiber(function()
        local woke = false
        local f = spawn(function()
            this_fiber.yield()
            woke = true
            this_fiber.yield()
            woke = "twice"
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.is_true(woke)
        assert.is_true(f.interruption_caught)
    end))
end)

describe("§3.3 this_fiber.forbid_suspend() and allow_suspend()", function()
    helper.install()

    it("count: four forbids allow exactly four allows (§19 #6)", helper.fiber(function()
        for _ = 1, 4 do
            this_fiber.forbid_suspend()
        end
        for _ = 1, 4 do
            helper.raises("emilua.core", "forbid_suspend_block", this_fiber.yield)
            this_fiber.allow_suspend()
        end
        this_fiber.yield()
        helper.raises("emilua.core", "suspension_already_allowed", this_fiber.allow_suspend)
    end))

    it("allow_suspend at zero is suspension_already_allowed and changes nothing", helper.fiber(function()
        helper.raises("emilua.core", "suspension_already_allowed", this_fiber.allow_suspend)
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", this_fiber.yield)
        this_fiber.allow_suspend()
        this_fiber.yield()
    end))

    it("return nothing", helper.fiber(function()
        assert.are.equal(0, select("#", this_fiber.forbid_suspend()))
        assert.are.equal(0, select("#", this_fiber.allow_suspend()))
    end))

    -- Each would not have to wait.
    local ready = {
        ["this_fiber.yield"] = function() return this_fiber.yield end,
        ["time.sleep"] = function() return function() time.sleep(0) end end,
        ["mutex:lock on a free mutex"] = function()
            local m = mutex.new()
            return function() m:lock() end
        end,
        ["recursive_mutex:lock on a free mutex"] = function()
            local m = recursive_mutex.new()
            return function() m:lock() end
        end,
        ["future:get on a ready future"] = function()
            local p, value = future.new()
            p:set_value(1)
            return function() value:get() end
        end,
        ["join on a finished fiber"] = function()
            local f = spawn(function() end)
            this_fiber.yield()
            return function() f:join() end
        end,
        ["timer:wait on an expired timer"] = function()
            local timer = time.steady_timer.new()
            return function() timer:wait() end
        end,
        ["cond:wait"] = function()
            local m, c = mutex.new(), condition_variable.new()
            m:lock()
            return function() c:wait(m) end
        end,
    }
    for name, make in pairs(ready) do
        it("with the counter above 0, " .. name .. " is forbid_suspend_block", helper.fiber(function()
            local call = make()
            this_fiber.forbid_suspend()
            helper.raises("emilua.core", "forbid_suspend_block", call)
            this_fiber.allow_suspend()
        end))

        it("this check comes before the interruption check: " .. name, helper.fiber(function()
            local f
            f = spawn(function()
                local call = make()
                helper.raises("emilua.core", "forbid_suspend_block", function()
                    f:interrupt()
                    this_fiber.forbid_suspend()
                    call()
                end)
            end)
            f:join()
        end))
    end

    it("leaves spawn, detach, interrupt, try_lock, unlock, notify_*, set_* alone", helper.fiber(function()
        local m, r, c = mutex.new(), recursive_mutex.new(), condition_variable.new()
        local p, p2 = future.new(), future.new()
        this_fiber.forbid_suspend()
        local f = spawn(function() end)
        f:interrupt()
        f:detach()
        assert.is_true(m:try_lock())
        m:unlock()
        assert.is_true(r:try_lock())
        r:unlock()
        c:notify_one()
        c:notify_all()
        p:set_value(1)
        p2:set_error("x")
        this_fiber.disable_interruption()
        this_fiber.restore_interruption()
        this_fiber.allow_suspend()
    end))

    it("ending a fiber with the counter above 0 is no error", helper.fiber(function()
        assert.are.equal("fine", spawn(function()
            this_fiber.forbid_suspend()
            return "fine"
        end):join())
    end))

    it("ending the main fiber with the counter above 0 is no error", function()
        helper.run(this_fiber.forbid_suspend)
        helper.run(function()
            this_fiber.yield()
        end)
    end)
end)

for disable, restore in pairs { disable_interruption = "restore_interruption",
    disable_cancellation = "restore_cancellation" } do
    describe("§3.3 this_fiber." .. disable .. "() and " .. restore .. "()", function()
        helper.install()

        it("count: interruption comes back with the last restore", helper.fiber(function()
            local steps = 0
            local f
            f = spawn(function()
                this_fiber[disable]()
                this_fiber[disable]()
                f:interrupt()
                this_fiber.yield()
                steps = 1
                this_fiber[restore]()
                this_fiber.yield()
                steps = 2
                this_fiber[restore]()
                steps = 3
                this_fiber.yield()
                steps = 4
            end)
            f:join()
            assert.are.equal(3, steps)
            assert.is_true(f.interruption_caught)
        end))

        it("restoring at zero is interruption_already_allowed", helper.fiber(function()
            helper.raises("emilua.core", "interruption_already_allowed", this_fiber[restore])
            this_fiber[disable]()
            this_fiber[restore]()
            helper.raises("emilua.core", "interruption_already_allowed", this_fiber[restore])
        end))

        it("restoring is never an interruption point itself", helper.fiber(function()
            local reached = false
            local f
            f = spawn(function()
                this_fiber[disable]()
                f:interrupt()
                this_fiber[restore]()
                reached = true
            end)
            f:join()
            assert.is_true(reached)
            assert.is_false(f.interruption_caught)
        end))

        it("keep counting in the main fiber, which is never interruptible (§18 #9)", helper.fiber(function()
            this_fiber[disable]()
            this_fiber[disable]()
            this_fiber[restore]()
            this_fiber[restore]()
            helper.raises("emilua.core", "interruption_already_allowed", this_fiber[restore])
            this_fiber.yield()
        end))

        it("return nothing", helper.fiber(function()
            assert.are.equal(0, select("#", this_fiber[disable]()))
            assert.are.equal(0, select("#", this_fiber[restore]()))
        end))
    end)
end

describe("§3.3 this_fiber.is_main", function()
    helper.install()

    it("is true in the main fiber, else false", helper.fiber(function()
        assert.is_true(this_fiber.is_main)
        assert.is_true(coroutine.wrap(function() return this_fiber.is_main end)())
        assert.is_false(spawn(function() return this_fiber.is_main end):join())
        assert.is_false(spawn(function()
            return coroutine.wrap(function() return this_fiber.is_main end)()
        end):join())
    end))
end)

describe("§3.3 this_fiber.local_", function()
    helper.install()

    it("is the fiber's storage table, created on demand", helper.fiber(function()
        assert.are.equal("table", type(this_fiber.local_))
        assert.is_true(rawequal(this_fiber.local_, this_fiber.local_))
    end))

    it("is empty at first and keeps its own (§19 #7)", helper.fiber(function()
        assert.is_nil(this_fiber.local_.x)
        this_fiber.local_.x = "main"
        local f = spawn(function()
            assert.is_nil(this_fiber.local_.x)
            this_fiber.local_.x = "spawned"
            this_fiber.yield()
            assert.are.equal("spawned", this_fiber.local_.x)
        end)
        this_fiber.yield()
        assert.are.equal("main", this_fiber.local_.x)
        f:join()
        assert.are.equal("main", this_fiber.local_.x)
    end))

    it("is shared by all coroutines of the fiber", helper.fiber(function()
        this_fiber.local_.x = 1
        coroutine.wrap(function()
            assert.are.equal(1, this_fiber.local_.x)
            this_fiber.local_.x = 2
        end)()
        assert.are.equal(2, this_fiber.local_.x)
    end))
end)

describe("§3.3 this_fiber.id", function()
    helper.install()

    it("is a string, 0x and a hex address", helper.fiber(function()
        assert.is_truthy(this_fiber.id:find("^0x%x+$"))
        assert.is_truthy(spawn(function() return this_fiber.id end):join():find("^0x%x+$"))
    end))

    it("stays the same in a fiber and its coroutines", helper.fiber(function()
        local function ids()
            local first = this_fiber.id
            this_fiber.yield()
            return first, this_fiber.id, coroutine.wrap(function() return this_fiber.id end)()
        end
        local a, b, c = ids()
        assert.are.same({ a, a }, { b, c })
        a, b, c = spawn(ids):join()
        assert.are.same({ a, a }, { b, c })
    end))

    it("differs among live fibers", helper.fiber(function()
        local seen, fibers = { [this_fiber.id] = true }, {}
        for i = 1, 100 do
            fibers[i] = spawn(function()
                assert.is_nil(seen[this_fiber.id])
                seen[this_fiber.id] = true
                this_fiber.yield()
            end)
        end
        for _, f in ipairs(fibers) do
            f:join()
        end
    end))
end)

describe("§3.3 the members of this_fiber", function()
    helper.install()

    it("are plain functions without self", helper.fiber(function()
        local forbid, allow = this_fiber.forbid_suspend, this_fiber.allow_suspend
        forbid()
        allow()
        for _, name in ipairs { "yield", "forbid_suspend", "allow_suspend", "disable_interruption",
            "restore_interruption", "disable_cancellation", "restore_cancellation" } do
            assert.are.equal("function", type(this_fiber[name]))
        end
    end))

    it("writing any field, also local_, is EPERM", helper.fiber(function()
        for _, name in ipairs { "yield", "is_main", "local_", "id", "other", 1 } do
            helper.EPERM(function() this_fiber[name] = 1 end)
        end
    end))
end)
