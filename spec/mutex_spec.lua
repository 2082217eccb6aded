local emilua = require "emilua"
local mutex = require "emilua.mutex"
local recursive_mutex = require "emilua.recursive_mutex"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local fiber = helper.fiber

helper.install()

describe("module emilua.mutex", function()
    it("is a protected table named mutex", function()
        assert.equal("mutex", getmetatable(mutex))
    end)

    it("raises bad_index for an unknown field", function()
        helper.bad_index(function() return mutex.no_such_field end)
    end)

    it("raises EPERM when a field is assigned", function()
        helper.EPERM(function() mutex.new = nil end)
        helper.EPERM(function() mutex.extra = 1 end)
    end)
end)

describe("mutex.new", function()
    it("returns a new mutex", function()
        local m = mutex.new()
        assert.equal("mutex", getmetatable(m))
        assert.equal("mutex", emilua.type(m))
        assert.is_false(rawequal(m, mutex.new()))
    end)

    it("returns an object without other fields", function()
        local m = mutex.new()
        helper.bad_index(function() return m.no_such_field end)
    end)

    it("returns an object that survives from one run to the next", function()
        local m = mutex.new()
        helper.run(function() m:lock() end)
        helper.run(function()
            assert.is_false(m:try_lock())
            m:unlock()
            assert.is_true(m:try_lock())
            m:unlock()
        end)
    end)
end)

