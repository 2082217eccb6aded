local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local time = require "emilua.time"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local fiber = helper.fiber
local huge, nan = math.huge, 0 / 0

local TIMERS = {steady_timer = "steady_clock", system_timer = "system_clock"}

helper.install()

for timer_name, clock_name in pairs(TIMERS) do
    local timer_module, clock = time[timer_name], time[clock_name]
    local other_clock = time[clock_name == "steady_clock" and "system_clock" or "steady_clock"]

    -- Starts `count` fibers that wait on `t`; each returns how its wait ended.
    local function start_waiters(t, count)
        local fibers = {}
        for i = 1, count do
            fibers[i] = spawn(function()
                local ok, e = pcall(t.wait, t)
                if ok then return "expired" end
                return e == asio_error.basic.operation_aborted and "aborted" or helper.describe_error(e)
            end)
        end
        this_fiber.yield()
        return fibers
    end

    describe("time." .. timer_name .. ".new", function()
        it("returns a timer that is expired already (its expiry is the clock's epoch)", fiber(function()
            local t = timer_module.new()
            assert.equal(timer_name, getmetatable(t))
            assert.equal(timer_name, emilua.type(t))
            assert.is_true(t.expiry == clock.epoch())
            t:wait()
        end))

        it("returns an object without other fields", function()
            local t = timer_module.new()
            helper.bad_index(function() return t.no_such_field end)
            if timer_name == "system_timer" then
                helper.bad_index(function() return t.expires_after end)
            end
        end)
    end)

    describe(timer_name .. ":expires_at", function()
        it("raises EINVAL for a wrong self", function()
            local expires_at = timer_module.new().expires_at
            helper.EINVAL(function() expires_at() end, 1)
            helper.EINVAL(function() expires_at({}, clock.now()) end, 1)
        end)

        it("raises EINVAL for a time point of another type or clock", function()
            local t = timer_module.new()
            for _, tp in ipairs{1, "x", {}, other_clock.now(), time.high_resolution_clock.now()} do
                helper.EINVAL(function() t:expires_at(tp) end, 2)
            end
            helper.EINVAL(function() t:expires_at() end, 2)
        end)

        it("sets the expiry and returns the number of waits cancelled", fiber(function()
            local t = timer_module.new()
            local tp = clock.now() + 3600
            assert.equal(0, t:expires_at(tp))
            assert.is_true(t.expiry == tp)
            local fibers = start_waiters(t, 3)
            assert.equal(3, t:expires_at(clock.now() + 7200))
            for i = 1, 3 do assert.equal("aborted", fibers[i]:join()) end
            assert.equal(0, t:expires_at(clock.epoch()))
        end))

        it("cancels pending waits, also if the new time is the same", fiber(function()
            local t = timer_module.new()
            t:expires_at(clock.now() + 3600)
            local waiter = start_waiters(t, 1)[1]
            assert.equal(1, t:expires_at(t.expiry))
            assert.equal("aborted", waiter:join())
        end))

        it("keeps the time it was given, whatever happens to the time point later", function()
            local t, tp = timer_module.new(), clock.now() + 3600
            t:expires_at(tp)
            local copy = tp + 0
            tp:add(1)
            assert.is_true(t.expiry == copy)
        end)
    end)

    describe(timer_name .. ":wait", function()
        it("raises forbid_suspend_block, interrupted and EINVAL in this order", fiber(function()
            local t = timer_module.new()
            local wait = t.wait
            helper.raises("emilua.core", "forbid_suspend_block", helper.blocked(function() wait({}) end))
            helper.raises("emilua.core", "forbid_suspend_block", helper.blocked(function() t:wait() end))
            assert.is_true(helper.interruption_caught(function() wait({}) end))
            assert.is_true(helper.interruption_caught(function() t:wait() end))
            helper.EINVAL(function() wait() end, 1)
            helper.EINVAL(function() wait({}) end, 1)
        end))

        it("returns nothing once the timer has expired", fiber(function()
            local t = timer_module.new()
            local expiry = clock.now() + 0.02
            t:expires_at(expiry)
            assert.equal(0, select("#", t:wait()))
            assert.is_true(clock.now() >= expiry)
        end))

        it("on an expired timer completes in the next turn, not synchronously", fiber(function()
            local t, order = timer_module.new(), {}
            local other = spawn(function() order[#order + 1] = "other" end)
            t:wait()
            order[#order + 1] = "waiter"
            other:join()
            assert.same({"other", "waiter"}, order)
        end))

        it("lets several fibers wait on one timer", fiber(function()
            local t = timer_module.new()
            t:expires_at(clock.now() + 0.02)
            local fibers = start_waiters(t, 5)
            for i = 1, 5 do assert.equal("expired", fibers[i]:join()) end
        end))

        it("may be called again after the timer fired", fiber(function()
            local t = timer_module.new()
            t:wait()
            t:wait()
            t:expires_at(clock.now() + 0.01)
            t:wait()
            assert.is_true(clock.now() >= t.expiry)
        end))

        it("raises interrupted when the fiber is interrupted; other waits go on", fiber(function()
            local t = timer_module.new()
            t:expires_at(clock.now() + 3600)
            local interrupted = spawn(function() return select(2, pcall(t.wait, t)) end)
            local waiter = start_waiters(t, 1)[1]
            interrupted:interrupt()
            helper.is_error(interrupted:join(), "emilua.core", "interrupted")
            assert.is_true(waiter.joinable)
            assert.equal(1, t:cancel())
            assert.equal("aborted", waiter:join())
        end))

        it("cancelled in a fiber that is interrupted too raises interrupted", fiber(function()
            local t = timer_module.new()
            for _, first in ipairs{"cancel", "interrupt"} do
                t:expires_at(clock.now() + 3600)
                local waiter = spawn(function() return select(2, pcall(t.wait, t)) end)
                this_fiber.yield()
                if first == "cancel" then
                    t:cancel()
                    waiter:interrupt()
                else
                    waiter:interrupt()
                    t:cancel()
                end
                helper.is_error(waiter:join(), "emilua.core", "interrupted")
            end
        end))
    end)

    describe(timer_name .. ":cancel", function()
        it("raises EINVAL for a wrong self", function()
            local cancel = timer_module.new().cancel
            helper.EINVAL(function() cancel() end, 1)
            helper.EINVAL(function() cancel({}) end, 1)
        end)

        it("aborts the pending waits and returns their number", fiber(function()
            local t = timer_module.new()
            assert.equal(0, t:cancel())
            t:expires_at(clock.now() + 3600)
            local fibers = start_waiters(t, 2)
            assert.equal(2, t:cancel())
            for i = 1, 2 do assert.equal("aborted", fibers[i]:join()) end
            assert.equal(0, t:cancel())
        end))

        it("keeps the expiry: a later wait waits for it", fiber(function()
            local t = timer_module.new()
            local expiry = clock.now() + 0.02
            t:expires_at(expiry)
            t:cancel()
            assert.is_true(t.expiry == expiry)
            t:wait()
            assert.is_true(clock.now() >= expiry)
        end))

        it("does not interrupt: the fiber woken by it may go on", fiber(function()
            local t = timer_module.new()
            t:expires_at(clock.now() + 3600)
            local waiter = spawn(function()
                pcall(t.wait, t)
                time.sleep(0)
                return "went on"
            end)
            this_fiber.yield()
            t:cancel()
            assert.equal("went on", waiter:join())
        end))
    end)

    describe(timer_name .. ".expiry", function()
        it("is a new time point of the timer's clock", function()
            local t = timer_module.new()
            local tp = t.expiry
            assert.equal(clock_name .. ".time_point", getmetatable(tp))
            tp:add(1)
            assert.is_true(t.expiry == clock.epoch())
        end)

        it("tells nothing about whether the timer fired", fiber(function()
            local t = timer_module.new()
            local tp = clock.now() + 0.01
            t:expires_at(tp)
            t:wait()
            assert.is_true(t.expiry == tp)
        end))
    end)
end

describe("steady_timer:expires_after", function()
    it("raises EINVAL for a wrong self", function()
        local expires_after = time.steady_timer.new().expires_after
        helper.EINVAL(function() expires_after() end, 1)
        helper.EINVAL(function() expires_after(time.system_timer.new(), 1) end, 1)
    end)

    it("raises a Lua argument error for something else than a number", function()
        local t = time.steady_timer.new()
        local ok, e = pcall(t.expires_after, t, {})
        assert.is_false(ok)
        assert.truthy(tostring(e):find("bad argument #%d to '"))
    end)

    it("raises EDOM for NaN, infinite and negative durations", function()
        local t = time.steady_timer.new()
        for _, secs in ipairs{nan, huge, -huge, -1} do
            helper.EDOM(function() t:expires_after(secs) end, 2)
        end
    end)

    it("raises EOVERFLOW beyond 64-bit nanoseconds", function()
        local t = time.steady_timer.new()
        helper.EOVERFLOW(function() t:expires_after(9.3e9) end)
    end)

    it("sets the expiry to that many seconds from now", function()
        local t = time.steady_timer.new()
        local before = time.steady_clock.now()
        t:expires_after(100)
        local after = time.steady_clock.now()
        assert.is_true(t.expiry >= before + 100)
        assert.is_true(t.expiry <= after + 100)
    end)

    it("rounds up to whole nanoseconds", function()
        local t = time.steady_timer.new()
        local before = time.steady_clock.now()
        t:expires_after(1e-12)
        assert.is_true(t.expiry >= before + 1e-9)
    end)

    it("cancels the pending waits and returns their number", fiber(function()
        local t = time.steady_timer.new()
        t:expires_after(3600)
        local waiter = spawn(function()
            helper.raises("system", "ECANCELED", function() t:wait() end)
        end)
        this_fiber.yield()
        assert.equal(1, t:expires_after(0))
        waiter:join()
        t:wait()
    end))
end)

describe("a timer that nobody holds", function()
    it("stays alive while a fiber waits on it", fiber(function()
        local waiter = spawn(function()
            local t = time.steady_timer.new()
            t:expires_after(0.02)
            t:wait()
            return "fired"
        end)
        this_fiber.yield()
        collectgarbage()
        collectgarbage()
        assert.equal("fired", waiter:join())
    end))
end)
