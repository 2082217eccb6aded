local emilua = require "emilua"
local condition_variable = require "emilua.condition_variable"
local mutex = require "emilua.mutex"
local recursive_mutex = require "emilua.recursive_mutex"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local fiber = helper.fiber

helper.install()

describe("module emilua.recursive_mutex", function()
    it("is a protected table named recursive_mutex", function()
        assert.equal("recursive_mutex", getmetatable(recursive_mutex))
    end)

    it("raises bad_index for an unknown field", function()
        helper.bad_index(function() return recursive_mutex.no_such_field end)
    end)

    it("raises EPERM when a field is assigned", function()
        helper.EPERM(function() recursive_mutex.new = nil end)
    end)
end)

describe("recursive_mutex.new", function()
    it("returns a new recursive mutex", function()
        local m = recursive_mutex.new()
        assert.equal("recursive_mutex", getmetatable(m))
        assert.equal("recursive_mutex", emilua.type(m))
        assert.is_false(rawequal(m, recursive_mutex.new()))
        helper.bad_index(function() return m.no_such_field end)
    end)
end)

describe("recursive_mutex:lock", function()
    it("raises EINVAL for a wrong self", fiber(function()
        local lock = recursive_mutex.new().lock
        helper.EINVAL(function() lock() end, 1)
        helper.EINVAL(function() lock(mutex.new()) end, 1)
    end))

    it("raises forbid_suspend_block, even if the mutex is free or owned", fiber(function()
        local m = recursive_mutex.new()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() m:lock() end)
        this_fiber.allow_suspend()
        m:lock()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() m:lock() end)
        this_fiber.allow_suspend()
        m:unlock()
        helper.EPERM(function() m:unlock() end)
    end))

    it("raises EPERM outside a run", function()
        local m = recursive_mutex.new()
        helper.EPERM(function() m:lock() end)
    end)

    it("takes a free mutex without any switch and returns nothing", fiber(function()
        local m, others = recursive_mutex.new(), 0
        local f = spawn(function() others = others + 1 end)
        assert.equal(0, select("#", m:lock()))
        assert.equal(0, others)
        f:join()
    end))

    it("by the owner adds one level without any switch", fiber(function()
        local m, others = recursive_mutex.new(), 0
        m:lock()
        local f = spawn(function() others = others + 1 end)
        m:lock()
        m:lock()
        assert.equal(0, others)
        f:join()
        local function taken_by_another() return spawn(function() return m:try_lock() end):join() end
        m:unlock()
        assert.is_false(taken_by_another())
        m:unlock()
        assert.is_false(taken_by_another())
        m:unlock()
        assert.is_true(taken_by_another())
    end))

    it("counts the fiber as owner, whichever coroutine of it calls", fiber(function()
        local m = recursive_mutex.new()
        m:lock()
        coroutine.wrap(function() m:lock() end)()
        m:unlock()
        m:unlock()
        helper.EPERM(function() m:unlock() end)
    end))

    it("queues FIFO if another fiber owns the mutex", fiber(function()
        local m, order, fibers = recursive_mutex.new(), {}, {}
        m:lock()
        m:lock()
        for i = 1, 3 do
            fibers[i] = spawn(function()
                m:lock()
                m:lock()
                order[#order + 1] = i
                m:unlock()
                this_fiber.yield()
                m:unlock()
            end)
        end
        this_fiber.yield()
        m:unlock()
        this_fiber.yield()
        assert.same({}, order)
        m:unlock()
        for i = 1, 3 do fibers[i]:join() end
        assert.same({1, 2, 3}, order)
    end))

    it("is no interruption point before, during or after the wait", fiber(function()
        local m, order = recursive_mutex.new(), {}
        m:lock()
        local before
        before = spawn(function()
            before:interrupt()
            m:lock()
            order[#order + 1] = "before"
            m:unlock()
        end)
        local during = spawn(function()
            m:lock()
            order[#order + 1] = "during"
            m:unlock()
        end)
        this_fiber.yield()
        during:interrupt()
        m:unlock()
        before:join()
        during:join()
        assert.same({"before", "during"}, order)
        assert.is_false(before.interruption_caught)
        assert.is_false(during.interruption_caught)
    end))

    it("gives no deadlock notice", function()
        local output = helper.child([[
            local emilua, recursive_mutex = require "emilua", require "emilua.recursive_mutex"
            emilua.run(function()
                local m = recursive_mutex.new()
                m:lock()
                emilua.spawn(function() m:lock() end):detach()
                emilua.this_fiber.yield()
            end)
            print("after run")
        ]])
        assert.equal("after run\n", output)
    end)
end)

describe("recursive_mutex:try_lock", function()
    it("raises EINVAL for a wrong self", function()
        local try_lock = recursive_mutex.new().try_lock
        helper.EINVAL(function() try_lock() end, 1)
        helper.EINVAL(function() try_lock(mutex.new()) end, 1)
    end)

    it("returns true for a free mutex, and for the owner adds one level", fiber(function()
        local m = recursive_mutex.new()
        assert.is_true(m:try_lock())
        assert.is_true(m:try_lock())
        m:unlock()
        m:unlock()
        helper.EPERM(function() m:unlock() end)
    end))

    it("returns false if another fiber owns the mutex", fiber(function()
        local m = recursive_mutex.new()
        m:lock()
        assert.is_false(spawn(function() return m:try_lock() end):join())
    end))

    it("is unaffected by forbid_suspend", fiber(function()
        local m = recursive_mutex.new()
        this_fiber.forbid_suspend()
        assert.is_true(m:try_lock())
        this_fiber.allow_suspend()
    end))
end)

describe("recursive_mutex:unlock", function()
    it("raises EINVAL for a wrong self", function()
        local unlock = recursive_mutex.new().unlock
        helper.EINVAL(function() unlock() end, 1)
        helper.EINVAL(function() unlock(mutex.new()) end, 1)
    end)

    it("raises EPERM if the mutex is free", fiber(function()
        helper.EPERM(function() recursive_mutex.new():unlock() end)
    end))

    it("raises EPERM for a fiber that is not the owner", fiber(function()
        local m = recursive_mutex.new()
        m:lock()
        spawn(function() helper.EPERM(function() m:unlock() end) end):join()
        m:unlock()
    end))

    it("passes ownership to the first waiter with level 1 when the last level is released", fiber(function()
        local m = recursive_mutex.new()
        m:lock()
        m:lock()
        local waiter = spawn(function()
            m:lock()
            m:unlock()
            helper.EPERM(function() m:unlock() end)
        end)
        this_fiber.yield()
        m:unlock()
        m:unlock()
        helper.EPERM(function() m:unlock() end)
        assert.is_false(m:try_lock())
        waiter:join()
        assert.is_true(m:try_lock())
    end))

    it("returns nothing, and the unlocker runs on", fiber(function()
        local m, order = recursive_mutex.new(), {}
        m:lock()
        local waiter = spawn(function()
            m:lock()
            order[#order + 1] = "waiter"
            m:unlock()
        end)
        this_fiber.yield()
        assert.equal(0, select("#", m:unlock()))
        order[#order + 1] = "unlocker"
        waiter:join()
        assert.same({"unlocker", "waiter"}, order)
    end))
end)

describe("recursive_mutex with a condition variable", function()
    it("is not accepted by cond:wait", fiber(function()
        local m = recursive_mutex.new()
        m:lock()
        helper.EINVAL(function() condition_variable.new():wait(m) end, 2)
        m:unlock()
    end))
end)