describe("mutex:lock", function()
    it("raises EINVAL for a wrong self", fiber(function()
        local lock = mutex.new().lock
        for _, self in ipairs{0, false, "mutex", {}, recursive_mutex.new()} do
            helper.EINVAL(function() lock(self) end, 1)
        end
        helper.EINVAL(function() lock() end, 1)
    end))

    it("raises forbid_suspend_block, even if the mutex is free", fiber(function()
        local m = mutex.new()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() m:lock() end)
        this_fiber.allow_suspend()
        assert.is_true(m:try_lock())
    end))

    it("raises EPERM outside a run", function()
        local m = mutex.new()
        helper.EPERM(function() m:lock() end)
    end)

    it("returns nothing", fiber(function()
        assert.equal(0, select("#", mutex.new():lock()))
    end))

    it("takes a free mutex without any switch", fiber(function()
        local m, others = mutex.new(), 0
        local f = spawn(function() others = others + 1 end)
        m:lock()
        assert.equal(0, others)
        f:join()
        assert.is_false(m:try_lock())
    end))

    it("queues FIFO on a locked mutex", fiber(function()
        local m, order = mutex.new(), {}
        m:lock()
        local fibers = {}
        for i = 1, 4 do
            fibers[i] = spawn(function()
                m:lock()
                order[#order + 1] = i
                this_fiber.yield()
                m:unlock()
            end)
        end
        this_fiber.yield()
        assert.same({}, order)
        m:unlock()
        for i = 1, 4 do fibers[i]:join() end
        assert.same({1, 2, 3, 4}, order)
    end))

    it("deadlocks when the main fiber locks twice", function()
        local output = helper.child([[
            local emilua, mutex = require "emilua", require "emilua.mutex"
            local ok, e = pcall(emilua.run, function()
                local m = mutex.new()
                m:lock()
                m:lock()
                print("never")
            end)
            print(ok, tostring(e.category), tostring(e), #e.fibers)
        ]])
        assert.equal("false\tgeneric\tResource deadlock avoided\t1\n", output)
    end)

    it("gives the deadlock notice when another fiber locks twice", function()
        local output, status = helper.child([[
            local emilua, mutex = require "emilua", require "emilua.mutex"
            emilua.run(function()
                emilua.spawn(function()
                    local m = mutex.new()
                    m:lock()
                    m:lock()
                    print("never")
                end):detach()
            end)
            print("after run")
        ]])
        assert.equal(0, status)
        assert.truthy(output:find("Possible deadlock%(s%) detected during VM 0x%x+ shutdown:\n"))
        assert.truthy(output:find("\tNo scheduled fibers remaining to unlock mutex 0x%x+\n"))
        assert.falsy(output:find("never"))
        assert.truthy(output:find("after run\n$"))
    end)

    it("is no interruption point before the wait", fiber(function()
        local m, reached = mutex.new(), false
        local f
        f = spawn(function()
            f:interrupt()
            m:lock()
            reached = true
            m:unlock()
        end)
        f:join()
        assert.is_true(reached)
        assert.is_false(f.interruption_caught)
    end))

    it("is no interruption point during the wait: the fiber stays queued and later owns the lock", fiber(function()
        local m, owned = mutex.new(), false
        m:lock()
        local f = spawn(function()
            m:lock()
            owned = not m:try_lock()
            m:unlock()
            this_fiber.yield()
            owned = "the yield was no interruption point"
        end)
        this_fiber.yield()
        f:interrupt()
        this_fiber.yield()
        assert.is_false(owned)
        m:unlock()
        f:join()
        assert.is_true(owned)
        assert.is_true(f.interruption_caught)
    end))

    it("is no interruption point after the wait", fiber(function()
        local m, reached = mutex.new(), false
        m:lock()
        local f = spawn(function()
            m:lock()
            reached = true
            m:unlock()
        end)
        this_fiber.yield()
        m:unlock()
        f:interrupt()
        f:join()
        assert.is_true(reached)
        assert.is_false(f.interruption_caught)
    end))
end)

describe("mutex:try_lock", function()
    it("raises EINVAL for a wrong self", function()
        local try_lock = mutex.new().try_lock
        helper.EINVAL(function() try_lock() end, 1)
        helper.EINVAL(function() try_lock(recursive_mutex.new()) end, 1)
    end)

    it("returns true and takes a free mutex", fiber(function()
        local m = mutex.new()
        assert.is_true(m:try_lock())
        assert.is_false(spawn(function() return m:try_lock() end):join())
    end))

    it("returns false for the owner too", fiber(function()
        local m = mutex.new()
        m:lock()
        assert.is_false(m:try_lock())
    end))

    it("is unaffected by forbid_suspend", fiber(function()
        local m = mutex.new()
        this_fiber.forbid_suspend()
        assert.is_true(m:try_lock())
        assert.is_false(m:try_lock())
        this_fiber.allow_suspend()
    end))

    it("is no interruption point", fiber(function()
        local m, f = mutex.new()
        f = spawn(function()
            f:interrupt()
            return m:try_lock()
        end)
        assert.is_true(f:join())
    end))
end)

describe("mutex:unlock", function()
    it("raises EINVAL for a wrong self", function()
        local unlock = mutex.new().unlock
        helper.EINVAL(function() unlock() end, 1)
        helper.EINVAL(function() unlock(recursive_mutex.new()) end, 1)
    end)

    it("raises EPERM if the mutex is not locked", fiber(function()
        local m = mutex.new()
        helper.EPERM(function() m:unlock() end)
        m:lock()
        m:unlock()
        helper.EPERM(function() m:unlock() end)
    end))

    it("returns nothing", fiber(function()
        local m = mutex.new()
        m:lock()
        assert.equal(0, select("#", m:unlock()))
    end))

    it("hands ownership directly to the first waiter", fiber(function()
        local m, order = mutex.new(), {}
        m:lock()
        local waiter = spawn(function()
            m:lock()
            order[#order + 1] = "waiter"
            m:unlock()
        end)
        this_fiber.yield()
        m:unlock()
        assert.is_false(m:try_lock())
        local newcomer = spawn(function()
            m:lock()
            order[#order + 1] = "newcomer"
            m:unlock()
        end)
        m:lock()
        order[#order + 1] = "unlocker"
        m:unlock()
        waiter:join()
        newcomer:join()
        assert.same({"waiter", "unlocker", "newcomer"}, order)
    end))

    it("appends the waiter to the ready queue; the unlocker runs on", fiber(function()
        local m, order = mutex.new(), {}
        m:lock()
        local waiter = spawn(function()
            m:lock()
            order[#order + 1] = "waiter"
            m:unlock()
        end)
        this_fiber.yield()
        local earlier = spawn(function() order[#order + 1] = "ready before" end)
        m:unlock()
        order[#order + 1] = "unlocker"
        waiter:join()
        earlier:join()
        assert.same({"unlocker", "ready before", "waiter"}, order)
    end))

    it("may be called by any fiber", fiber(function()
        local m = mutex.new()
        m:lock()
        spawn(function() m:unlock() end):join()
        assert.is_true(m:try_lock())
    end))

    it("is unaffected by forbid_suspend", fiber(function()
        local m = mutex.new()
        m:lock()
        this_fiber.forbid_suspend()
        m:unlock()
        this_fiber.allow_suspend()
        assert.is_true(m:try_lock())
    end))

    it("is no interruption point", fiber(function()
        local m, f = mutex.new()
        f = spawn(function()
            m:lock()
            f:interrupt()
            m:unlock()
            return "unlocked"
        end)
        assert.equal("unlocked", f:join())
        assert.is_true(m:try_lock())
    end))
end)
