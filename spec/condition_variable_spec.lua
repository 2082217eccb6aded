local emilua = require "emilua"
local condition_variable = require "emilua.condition_variable"
local mutex = require "emilua.mutex"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local fiber = helper.fiber

helper.install()

-- Starts `count` fibers that wait on `c` one after the other and note their number when they wake.
local function start_waiters(c, m, count, order)
    local fibers = {}
    for i = 1, count do
        fibers[i] = spawn(function()
            m:lock()
            emilua.scope_cleanup_push(function() m:unlock() end)
            c:wait(m)
            order[#order + 1] = i
        end)
    end
    this_fiber.yield()
    return fibers
end

describe("module emilua.condition_variable", function()
    it("is a protected table named condition_variable", function()
        assert.equal("condition_variable", getmetatable(condition_variable))
    end)

    it("raises bad_index for an unknown field", function()
        helper.bad_index(function() return condition_variable.no_such_field end)
    end)

    it("raises EPERM when a field is assigned", function()
        helper.EPERM(function() condition_variable.new = nil end)
    end)
end)

describe("condition_variable.new", function()
    it("returns a new condition variable", function()
        local c = condition_variable.new()
        assert.equal("condition_variable", getmetatable(c))
        assert.equal("condition_variable", emilua.type(c))
        assert.is_false(rawequal(c, condition_variable.new()))
        helper.bad_index(function() return c.no_such_field end)
    end)
end)

describe("condition_variable:wait", function()
    it("raises EINVAL for a wrong self", fiber(function()
        local m, wait = mutex.new(), condition_variable.new().wait
        m:lock()
        helper.EINVAL(function() wait() end, 1)
        helper.EINVAL(function() wait(m, m) end, 1)
        helper.EINVAL(function() wait({}, nil) end, 1)
    end))

    it("raises EINVAL if m is not a mutex", fiber(function()
        local c = condition_variable.new()
        for _, m in ipairs{0, "mutex", true, {}, condition_variable.new()} do
            helper.EINVAL(function() c:wait(m) end, 2)
        end
        helper.EINVAL(function() c:wait() end, 2)
    end))

    it("raises EPERM if m is not locked", fiber(function()
        local c, m = condition_variable.new(), mutex.new()
        helper.EPERM(function() c:wait(m) end)
    end))

    it("raises forbid_suspend_block, and m stays locked", fiber(function()
        local c, m = condition_variable.new(), mutex.new()
        m:lock()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() c:wait(m) end)
        this_fiber.allow_suspend()
        assert.is_false(m:try_lock())
    end))

    it("raises interrupted on entry, and m stays locked", fiber(function()
        local c, m, f = condition_variable.new(), mutex.new()
        f = spawn(function()
            m:lock()
            f:interrupt()
            c:wait(m)
            error("wait returned")
        end)
        f:join()
        assert.is_true(f.interruption_caught)
        assert.is_false(m:try_lock())
    end))

    it("checks in the order self, mutex, lock, forbid-suspend, interruption", fiber(function()
        local c, m = condition_variable.new(), mutex.new()
        local wait = c.wait
        local function outcome(self, target, forbid)
            local f
            f = spawn(function()
                f:interrupt()
                if forbid then this_fiber.forbid_suspend() end
                wait(self, target)
            end)
            return function() f:join() end
        end
        helper.EINVAL(outcome(nil, nil, true), 1)
        helper.EINVAL(outcome(c, nil, true), 2)
        helper.EPERM(outcome(c, m, true))
        m:lock()
        helper.raises("emilua.core", "forbid_suspend_block", outcome(c, m, true))
    end))

    it("raises EPERM outside a run", function()
        local c, m = condition_variable.new(), mutex.new()
        m:try_lock()
        helper.EPERM(function() c:wait(m) end)
    end)

    it("returns nothing", fiber(function()
        local c, m = condition_variable.new(), mutex.new()
        local f = spawn(function()
            m:lock()
            return select("#", c:wait(m))
        end)
        this_fiber.yield()
        c:notify_one()
        assert.equal(0, f:join())
    end))

    it("releases m while it sleeps and holds it when it returns", fiber(function()
        local c, m = condition_variable.new(), mutex.new()
        local f = spawn(function()
            m:lock()
            c:wait(m)
            local held = not m:try_lock()
            m:unlock()
            return held
        end)
        this_fiber.yield()
        assert.is_true(m:try_lock())
        m:unlock()
        c:notify_one()
        assert.is_true(f:join())
    end))

    it("hands m to a lock waiter", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        m:lock()
        local locker = spawn(function()
            m:lock()
            order[#order + 1] = "locker"
            c:notify_one()
            m:unlock()
        end)
        this_fiber.yield()
        c:wait(m)
        order[#order + 1] = "waiter"
        m:unlock()
        locker:join()
        assert.same({"locker", "waiter"}, order)
    end))

    it("re-locks m by the normal lock queue before it returns", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        local waiter = start_waiters(c, m, 1, order)[1]
        m:lock()
        local locker = spawn(function()
            m:lock()
            order[#order + 1] = "locker"
            m:unlock()
        end)
        this_fiber.yield()
        c:notify_one()
        this_fiber.yield()
        assert.same({}, order)
        m:unlock()
        waiter:join()
        locker:join()
        assert.same({"locker", 1}, order)
    end))

    it("re-locks m before it raises interrupted", fiber(function()
        local c, m, state = condition_variable.new(), mutex.new(), "waiting"
        local f = spawn(function()
            m:lock()
            local ok = pcall(c.wait, c, m)
            state = {ok = ok, held = not m:try_lock()}
            m:unlock()
        end)
        this_fiber.yield()
        m:lock()
        f:interrupt()
        this_fiber.yield()
        this_fiber.yield()
        assert.equal("waiting", state)
        m:unlock()
        f:join()
        assert.same({ok = false, held = true}, state)
    end))

    it("raises interrupted when it is interrupted while it sleeps", fiber(function()
        local c, m = condition_variable.new(), mutex.new()
        local f = spawn(function()
            m:lock()
            local _, e = pcall(c.wait, c, m)
            m:unlock()
            return e
        end)
        this_fiber.yield()
        f:interrupt()
        helper.is_error(f:join(), "emilua.core", "interrupted")
        assert.is_true(m:try_lock())
    end))

    it("sleeps on if the interruption is disabled", fiber(function()
        local c, m, woken = condition_variable.new(), mutex.new(), false
        local f = spawn(function()
            this_fiber.disable_interruption()
            m:lock()
            c:wait(m)
            woken = true
            m:unlock()
            this_fiber.restore_interruption()
            this_fiber.yield()
            error("the yield was no interruption point")
        end)
        this_fiber.yield()
        f:interrupt()
        this_fiber.yield()
        assert.is_false(woken)
        c:notify_one()
        f:join()
        assert.is_true(woken)
        assert.is_true(f.interruption_caught)
    end))

    it("has no spurious wake-ups", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        local f = start_waiters(c, m, 1, order)[1]
        for _ = 1, 100 do
            m:lock()
            this_fiber.yield()
            m:unlock()
            this_fiber.yield()
        end
        assert.same({}, order)
        c:notify_one()
        f:join()
    end))

    it("raises EDEADLK out of run, without a notice, when nobody can notify", function()
        local output = helper.child([[
            local emilua = require "emilua"
            local condition_variable, mutex = require "emilua.condition_variable", require "emilua.mutex"
            local ok, e = pcall(emilua.run, function()
                local c, m = condition_variable.new(), mutex.new()
                m:lock()
                c:wait(m)
            end)
            print(ok, tostring(e.category), tostring(e))
        ]])
        assert.equal("false\tgeneric\tResource deadlock avoided\n", output)
    end)
end)

