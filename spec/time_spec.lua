local emilua = require "emilua"
local time = require "emilua.time"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local fiber = helper.fiber
local huge, nan = math.huge, 0 / 0

local CLOCKS = {"steady_clock", "system_clock", "high_resolution_clock"}
local ADJUSTABLE = {"steady_clock", "system_clock"}

helper.install()

local function nanoseconds(tp)
    return math.floor(tp.seconds_since_epoch * 1e9 + 0.5)
end

describe("module emilua.time", function()
    it("is a plain table, and so are its clocks and timers: an unknown field is nil", function()
        assert.is_nil(time.no_such_field)
        for _, name in ipairs(CLOCKS) do assert.is_nil(time[name].no_such_field) end
        assert.is_nil(time.steady_timer.no_such_field)
        assert.is_nil(time.system_timer.no_such_field)
    end)
end)

describe("time.sleep", function()
    it("raises a Lua argument error for something else than a number", fiber(function()
        for _, value in ipairs{false, {}, "x", print} do
            helper.argument_error(function() time.sleep(value) end, 1)
        end
        helper.argument_error(function() time.sleep() end, 1)
    end))

    it("raises EDOM for NaN, infinite and negative durations", fiber(function()
        for _, value in ipairs{nan, huge, -huge, -1, -1e-9} do
            helper.EDOM(function() time.sleep(value) end, 1)
        end
    end))

    it("raises EOVERFLOW beyond 64-bit nanoseconds", fiber(function()
        helper.EOVERFLOW(function() time.sleep(9.3e9) end)
        helper.EOVERFLOW(function() time.sleep(1e300) end)
    end))

    it("then raises forbid_suspend_block, then interrupted", fiber(function()
        helper.argument_error(helper.blocked(function() time.sleep({}) end), 1)
        helper.EDOM(helper.blocked(function() time.sleep(-1) end), 1)
        helper.EOVERFLOW(helper.blocked(function() time.sleep(1e300) end))
        helper.raises("emilua.core", "forbid_suspend_block", helper.blocked(function() time.sleep(0) end))
        assert.is_true(helper.interruption_caught(function() time.sleep(0) end))
    end))

    it("raises EPERM outside a run", function()
        helper.EPERM(function() time.sleep(0) end)
    end)

    it("returns nothing", fiber(function()
        assert.equal(0, select("#", time.sleep(0)))
    end))

    it("lasts at least its duration by the monotonic clock", fiber(function()
        for _, secs in ipairs{0, 1e-12, 1e-9, 0.0005, 0.02} do
            local start = time.steady_clock.now()
            time.sleep(secs)
            assert.is_true(time.steady_clock.now() - start >= secs)
        end
    end))

    it("gives other fibers a turn, also for 0", fiber(function()
        local ran = false
        local other = spawn(function() ran = true end)
        time.sleep(0)
        assert.is_true(ran)
        other:join()
    end))

    it("suspends the calling fiber only", fiber(function()
        local order = {}
        local sleepers = {}
        for i, secs in ipairs{0.06, 0.02, 0.04} do
            sleepers[i] = spawn(function()
                time.sleep(secs)
                order[#order + 1] = secs
            end)
        end
        for i = 1, 3 do sleepers[i]:join() end
        assert.same({0.02, 0.04, 0.06}, order)
    end))

    it("takes turns, once its time has come, with fibers that have long been ready", fiber(function()
        local started, seen = 0
        local sleeper = spawn(function()
            time.sleep(1e-9)
            seen = started
        end)
        local others = {}
        for i = 1, 20000 do
            others[i] = spawn(function() started = started + 1 end)
        end
        sleeper:join()
        for i = 1, #others do others[i]:join() end
        assert.equal(20000, started)
        assert.is_true(seen < 10000, seen)
    end))

    it("raises interrupted when it is interrupted", fiber(function()
        local sleeper = spawn(function() return select(2, pcall(time.sleep, 3600)) end)
        this_fiber.yield()
        sleeper:interrupt()
        helper.is_error(sleeper:join(), "emilua.core", "interrupted")
    end))

    it("goes on if the interruption is disabled", fiber(function()
        local slept
        local sleeper = spawn(function()
            this_fiber.disable_interruption()
            local start = time.steady_clock.now()
            time.sleep(0.02)
            slept = time.steady_clock.now() - start
            this_fiber.restore_interruption()
            time.sleep(3600)
        end)
        this_fiber.yield()
        sleeper:interrupt()
        sleeper:join()
        assert.is_true(slept >= 0.02)
        assert.is_true(sleeper.interruption_caught)
    end))
end)

for _, name in ipairs(CLOCKS) do
    local clock = time[name]

    describe("time." .. name, function()
        it("now returns a time point", function()
            local tp = clock.now()
            assert.equal(name .. ".time_point", getmetatable(tp))
            assert.equal(name .. ".time_point", emilua.type(tp))
            assert.is_true(tp.seconds_since_epoch > 0)
        end)

        it("epoch returns the time point 0", function()
            local tp = clock.epoch()
            assert.equal(name .. ".time_point", getmetatable(tp))
            assert.equal(0, tp.seconds_since_epoch)
            assert.is_true(tp == clock.epoch())
        end)

        it("time points raise bad_index for an unknown field", function()
            local tp = clock.now()
            helper.bad_index(function() return tp.no_such_field end)
        end)

        it("tp1 - tp2 gives the seconds between them as a number", function()
            local a, b = clock.epoch(), clock.now()
            assert.equal(b.seconds_since_epoch, b - a)
            assert.equal(-b.seconds_since_epoch, a - b)
            assert.equal(0, b - b)
        end)

        it("time points are compared by value", function()
            local a, b = clock.epoch(), clock.now()
            assert.is_true(a == clock.epoch())
            assert.is_false(a == b)
            assert.is_true(a < b)
            assert.is_false(b < a)
            assert.is_false(a < clock.epoch())
            assert.is_true(a <= b)
            assert.is_false(b <= a)
            assert.is_true(a <= clock.epoch())
            assert.is_true(b > a)
            assert.is_true(b >= a)
        end)

        it("time points of different clocks are never equal, and ordering them raises", function()
            for _, other in ipairs(CLOCKS) do
                if other ~= name then
                    local a, b = clock.epoch(), time[other].epoch()
                    assert.is_false(a == b)
                    for _, compare in ipairs{function() return a < b end, function() return a <= b end} do
                        local ok, e = pcall(compare)
                        assert.is_false(ok)
                        if type(e) == "table" then helper.is_error(e, "generic", "EINVAL", {arg = 2}) end
                    end
                end
            end
        end)

        it("ordering a time point and another type raises", function()
            local tp = clock.epoch()
            assert.is_false((pcall(function() return tp < 1 end)))
            assert.is_false((pcall(function() return 1 <= tp end)))
            assert.is_false((pcall(function() return tp < {} end)))
        end)

        it("- raises EINVAL if the first operand is not a time point of that clock", function()
            helper.EINVAL(function() return 1 - clock.epoch() end, 1)
            helper.EINVAL(function() return "1" - clock.epoch() end, 1)
        end)

        it("- raises EINVAL if the second operand is neither a number nor a time point of that clock", function()
            for _, operand in ipairs{"x", true, {}} do
                helper.EINVAL(function() return clock.epoch() - operand end, 2)
            end
            helper.EINVAL(function() return clock.epoch() - nil end, 2)
        end)

        it("- with time points of different clocks raises EINVAL", function()
            local other = name == "steady_clock" and "system_clock" or "steady_clock"
            local ok, e = pcall(function() return clock.epoch() - time[other].epoch() end)
            assert.is_false(ok)
            helper.is_error(e, "generic", "EINVAL", {arg = 2})
        end)
    end)
end

for _, name in ipairs(ADJUSTABLE) do
    local clock = time[name]

    describe("arithmetic of time." .. name, function()
        it("add and sub change the time point and return nothing", function()
            local tp = clock.epoch()
            assert.equal(0, select("#", tp:add(3)))
            assert.equal(3, tp.seconds_since_epoch)
            assert.equal(0, select("#", tp:sub(1.5)))
            assert.equal(1.5, tp.seconds_since_epoch)
        end)

        it("+ and - return new time points", function()
            local tp = clock.epoch()
            local later = tp + 2.25
            assert.equal(name .. ".time_point", getmetatable(later))
            assert.equal(2.25, later.seconds_since_epoch)
            assert.equal(0, tp.seconds_since_epoch)
            local earlier = later - 0.25
            assert.equal(2, earlier.seconds_since_epoch)
            assert.equal(2.25, later.seconds_since_epoch)
        end)

        it("allows negative durations", function()
            local tp = clock.epoch()
            tp:add(-1)
            assert.equal(-1, tp.seconds_since_epoch)
            tp:sub(-3)
            assert.equal(2, tp.seconds_since_epoch)
            assert.equal(-0.5, (clock.epoch() + -0.5).seconds_since_epoch)
            assert.equal(0.5, (clock.epoch() - -0.5).seconds_since_epoch)
        end)

        it("rounds durations to the nearest nanosecond, halves to even", function()
            -- n * 2^-10 seconds are exactly n * 976562.5 nanoseconds.
            for n, expected in pairs{[1] = 976562, [3] = 2929688, [5] = 4882812, [7] = 6835938} do
                assert.equal(expected, nanoseconds(clock.epoch() + n * 2 ^ -10))
                assert.equal(-expected, nanoseconds(clock.epoch() - n * 2 ^ -10))
                local tp = clock.epoch()
                tp:add(n * 2 ^ -10)
                assert.equal(expected, nanoseconds(tp))
                tp = clock.epoch()
                tp:sub(n * 2 ^ -10)
                assert.equal(-expected, nanoseconds(tp))
            end
            assert.equal(0, nanoseconds(clock.epoch() + 0.4e-9))
            assert.equal(1, nanoseconds(clock.epoch() + 0.6e-9))
        end)

        it("counts whole nanoseconds", function()
            local tp = clock.now()
            assert.is_true(tp + 1e-9 > tp)
            assert.is_true((tp + 1e-9) - 1e-9 == tp)
        end)

        it("+ raises EINVAL if the first operand is not a time point of that clock", function()
            helper.EINVAL(function() return 1 + clock.epoch() end, 1)
        end)

        it("add and sub raise EINVAL for a wrong self", function()
            local tp = clock.epoch()
            local other = time[name == "steady_clock" and "system_clock" or "steady_clock"].epoch()
            for _, method in ipairs{tp.add, tp.sub} do
                helper.EINVAL(function() method() end, 1)
                helper.EINVAL(function() method({}, 1) end, 1)
                helper.EINVAL(function() method(other, 1) end, 1)
            end
        end)

        it("raises a Lua argument error if the second operand of +, add or sub is not a number", function()
            local tp = clock.epoch()
            helper.argument_error(function() return tp + {} end, 2)
            helper.argument_error(function() return tp + true end, 2)
            helper.argument_error(function() return tp + tp end, 2)
            for _, method in ipairs{"add", "sub"} do
                local ok, e = pcall(tp[method], tp, {})
                assert.is_false(ok)
                assert.truthy(tostring(e):find("bad argument #%d to '"))
                assert.is_false((pcall(tp[method], tp)))
            end
            assert.equal(0, tp.seconds_since_epoch)
        end)

        it("raises EDOM for NaN or infinite seconds", function()
            local tp = clock.epoch()
            for _, secs in ipairs{nan, huge, -huge} do
                helper.EDOM(function() return tp + secs end, 2)
                helper.EDOM(function() return tp - secs end, 2)
                helper.EDOM(function() tp:add(secs) end, 2)
                helper.EDOM(function() tp:sub(secs) end, 2)
            end
        end)

        it("raises EOVERFLOW for seconds beyond 64-bit nanoseconds", function()
            local tp = clock.epoch()
            for _, secs in ipairs{9.3e9, -9.3e9, 1e300, -1e300} do
                helper.EOVERFLOW(function() return tp + secs end)
                helper.EOVERFLOW(function() return tp - secs end)
                helper.EOVERFLOW(function() tp:add(secs) end)
                helper.EOVERFLOW(function() tp:sub(secs) end)
            end
            assert.equal(0, tp.seconds_since_epoch)
            assert.equal(9.2e9, (tp + 9.2e9).seconds_since_epoch)
        end)
    end)
end

describe("the clocks", function()
    it("steady_clock is monotonic", function()
        local last = time.steady_clock.now()
        for _ = 1, 1000 do
            local now = time.steady_clock.now()
            assert.is_true(last <= now)
            last = now
        end
    end)

    it("system_clock counts from the UNIX epoch", function()
        assert.is_true(math.abs(time.system_clock.now().seconds_since_epoch - os.time()) < 60)
    end)

    it("only high_resolution_clock has is_steady, a boolean", function()
        assert.is_boolean(time.high_resolution_clock.is_steady)
        assert.is_nil(time.steady_clock.is_steady)
        assert.is_nil(time.system_clock.is_steady)
    end)

    it("time points of high_resolution_clock have no add and sub", function()
        local tp = time.high_resolution_clock.now()
        helper.bad_index(function() return tp.add end)
        helper.bad_index(function() return tp.sub end)
    end)

    it("time points of high_resolution_clock have no + and - with seconds", function()
        local tp = time.high_resolution_clock.now()
        helper.EINVAL(function() return tp - 1 end, 2)
        assert.is_false((pcall(function() return tp + 1 end)))
    end)
end)
