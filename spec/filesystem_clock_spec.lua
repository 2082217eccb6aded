local filesystem = require "emilua.filesystem"
local helper = require "spec.helper"
local time = require "emilua.time"

local clock = filesystem.clock
local CLASS = "filesystem.clock.time_point"

helper.install()

describe("filesystem.clock", function()
    it("has time points of its own class", function()
        local system = time.system_clock.now()
        for _, tp in ipairs { clock.epoch(), clock.unix_epoch(), clock.now(), clock.from_system(system) } do
            assert.equal(CLASS, getmetatable(tp))
        end
        helper.bad_index(function() return clock.no_such_thing end)
        helper.bad_index(function() return clock.now().no_such_thing end)
    end)

    it("knows the present and two epochs", function()
        assert.equal(0, clock.epoch().seconds_since_epoch)
        assert.equal(0, clock.unix_epoch().seconds_since_unix_epoch)
        assert.is_true(math.abs(clock.now().seconds_since_unix_epoch - os.time()) < 60)
    end)

    it("converts to and from the system's clock", function()
        local system = time.system_clock.now()
        local tp = clock.from_system(system)
        assert.is_true(tp:to_system() == system)
        assert.equal(system.seconds_since_epoch, tp.seconds_since_unix_epoch)
        for _, wrong in ipairs { 1, "x", {}, time.steady_clock.now(), clock.now() } do
            helper.EINVAL(function() clock.from_system(wrong) end, 1)
        end
        helper.EINVAL(function() clock.now().to_system(system) end, 1)
    end)
end)

describe("a time point of filesystem.clock", function()
    it("is moved in place by add and sub", function()
        local tp = clock.unix_epoch()
        assert.equal(0, select("#", tp:add(1.5)))
        assert.equal(1.5, tp.seconds_since_unix_epoch)
        assert.equal(0, select("#", tp:sub(2)))
        assert.equal(-0.5, tp.seconds_since_unix_epoch)
    end)

    it("gives new ones by + and -", function()
        local tp = clock.unix_epoch()
        assert.equal(2, (tp + 2).seconds_since_unix_epoch)
        assert.equal(-2, (tp - 2).seconds_since_unix_epoch)
        assert.equal(4, (tp + 2) - (tp - 2))
        assert.equal(0, tp.seconds_since_unix_epoch)
        helper.EINVAL(function() return 1 + tp end, 1)
        helper.EINVAL(function() return tp - "x" end, 2)
        helper.argument_error(function() return tp + {} end, 2)
        helper.argument_error(function() tp:add() end, 2)
    end)

    it("rounds to nanoseconds, halves to even", function()
        local tp = clock.unix_epoch()
        for ns, rounded in pairs { [0.5] = 0, [1.5] = 2, [2.5] = 2, [0.6] = 1, [-0.5] = 0, [-1.5] = -2 } do
            assert.equal(rounded, math.floor(((tp + ns / 1e9) - tp) * 1e9 + 0.5))
        end
    end)

    it("raises EDOM and EOVERFLOW", function()
        local tp = clock.unix_epoch()
        for _, wrong in ipairs { 0 / 0, math.huge, -math.huge } do
            helper.EDOM(function() return tp + wrong end, 2)
            helper.EDOM(function() tp:add(wrong) end, 2)
        end
        helper.EOVERFLOW(function() return tp + 1e10 end)
        helper.EOVERFLOW(function() return tp + 9e9 + 9e9 end)
    end)

    it("is compared", function()
        local a, b = clock.unix_epoch(), clock.unix_epoch() + 1
        assert.is_true(a == clock.unix_epoch())
        assert.is_true(a < b)
        assert.is_true(a <= b)
        assert.is_false(b <= a)
        helper.EINVAL(function() return a < time.system_clock.now() end, 2)
    end)
end)