describe("condition_variable:notify_one", function()
    it("raises EINVAL for a wrong self", function()
        local notify_one = condition_variable.new().notify_one
        helper.EINVAL(function() notify_one() end, 1)
        helper.EINVAL(function() notify_one(mutex.new()) end, 1)
    end)

    it("returns nothing", fiber(function()
        assert.equal(0, select("#", condition_variable.new():notify_one()))
    end))

    it("wakes the waiters FIFO, one each", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        local fibers = start_waiters(c, m, 3, order)
        c:notify_one()
        fibers[1]:join()
        assert.same({1}, order)
        c:notify_one()
        c:notify_one()
        fibers[3]:join()
        fibers[2]:join()
        assert.same({1, 2, 3}, order)
    end))

    it("without waiters is lost", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        c:notify_one()
        local f = start_waiters(c, m, 1, order)[1]
        this_fiber.yield()
        assert.same({}, order)
        c:notify_one()
        f:join()
    end))

    it("posts: the notifier goes on running", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        local f = start_waiters(c, m, 1, order)[1]
        c:notify_one()
        order[#order + 1] = "notifier"
        f:join()
        assert.same({"notifier", 1}, order)
    end))

    it("needs no lock, and is unaffected by forbid_suspend", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        local f = start_waiters(c, m, 1, order)[1]
        this_fiber.forbid_suspend()
        c:notify_one()
        this_fiber.allow_suspend()
        f:join()
        assert.same({1}, order)
    end))

    it("then interrupt: wait returns normally", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        local f = start_waiters(c, m, 1, order)[1]
        c:notify_one()
        f:interrupt()
        f:join()
        assert.same({1}, order)
        assert.is_false(f.interruption_caught)
    end))

    it("after interrupt: the next waiter gets the notification", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        local fibers = start_waiters(c, m, 2, order)
        fibers[1]:interrupt()
        c:notify_one()
        fibers[2]:join()
        fibers[1]:join()
        assert.same({2}, order)
        assert.is_true(fibers[1].interruption_caught)
    end))
end)

describe("condition_variable:notify_all", function()
    it("raises EINVAL for a wrong self", function()
        local notify_all = condition_variable.new().notify_all
        helper.EINVAL(function() notify_all() end, 1)
        helper.EINVAL(function() notify_all(mutex.new()) end, 1)
    end)

    it("returns nothing, and without waiters is lost", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        assert.equal(0, select("#", c:notify_all()))
        local f = start_waiters(c, m, 1, order)[1]
        this_fiber.yield()
        assert.same({}, order)
        c:notify_all()
        f:join()
    end))

    it("wakes every waiter in the order of waiting, each re-locking in turn", fiber(function()
        local c, m, order, inside = condition_variable.new(), mutex.new(), {}, 0
        local fibers = {}
        for i = 1, 4 do
            fibers[i] = spawn(function()
                m:lock()
                c:wait(m)
                inside = inside + 1
                assert.equal(1, inside)
                order[#order + 1] = i
                this_fiber.yield()
                inside = inside - 1
                m:unlock()
            end)
        end
        this_fiber.yield()
        c:notify_all()
        for i = 1, 4 do fibers[i]:join() end
        assert.same({1, 2, 3, 4}, order)
    end))

    it("leaves out a waiter that was interrupted before", fiber(function()
        local c, m, order = condition_variable.new(), mutex.new(), {}
        local fibers = start_waiters(c, m, 3, order)
        fibers[2]:interrupt()
        c:notify_all()
        for i = 1, 3 do fibers[i]:join() end
        assert.same({1, 3}, order)
        assert.is_true(fibers[2].interruption_caught)
    end))
end)
