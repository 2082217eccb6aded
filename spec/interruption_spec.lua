-- Core §5: interruption (cancellation).

local helper = require "spec.helper"
local emilua = require "emilua"
local condition_variable = require "emilua.condition_variable"
local future = require "emilua.future"
local mutex = require "emilua.mutex"
local recursive_mutex = require "emilua.recursive_mutex"
local time = require "emilua.time"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber

local function is_interrupted(e)
    return helper.is_error(e, "emilua.core", "interrupted")
end

-- Joins a fiber that interrupts itself first and then runs `body`; asserts that `body` ended by the interruption.
local function assert_point(body)
    local f
    f = spawn(function()
        f:interrupt()
        body()
    end)
    f:join()
    assert.is_true(f.interruption_caught)
end

-- Joins a fiber that interrupts itself first and then runs `body`; asserts that `body` ended normally.
local function assert_no_point(body)
    local f
    f = spawn(function()
        f:interrupt()
        body()
        return "reached the end"
    end)
    assert.are.equal("reached the end", f:join())
    assert.is_false(f.interruption_caught)
end

describe("§5.1 f:interrupt()", function()
    helper.install()

    it("sets a sticky flag that is never cleared", helper.fiber(function()
        local raised = 0
        local f = spawn(function()
            pcall(function()
                pcall(time.sleep, 60)
                raised = raised + 1
                pcall(time.sleep, 60)
                raised = raised + 1
            end)
            raised = raised + 10
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.are.equal(11, raised)
        assert.is_false(f.interruption_caught)
    end))

    it("asks a suspended operation to give up", helper.fiber(function()
        local seen
        local f = spawn(function()
            local _, e = pcall(time.sleep, 3600)
            seen = e
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        is_interrupted(seen)
    end))

    it("does not touch an operation that was entered with the counter above 0", helper.fiber(function()
        local p, value = future.new()
        local got
        local f = spawn(function()
            this_fiber.disable_interruption()
            got = value:get()
            this_fiber.restore_interruption()
        end)
        this_fiber.yield()
        f:interrupt()
        helper.turns(3)
        assert.is_nil(got)
        p:set_value("value")
        f:join()
        assert.are.equal("value", got)
        assert.is_false(f.interruption_caught)
    end))

    it("never suspends the caller and never raises in it, even if f is the caller", helper.fiber(function()
        local f
        f = spawn(function()
            local other_ran = false
            local other = spawn(function() other_ran = true end)
            f:interrupt()
            assert.is_false(other_ran)
            other:detach()
            return "returned"
        end)
        assert.are.equal("returned", f:join())
    end))

    it("the next point after a self-interrupt raises, inside coroutine.wrap too (§19 #8)", helper.fiber(function()
        local steps = {}
        local f
        f = spawn(function()
            coroutine.wrap(function()
                f:interrupt()
                steps[#steps + 1] = "returned"
                this_fiber.yield()
                steps[#steps + 1] = "never"
            end)()
            steps[#steps + 1] = "never"
        end)
        f:join()
        assert.are.same({ "returned" }, steps)
        assert.is_true(f.interruption_caught)
    end))

    it("of a detached fiber does nothing", helper.fiber(function()
        local done = false
        local f = spawn(function()
            helper.turns(2)
            done = true
        end)
        f:detach()
        f:interrupt()
        helper.turns(4)
        assert.is_true(done)
    end))

    it("of a fiber with the counter above 0 sets the flag, which takes effect later", helper.fiber(function()
        local steps = {}
        local f
        f = spawn(function()
            this_fiber.disable_interruption()
            this_fiber.yield()
            steps[#steps + 1] = "masked"
            this_fiber.yield()
            this_fiber.restore_interruption()
            steps[#steps + 1] = "restored"
            this_fiber.yield()
            steps[#steps + 1] = "never"
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.are.same({ "masked", "restored" }, steps)
        assert.is_true(f.interruption_caught)
    end))

    it("before the first run: the fiber still starts and runs to its first point", helper.fiber(function()
        local steps = {}
        local f = spawn(function()
            steps[#steps + 1] = "started"
            this_fiber.yield()
            steps[#steps + 1] = "never"
        end)
        f:interrupt()
        f:join()
        assert.are.same({ "started" }, steps)
        assert.is_true(f.interruption_caught)
    end))
end)

describe("§5.2 delivery", function()
    helper.install()

    it("raises before anything is started", helper.fiber(function()
        local m, c = mutex.new(), condition_variable.new()
        local f
        f = spawn(function()
            m:lock()
            helper.raises("emilua.core", "interrupted", function()
                f:interrupt()
                c:wait(m)
            end)
            assert.is_false(m:try_lock())
            m:unlock()
        end)
        f:join()
    end))

    it("the flag stays: catching the error with pcall only reaches the next point", helper.fiber(function()
        local seen
        local after = false
        local f = spawn(function()
            local ok, e = pcall(time.sleep, 60)
            seen = { ok, e }
            time.sleep(60)
            after = true
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.is_false(seen[1])
        is_interrupted(seen[2])
        assert.is_false(after)
        assert.is_true(f.interruption_caught)
    end))

    it("cleanup that must suspend needs the counter above 0; scope handlers get this for free", helper.fiber(function()
        local steps = {}
        local f = spawn(function()
            emilua.scope_cleanup_push(function()
                this_fiber.yield()
                steps[#steps + 1] = "handler"
            end)
            local ok = pcall(time.sleep, 60)
            this_fiber.disable_interruption()
            this_fiber.yield()
            steps[#steps + 1] = ok
            this_fiber.restore_interruption()
            this_fiber.yield()
            steps[#steps + 1] = "never"
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.are.same({ false, "handler" }, steps)
    end))

    it("gives a fresh error each time", helper.fiber(function()
        local first, second
        local f = spawn(function()
            local _, e = pcall(time.sleep, 60)
            first = e
            this_fiber.disable_interruption()
            _, e = pcall(function()
                this_fiber.restore_interruption()
                this_fiber.yield()
            end)
            second = e
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        is_interrupted(first)
        is_interrupted(second)
        assert.is_false(rawequal(first, second))
    end))
end)

describe("§5.2 interruption points, on entry", function()
    helper.install()

    -- Each also if the result is ready.
    local points = {
        ["this_fiber.yield"] = function() this_fiber.yield() end,
        ["time.sleep"] = function() time.sleep(0) end,
        ["timer:wait"] = function() time.steady_timer.new():wait() end,
        ["system_timer:wait"] = function() time.system_timer.new():wait() end,
        ["f:join on a finished fiber"] = function(finished) finished:join() end,
        ["cond:wait"] = function()
            local m = mutex.new()
            m:lock()
            condition_variable.new():wait(m)
        end,
        ["future:get on a ready future"] = function()
            local p, value = future.new()
            p:set_value(1)
            value:get()
        end,
        ["pcall"] = function() pcall(function() end) end,
        ["xpcall"] = function() xpcall(function() end, function() end) end,
        ["coroutine.resume"] = function() coroutine.resume(coroutine.create(function() end)) end,
        ["a function made by coroutine.wrap"] = function() coroutine.wrap(function() end)() end,
    }
    for name, call in pairs(points) do
        it(name, helper.fiber(function()
            local finished = spawn(function() end)
            this_fiber.yield()
            local after = false
            local f
            f = spawn(function()
                f:interrupt()
                call(finished)
                after = true
            end)
            f:join()
            assert.is_true(f.interruption_caught)
            assert.is_false(after)
            if finished.joinable then
                finished:join()
            end
        end))

        it(name .. " is none with the counter above 0", helper.fiber(function()
            if name == "cond:wait" then
                return -- it would wait for ever
            end
            local finished = spawn(function() end)
            this_fiber.yield()
            assert_no_point(function()
                this_fiber.disable_interruption()
                call(finished)
                this_fiber.restore_interruption()
            end)
            if finished.joinable then
                finished:join()
            end
        end))
    end

    it("pcall: the function is not called and the error comes out of pcall itself", helper.fiber(function()
        local called = false
        assert_point(function()
            pcall(function() called = true end)
        end)
        assert.is_false(called)
    end))

    it("xpcall: neither function nor message handler is called", helper.fiber(function()
        local called = false
        assert_point(function()
            xpcall(function() called = true end, function() called = true end)
        end)
        assert.is_false(called)
    end))

    it("coroutine.resume: raised by the call itself, the coroutine stays resumable", helper.fiber(function()
        local called = false
        local co = coroutine.create(function() called = true end)
        assert_point(function() coroutine.resume(co) end)
        assert.is_false(called)
        assert.are.equal("suspended", coroutine.status(co))
        assert.is_true(coroutine.resume(co))
        assert.is_true(called)
    end))

    it("coroutine.wrap: raised by the call itself, the coroutine stays resumable", helper.fiber(function()
        local called = false
        local call = coroutine.wrap(function() called = true end)
        assert_point(call)
        assert.is_false(called)
        call()
        assert.is_true(called)
    end))
end)

describe("§5.2 interruption points, waking out of the wait", function()
    helper.install()

    local waits = {
        ["time.sleep"] = function() time.sleep(3600) end,
        ["timer:wait"] = function()
            local timer = time.steady_timer.new()
            timer:expires_after(3600)
            timer:wait()
        end,
        ["system_timer:wait"] = function()
            local timer = time.system_timer.new()
            timer:expires_at(time.system_clock.now() + 3600)
            timer:wait()
        end,
        ["f:join"] = function(target) target:join() end,
        ["cond:wait"] = function()
            local m = mutex.new()
            m:lock()
            condition_variable.new():wait(m)
        end,
        ["future:get"] = function(_, value) value:get() end,
    }
    for name, wait in pairs(waits) do
        it(name, helper.fiber(function()
            local p, value = future.new()
            local target = spawn(function() value:get() end)
            local seen, after
            local f = spawn(function()
                local _, e = pcall(wait, target, value)
                seen = e
                this_fiber.yield()
                after = true
            end)
            this_fiber.yield()
            f:interrupt()
            f:join()
            is_interrupted(seen)
            assert.is_nil(after)
            assert.is_true(f.interruption_caught)
            p:set_value(1)
            target:join()
        end))

        it(name .. " inside a coroutine", helper.fiber(function()
            local p, value = future.new()
            local target = spawn(function() value:get() end)
            local seen
            local f = spawn(function()
                local ok, e = coroutine.resume(coroutine.create(wait), target, value)
                assert.is_false(ok)
                seen = e
            end)
            this_fiber.yield()
            f:interrupt()
            f:join()
            is_interrupted(seen)
            p:set_value(1)
            target:join()
        end))
    end

    it("this_fiber.yield only on entry", helper.fiber(function()
        local woke = false
        local f = spawn(function()
            this_fiber.yield()
            woke = true
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.is_true(woke)
        assert.is_false(f.interruption_caught)
    end))

    it("pcall and xpcall only on entry", helper.fiber(function()
        local f
        f = spawn(function()
            assert.is_true(pcall(function() f:interrupt() end))
            return "left pcall"
        end)
        assert.are.equal("left pcall", f:join())
        f = spawn(function()
            assert.is_true(xpcall(function() f:interrupt() end, function() end))
            return "left xpcall"
        end)
        assert.are.equal("left xpcall", f:join())
    end))

    it("coroutine.resume and wrap only on entry", helper.fiber(function()
        local f
        f = spawn(function()
            assert.is_true(coroutine.resume(coroutine.create(function() f:interrupt() end)))
            return "left resume"
        end)
        assert.are.equal("left resume", f:join())
        f = spawn(function()
            coroutine.wrap(function() f:interrupt() end)()
            return "left wrap"
        end)
        assert.are.equal("left wrap", f:join())
    end))
end)

describe("§5.2 no interruption points", function()
    helper.install()

    for name, class in pairs { mutex = mutex, recursive_mutex = recursive_mutex } do
        it(name .. ":lock on a free mutex", helper.fiber(function()
            assert_no_point(function()
                local m = class.new()
                m:lock()
                m:unlock()
            end)
        end))

        it(name .. ":lock that waits: the fiber stays queued and later owns the lock", helper.fiber(function()
            local m = class.new()
            local owned = false
            m:lock()
            local f = spawn(function()
                m:lock()
                owned = true
                m:unlock()
            end)
            this_fiber.yield()
            f:interrupt()
            helper.turns(3)
            assert.is_false(owned)
            m:unlock()
            f:join()
            assert.is_true(owned)
            assert.is_false(f.interruption_caught)
        end))

        it(name .. ":lock that waits, entered interrupted", helper.fiber(function()
            local m = class.new()
            m:lock()
            local f
            f = spawn(function()
                f:interrupt()
                m:lock()
                m:unlock()
                return "owned"
            end)
            this_fiber.yield()
            m:unlock()
            assert.are.equal("owned", f:join())
        end))
    end

    local calls = {
        ["scope"] = function() emilua.scope(function() end) end,
        ["scope_cleanup_push"] = function() emilua.scope_cleanup_push(function() end) end,
        ["scope_cleanup_pop"] = function()
            emilua.scope_cleanup_push(function() end)
            emilua.scope_cleanup_pop()
        end,
        ["scope_cleanup_pop(false)"] = function()
            emilua.scope_cleanup_push(function() end)
            emilua.scope_cleanup_pop(false)
        end,
        ["restore_interruption"] = function()
            this_fiber.disable_interruption()
            this_fiber.restore_interruption()
        end,
        ["spawn, detach"] = function() spawn(function() end):detach() end,
        ["interrupt"] = function()
            local f = spawn(function() end)
            f:interrupt()
            f:detach()
        end,
        ["try_lock, unlock"] = function()
            for _, class in ipairs { mutex, recursive_mutex } do
                local m = class.new()
                assert.is_true(m:try_lock())
                m:unlock()
            end
        end,
        ["notify_one, notify_all"] = function()
            local c = condition_variable.new()
            c:notify_one()
            c:notify_all()
        end,
        ["set_value, set_error"] = function()
            local p, q = future.new(), future.new()
            p:set_value(1)
            q:set_error("x")
        end,
        ["coroutine.create, status"] = function()
            assert.are.equal("suspended", coroutine.status(coroutine.create(function() end)))
        end,
        ["coroutine.running"] = function() coroutine.running() end,
        ["require"] = function()
            require "emilua.time"
            require "string"
        end,
        ["pure functions"] = function()
            emilua.byte_span.new(1)
            time.steady_clock.now()
            time.steady_timer.new():cancel()
            error = error -- luacheck: ignore
            string.rep("x", 3)
        end,
    }
    for name, call in pairs(calls) do
        it(name, helper.fiber(function()
            assert_no_point(call)
        end))
    end

    it("coroutine.yield", helper.fiber(function()
        local steps = {}
        local f
        f = spawn(function()
            coroutine.wrap(function()
                f:interrupt()
                coroutine.yield()
                steps[#steps + 1] = "never"
            end)()
            steps[#steps + 1] = "yielded"
        end)
        f:join()
        assert.are.same({ "yielded" }, steps)
    end))
end)

describe("§5.3 races", function()
    helper.install()

    it("an interrupted operation has had no effect and may be redone", helper.fiber(function()
        local p, value = future.new()
        local got
        local f = spawn(function()
            local ok = pcall(value.get, value)
            assert.is_false(ok)
            this_fiber.disable_interruption()
            got = value:get()
            this_fiber.restore_interruption()
        end)
        this_fiber.yield()
        f:interrupt()
        helper.turns(2)
        p:set_value("value")
        f:join()
        assert.are.equal("value", got)
    end))

    it("cond:wait: notified then interrupted returns normally, the mutex held", helper.fiber(function()
        for _, notify in ipairs { "notify_one", "notify_all" } do
            local m, c = mutex.new(), condition_variable.new()
            local result
            local f = spawn(function()
                m:lock()
                result = helper.pack(pcall(c.wait, c, m))
                assert.is_false(m:try_lock())
                m:unlock()
            end)
            this_fiber.yield()
            c[notify](c)
            f:interrupt()
            f:join()
            assert.are.same({ n = 1, true }, result)
        end
    end))

    it("cond:wait: interrupted then notified: the next waiter gets the notification", helper.fiber(function()
        local m, c = mutex.new(), condition_variable.new()
        local notified = {}
        local function waiter(name)
            return spawn(function()
                m:lock()
                emilua.scope_cleanup_push(function() m:unlock() end)
                c:wait(m)
                notified[#notified + 1] = name
            end)
        end
        local first, second = waiter "first", waiter "second"
        this_fiber.yield()
        first:interrupt()
        c:notify_one()
        first:join()
        second:join()
        assert.are.same({ "second" }, notified)
        assert.is_true(first.interruption_caught)
        assert.is_false(second.interruption_caught)
        assert.is_true(m:try_lock())
        m:unlock()
    end))

    it("cond:wait: the mutex is re-acquired before wait raises, behind those that queue for it", helper.fiber(function()
        local m, c = mutex.new(), condition_variable.new()
        local steps = {}
        local f = spawn(function()
            m:lock()
            local _, e = pcall(c.wait, c, m)
            is_interrupted(e)
            steps[#steps + 1] = "waiter holds"
            m:unlock()
        end)
        this_fiber.yield()
        m:lock()
        f:interrupt()
        helper.turns(3)
        assert.are.same({}, steps)
        steps[#steps + 1] = "main unlocks"
        m:unlock()
        f:join()
        assert.are.same({ "main unlocks", "waiter holds" }, steps)
        assert.is_true(m:try_lock())
        m:unlock()
    end))

    it("future:get: satisfied then interrupted gives the value", helper.fiber(function()
        local p, value = future.new()
        local f = spawn(function() return value:get() end)
        this_fiber.yield()
        p:set_value("value")
        f:interrupt()
        assert.are.equal("value", f:join())
        assert.is_false(f.interruption_caught)
    end))

    it("future:get: satisfied with an error, then interrupted, raises that error", helper.fiber(function()
        local p, value = future.new()
        local f = spawn(function() return value:get() end)
        this_fiber.yield()
        p:set_error("tag")
        f:interrupt()
        assert.are.same({ n = 2, false, "tag" }, helper.pack(pcall(f.join, f)))
    end))

    it("future:get: interrupted is removed from the waiters; a later set_value is fine", helper.fiber(function()
        local p, value = future.new()
        local f = spawn(function() return value:get() end)
        local g = spawn(function() return value:get() end)
        this_fiber.yield()
        f:interrupt()
        p:set_value("value")
        assert.are.equal(0, select("#", f:join()))
        assert.is_true(f.interruption_caught)
        assert.are.equal("value", g:join())
        assert.are.equal("value", value:get())
    end))

    it("a request never carries over to another operation (§19 #13)", helper.fiber(function()
        local p, value = future.new()
        local target = spawn(function() return "first" end)
        local steps = {}
        local f = spawn(function()
            steps[#steps + 1] = target:join()
            this_fiber.disable_interruption()
            steps[#steps + 1] = value:get()
            this_fiber.restore_interruption()
            steps[#steps + 1] = "restored"
        end)
        helper.turns(3)
        assert.are.same({ "first" }, steps)
        f:interrupt()
        helper.turns(3)
        assert.are.same({ "first" }, steps)
        p:set_value("second")
        f:join()
        assert.are.same({ "first", "second", "restored" }, steps)
    end))

    it("a request does not cut a later masked sleep short", helper.fiber(function()
        local f
        local slept
        f = spawn(function()
            time.sleep(0.001)
            this_fiber.disable_interruption()
            local start = time.steady_clock.now()
            time.sleep(0.05)
            slept = time.steady_clock.now() - start
            this_fiber.restore_interruption()
        end)
        time.sleep(0.01)
        f:interrupt()
        f:join()
        assert.is_true(slept >= 0.05)
    end))

    it("restore_interruption() to 0 with the flag set: nothing happens until the next point", helper.fiber(function()
        local steps = {}
        local f
        f = spawn(function()
            this_fiber.disable_interruption()
            f:interrupt()
            this_fiber.restore_interruption()
            steps[#steps + 1] = "after restore"
            local m = mutex.new()
            m:lock()
            m:unlock()
            steps[#steps + 1] = "after lock"
            this_fiber.yield()
            steps[#steps + 1] = "never"
        end)
        f:join()
        assert.are.same({ "after restore", "after lock" }, steps)
    end))

    it("operation_aborted while the fiber's flag is set is reported as interrupted", helper.fiber(function()
        local timer = time.steady_timer.new()
        timer:expires_after(3600)
        local seen
        local f = spawn(function()
            local _, e = pcall(timer.wait, timer)
            seen = e
        end)
        this_fiber.yield()
        f:interrupt()
        timer:cancel()
        f:join()
        is_interrupted(seen)
    end))

    it("also if the interruption comes between the cancellation and the fiber's turn", helper.fiber(function()
        local timer = time.steady_timer.new()
        timer:expires_after(3600)
        local seen
        local f = spawn(function()
            local _, e = pcall(timer.wait, timer)
            seen = e
        end)
        this_fiber.yield()
        timer:cancel()
        f:interrupt()
        f:join()
        is_interrupted(seen)
    end))

    it("operation_aborted without the flag stays operation_aborted", helper.fiber(function()
        local timer = time.steady_timer.new()
        timer:expires_after(3600)
        local seen
        local f = spawn(function()
            local _, e = pcall(timer.wait, timer)
            seen = e
        end)
        this_fiber.yield()
        timer:cancel()
        f:join()
        helper.is_error(seen, "system", "ECANCELED")
    end))

    it("join: interrupted by its own target, joined again (§19 #12)", helper.fiber(function()
        local joiner
        local target = spawn(function()
            this_fiber.yield()
            joiner:interrupt()
            this_fiber.yield()
            return "value"
        end)
        local results = {}
        joiner = spawn(function()
            results[1] = pcall(target.join, target)
            this_fiber.disable_interruption()
            results[2] = pcall(function()
                this_fiber.restore_interruption()
                target:join()
            end)
            this_fiber.disable_interruption()
            results[3] = helper.pack(pcall(target.join, target))
            helper.EINVAL(function() target:join() end, 1)
            this_fiber.restore_interruption()
        end)
        joiner:join()
        assert.is_false(results[1])
        assert.is_false(results[2])
        assert.are.same({ n = 2, true, "value" }, results[3])
    end))

    it("an interruption at every step of a program leaves no lock behind", helper.fiber(function()
        for steps = 0, 12 do
            local m, c = mutex.new(), condition_variable.new()
            local f = spawn(function()
                for _ = 1, 3 do
                    emilua.scope(function()
                        m:lock()
                        emilua.scope_cleanup_push(function() m:unlock() end)
                        c:wait(m)
                        this_fiber.yield()
                    end)
                end
            end)
            for _ = 1, steps do
                this_fiber.yield()
                c:notify_all()
            end
            f:interrupt()
            c:notify_all()
            f:join()
            assert.is_true(m:try_lock())
            m:unlock()
        end
    end))
end)

describe("§5.4 coroutines", function()
    helper.install()

    it("the error is raised inside the coroutine at the suspension point and unwinds it first", helper.fiber(function()
        local steps = {}
        local f = spawn(function()
            local co = coroutine.create(function()
                emilua.scope_cleanup_push(function() steps[#steps + 1] = "coroutine's handler" end)
                local ok, e = pcall(time.sleep, 60)
                steps[#steps + 1] = ok
                error(e)
            end)
            emilua.scope_cleanup_push(function() steps[#steps + 1] = "fiber's handler" end)
            local ok, e = coroutine.resume(co)
            steps[#steps + 1] = ok
            is_interrupted(e)
            steps[#steps + 1] = coroutine.status(co)
            error(e)
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.are.same({ false, "coroutine's handler", false, "dead", "fiber's handler" }, steps)
        assert.is_true(f.interruption_caught)
    end))

    it("through nested coroutine.wrap", helper.fiber(function()
        local f = spawn(function()
            coroutine.wrap(function()
                coroutine.wrap(function()
                    time.sleep(60)
                end)()
            end)()
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.is_true(f.interruption_caught)
    end))

    it("a suspended coroutine that is just collected never runs its handlers", helper.fiber(function()
        local ran = false
        local function drop()
            local co = coroutine.create(function()
                emilua.scope_cleanup_push(function() ran = true end)
                coroutine.yield()
            end)
            coroutine.resume(co)
        end
        drop()
        helper.turns(2)
        collectgarbage()
        collectgarbage()
        assert.is_false(ran)
    end))
end)
