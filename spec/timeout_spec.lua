-- emilua.timeout: a function that is interrupted when it takes too long.

local helper = require "spec.helper"

local emilua = require "emilua"
local condition_variable = require "emilua.condition_variable"
local future = require "emilua.future"
local mutex = require "emilua.mutex"
local recursive_mutex = require "emilua.recursive_mutex"
local time = require "emilua.time"

local fiber, raises, pack = helper.fiber, helper.raises, helper.pack
local spawn, this_fiber, timeout = emilua.spawn, emilua.this_fiber, emilua.timeout

local FOREVER = 3600

-- A fiber that is in timeout(FOREVER, f), whose result is in the table.
local function begin(f)
    local result = {}
    local caller = spawn(function()
        result.ok, result.value = pcall(timeout, FOREVER, f)
        this_fiber.yield()
    end)
    helper.turns(2)
    return caller, result
end

describe("timeout", function()
    helper.install()

    describe("in time", function()
        it("passes the arguments and returns the values of f, in exact number", fiber(function()
            assert.same(pack(1, nil, 3, nil), pack(timeout(FOREVER, function(...) return ... end, 1, nil, 3, nil)))
            assert.same(pack(nil), pack(timeout(FOREVER, function(...) return ... end, nil)))
            assert.same(pack(), pack(timeout(FOREVER, function() end)))
            timeout(FOREVER, function(...) assert.equal(0, select("#", ...)) end)
        end))

        it("returns them also if f has suspended", fiber(function()
            assert.equal("x", timeout(FOREVER, function()
                time.sleep(0.001)
                this_fiber.yield()
                return "x"
            end))
        end))

        it("raises the error of f unchanged", fiber(function()
            local e = {}
            local ok, raised = pcall(timeout, FOREVER, function() error(e) end)
            assert.is_false(ok)
            assert.equal(e, raised)
            assert.same({ false, "text" }, { pcall(timeout, FOREVER, function() error("text", 0) end) })
            assert.same(pack(false, nil), pack(pcall(timeout, FOREVER, error)))
        end))

        it("does not switch to another fiber if f does not suspend", fiber(function()
            local other = spawn(function() error("has run") end)
            timeout(FOREVER, function() end)
            other:interrupt()
            pcall(other.join, other)
        end))

        it("does let others run if nothing else suspends", fiber(function()
            local done = false
            spawn(function() done = true end):detach()
            local n = 0
            while not done do
                timeout(FOREVER, function() end)
                n = n + 1
                assert.is_true(n < 100000)
            end
        end))
    end)

    describe("when the time is over", function()
        it("interrupts f and raises ETIMEDOUT", fiber(function()
            local seen
            local e = raises("generic", "ETIMEDOUT", function()
                timeout(0.005, function()
                    emilua.scope(function()
                        emilua.scope_cleanup_push(function() seen = "unwound" end)
                        time.sleep(FOREVER)
                    end)
                end)
            end)
            assert.is_nil(e.cause)
            assert.equal("unwound", seen)
        end))

        it("waits until f has unwound, handlers that suspend included", fiber(function()
            local seen
            raises("generic", "ETIMEDOUT", function()
                timeout(0, function()
                    emilua.scope_cleanup_push(function()
                        time.sleep(0.005)
                        seen = true
                    end)
                    time.sleep(FOREVER)
                end)
            end)
            assert.is_true(seen)
        end))

        it("raises it also if f catches the interruption and returns", fiber(function()
            raises("generic", "ETIMEDOUT", function()
                timeout(0.001, function()
                    pcall(time.sleep, FOREVER)
                    return "value"
                end)
            end)
        end))

        it("has the error of f as `cause` if it is another one", fiber(function()
            local e = raises("generic", "ETIMEDOUT", function()
                timeout(0.001, function()
                    pcall(time.sleep, FOREVER)
                    error("while unwinding", 0)
                end)
            end)
            assert.equal("while unwinding", e.cause)
        end))

        it("waits for what cannot be interrupted", fiber(function()
            local m, locked = mutex.new(), false
            m:lock()
            local unlocker = spawn(function()
                time.sleep(0.01)
                m:unlock()
            end)
            raises("generic", "ETIMEDOUT", function()
                timeout(0.001, function()
                    m:lock()
                    locked = true
                    m:unlock()
                    this_fiber.yield()
                end)
            end)
            assert.is_true(locked)
            unlocker:join()
        end))

        it("is not interrupted itself: the caller goes on as before", fiber(function()
            spawn(function()
                pcall(timeout, 0.001, time.sleep, FOREVER)
                time.sleep(0)
                assert.is_true(pcall(function() this_fiber.yield() end))
            end):join()
        end))

        it("keeps the run alive until then", function()
            helper.run(function()
                local promise, value = future.new()
                raises("generic", "ETIMEDOUT", function() timeout(0.005, value.get, value) end)
                promise:set_value(nil)
            end)
        end)

        it("is a deadlock if f never unwinds", function()
            local ok, e = pcall(emilua.run, function()
                local m = mutex.new()
                m:lock()
                timeout(0.001, m.lock, m)
            end)
            assert.is_false(ok)
            helper.is_error(e, "generic", "EDEADLK")
            assert.equal(1, #e.fibers)
            assert.truthy(e.fibers[1].waits_for:find "^mutex ")
        end)

        it("with 0 seconds, only an f that does not suspend is in time", fiber(function()
            assert.equal(1, timeout(0, function() return 1 end))
            raises("generic", "ETIMEDOUT", function() timeout(0, time.sleep, FOREVER) end)
        end))

        it("gives the values or the error, never both, when f ends at that moment", fiber(function()
            for i = 1, 200 do
                local delay, ends = (i % 5) * 1e-4, 0
                local ok, value = pcall(timeout, delay, function()
                    time.sleep(delay)
                    ends = ends + 1
                    return "value"
                end)
                if ok then
                    assert.same({ "value", 1 }, { value, ends })
                else
                    helper.is_error(value, "generic", "ETIMEDOUT")
                end
            end
        end))
    end)

    describe("interruption from outside", function()
        it("interrupts f, which unwinds before the caller raises", fiber(function()
            local order = {}
            local caller = spawn(function()
                emilua.scope_cleanup_push(function() order[#order + 1] = "caller" end)
                timeout(FOREVER, function()
                    emilua.scope_cleanup_push(function()
                        this_fiber.yield()
                        order[#order + 1] = "f"
                    end)
                    time.sleep(FOREVER)
                end)
            end)
            helper.turns(2)
            caller:interrupt()
            caller:join()
            assert.is_true(caller.interruption_caught)
            assert.same({ "f", "caller" }, order)
        end))

        it("raises interrupted also if f catches it and returns", fiber(function()
            local caller, result = begin(function() pcall(time.sleep, FOREVER) end)
            caller:interrupt()
            caller:join()
            assert.is_true(caller.interruption_caught)
            helper.is_error(result.value, "emilua.core", "interrupted")
        end))

        it("raises another error that f unwinds with", fiber(function()
            local caller, result = begin(function()
                pcall(time.sleep, FOREVER)
                error("broken", 0)
            end)
            caller:interrupt()
            caller:join()
            assert.equal("broken", result.value)
        end))

        it("is seen by f at once, when f itself asks for it", fiber(function()
            local caller
            local reached
            caller = spawn(function()
                timeout(FOREVER, function()
                    caller:interrupt()
                    pcall(function() reached = true end)
                end)
            end)
            caller:join()
            assert.is_nil(reached)
            assert.is_true(caller.interruption_caught)
        end))

        it("is not passed on while the caller has it disabled, but the time is", fiber(function()
            local caller = spawn(function()
                this_fiber.disable_interruption()
                raises("generic", "ETIMEDOUT", function() timeout(0.01, time.sleep, FOREVER) end)
            end)
            helper.turns(2)
            caller:interrupt()
            caller:join()
            assert.is_false(caller.interruption_caught)
        end))

        it("after f has ended does not take the values back", fiber(function()
            local promise, value = future.new()
            local got
            local caller = spawn(function() got = timeout(FOREVER, value.get, value) end)
            helper.turns(2)
            promise:set_value("value")
            helper.turns(1)
            caller:interrupt()
            caller:join()
            assert.equal("value", got)
        end))

        it("before the call is raised on entry", fiber(function()
            local called = false
            local caller = spawn(function() timeout(FOREVER, function() called = true end) end)
            caller:interrupt()
            caller:join()
            assert.is_true(caller.interruption_caught)
            assert.is_false(called)
        end))
    end)

    describe("nested", function()
        it("the inner one that is shorter raises inside", fiber(function()
            assert.equal("outer", timeout(FOREVER, function()
                raises("generic", "ETIMEDOUT", function() timeout(0.001, time.sleep, FOREVER) end)
                return "outer"
            end))
        end))

        it("the outer one that is shorter interrupts all", fiber(function()
            local unwound = 0
            raises("generic", "ETIMEDOUT", function()
                timeout(0.002, function()
                    emilua.scope_cleanup_push(function() unwound = unwound + 1 end)
                    timeout(FOREVER, function()
                        emilua.scope_cleanup_push(function() unwound = unwound + 1 end)
                        timeout(FOREVER, time.sleep, FOREVER)
                    end)
                end)
            end)
            assert.equal(2, unwound)
        end))

        it("of equal length end by ETIMEDOUT once", fiber(function()
            for _ = 1, 50 do
                raises("generic", "ETIMEDOUT", function()
                    timeout(0.0005, timeout, 0.0005, timeout, 0.0005, time.sleep, FOREVER)
                end)
            end
        end))
    end)

    describe("f", function()
        it("has the caller's local_, id and is_main", fiber(function()
            this_fiber.local_.x = {}
            local x, id = this_fiber.local_.x, this_fiber.id
            timeout(FOREVER, timeout, FOREVER, function()
                assert.equal(x, this_fiber.local_.x)
                assert.equal(id, this_fiber.id)
                assert.is_true(this_fiber.is_main)
                this_fiber.local_.y = 1
            end)
            assert.equal(1, this_fiber.local_.y)
            spawn(function()
                local own = this_fiber.id
                timeout(FOREVER, function()
                    assert.is_false(this_fiber.is_main)
                    assert.equal(own, this_fiber.id)
                    assert.is_nil(this_fiber.local_.x)
                end)
            end):join()
        end))

        it("owns the caller's recursive mutexes, and the caller those of f", fiber(function()
            local m, n = recursive_mutex.new(), recursive_mutex.new()
            m:lock()
            timeout(FOREVER, function()
                m:lock()
                m:unlock()
                assert.is_true(m:try_lock())
                m:unlock()
                n:lock()
            end)
            n:unlock()
            m:unlock()
            local other = spawn(function()
                n:lock()
                this_fiber.yield()
                n:unlock()
            end)
            this_fiber.yield()
            timeout(FOREVER, n.lock, n)
            n:unlock()
            other:join()
        end))

        it("cannot join its caller", fiber(function()
            local caller
            caller = spawn(function()
                helper.EDEADLK(function() timeout(FOREVER, function() caller:join() end) end)
            end)
            helper.turns(2)
            caller:join()
        end))

        it("is a scope", fiber(function()
            local seen
            timeout(FOREVER, function() emilua.scope_cleanup_push(function() seen = true end) end)
            assert.is_true(seen)
            emilua.scope_cleanup_push(function() end)
            raises("emilua.core", "unmatched_scope_cleanup", function()
                timeout(FOREVER, emilua.scope_cleanup_pop)
            end)
        end))

        it("has counters of its own", fiber(function()
            this_fiber.disable_interruption()
            raises("emilua.core", "interruption_already_allowed", function()
                timeout(FOREVER, this_fiber.restore_interruption)
            end)
            timeout(FOREVER, function()
                this_fiber.forbid_suspend()
                this_fiber.disable_interruption()
            end)
            this_fiber.yield()
            this_fiber.restore_interruption()
        end))

        it("is no coroutine of the caller's", fiber(function()
            raises("emilua.core", "bad_coroutine", function()
                coroutine.wrap(function() timeout(FOREVER, coroutine.yield) end)()
            end)
        end))

        it("may be called in a coroutine", fiber(function()
            local next = coroutine.wrap(function()
                for i = 1, 3 do coroutine.yield(timeout(FOREVER, function()
                    time.sleep(0)
                    return i
                end)) end
            end)
            assert.same({ 1, 2, 3 }, { next(), next(), next() })
        end))

        it("may wait for a condition variable, and unlocks nothing twice", fiber(function()
            local m, c = mutex.new(), condition_variable.new()
            m:lock()
            raises("generic", "ETIMEDOUT", function() timeout(0.001, c.wait, c, m) end)
            assert.is_false(m:try_lock())
            m:unlock()
        end))
    end)

    describe("traceback", function()
        it("of an uncaught error begins where f raised it and goes on with the caller", function()
            local output = helper.child [[
                local emilua = require "emilua"
                local function broken() emilua.this_fiber.yield() error("tag", 0) end
                local function caller() emilua.timeout(60, broken) return end
                pcall(emilua.run, function() caller() return end)
                print(emilua.traceback())
                emilua.run(function() emilua.spawn(function() caller() return end):detach() end)
            ]]
            local trace = "stack traceback:\n\tinput.lua:2: in function <input.lua:2>\n"
                .. "\tinput.lua:3: in function 'caller'\n\tinput.lua:"
            assert.equal(trace, output:sub(1, #trace))
            assert.truthy(output:find("panicked: 'tag'\n" .. trace, 1, true), output)
        end)
    end)

    describe("errors", function()
        it("of the arguments are those of time.sleep", fiber(function()
            for _, wrong in ipairs{ "x", {}, true } do
                helper.argument_error(function() timeout(wrong, function() end) end, 1)
            end
            helper.argument_error(function() timeout() end, 1)
            for _, wrong in ipairs{ -1, 0 / 0, 1 / 0, -1 / 0 } do
                helper.EDOM(function() timeout(wrong, function() end) end, 1)
            end
            helper.EOVERFLOW(function() timeout(1e300, function() end) end)
            helper.argument_error(function() timeout(1) end, 2)
            helper.argument_error(function() timeout(1, {}) end, 2)
        end))

        it("name the user's line", fiber(function()
            assert.truthy(helper.argument_error(function() timeout("x") end, 1):find "timeout_spec%.lua:%d+: bad")
        end))

        it("forbid_suspend_block, also if f would not suspend", fiber(function()
            this_fiber.forbid_suspend()
            raises("emilua.core", "forbid_suspend_block", function() timeout(1, function() end) end)
            this_fiber.allow_suspend()
        end))

        it("EPERM outside of a run and where LuaJIT cannot yield", function()
            helper.EPERM(function() timeout(1, function() end) end)
            helper.run(function()
                helper.EPERM(function()
                    table.sort({ 2, 1 }, function(a, b) return timeout(1, function() return a < b end) end)
                end)
            end)
        end)
    end)

    it("can load modules, and a loop of requires is noticed", fiber(function()
        package.preload.timeout_outer = function()
            return { timeout(FOREVER, function()
                local ok, e = pcall(require, "timeout_outer")
                return ok, e
            end) }
        end
        local got = require "timeout_outer"
        package.preload.timeout_outer, package.loaded.timeout_outer = nil, nil
        assert.is_false(got[1])
        assert.truthy(got[2]:find("loop or previous error loading module", 1, true))
    end))

    it("drops f with the caller when main fails", function()
        local resumed = false
        assert.same({ false, "main" }, { pcall(emilua.run, function()
            spawn(function()
                timeout(0.001, function()
                    time.sleep(0.001)
                    resumed = true
                end)
                resumed = true
            end)
            helper.turns(2)
            error("main", 0)
        end) })
        helper.run(function() time.sleep(0.01) end)
        assert.is_false(resumed)
    end)
end)
