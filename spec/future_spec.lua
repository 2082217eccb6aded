local emilua = require "emilua"
local future = require "emilua.future"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local fiber = helper.fiber

helper.install()

-- Calls f far up the stack, so that no dead slot of the caller's frame keeps what f dropped.
local function apart(f, depth)
    depth = depth or 30
    if depth == 0 then return f() end
    return (apart(f, depth - 1))
end

local function collect()
    collectgarbage()
    collectgarbage()
end

describe("module emilua.future", function()
    it("is a plain table: an unknown field is nil", function()
        assert.is_nil(future.no_such_field)
    end)
end)

describe("future.new", function()
    it("returns a promise and a future", function()
        local p, f = future.new()
        assert.equal(2, select("#", future.new()))
        assert.equal("promise", getmetatable(p))
        assert.equal("future", getmetatable(f))
        assert.equal("promise", emilua.type(p))
        assert.equal("future", emilua.type(f))
    end)

    it("returns objects without other fields", function()
        local p, f = future.new()
        helper.bad_index(function() return p.no_such_field end)
        helper.bad_index(function() return f.no_such_field end)
    end)
end)

describe("future:get", function()
    it("raises EINVAL for a wrong self", fiber(function()
        local p, f = future.new()
        local get = f.get
        helper.EINVAL(function() get() end, 1)
        helper.EINVAL(function() get(p) end, 1)
        helper.EINVAL(function() get({}) end, 1)
    end))

    it("raises forbid_suspend_block, even if the future is ready", fiber(function()
        local p, f = future.new()
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() f:get() end)
        p:set_value(1)
        helper.raises("emilua.core", "forbid_suspend_block", function() f:get() end)
        this_fiber.allow_suspend()
        assert.equal(1, f:get())
    end))

    it("raises interrupted on entry, even if the future is ready", fiber(function()
        local p, f = future.new()
        p:set_value(1)
        local waiter
        waiter = spawn(function()
            waiter:interrupt()
            f:get()
            error("get returned")
        end)
        waiter:join()
        assert.is_true(waiter.interruption_caught)
    end))

    it("checks in the order self, forbid-suspend, interruption", fiber(function()
        local p, f = future.new()
        local get = f.get
        local function outcome(self)
            local waiter
            waiter = spawn(function()
                waiter:interrupt()
                this_fiber.forbid_suspend()
                get(self)
            end)
            return function() waiter:join() end
        end
        helper.EINVAL(outcome(p), 1)
        helper.raises("emilua.core", "forbid_suspend_block", outcome(f))
        p:set_error("stored")
        helper.raises("emilua.core", "forbid_suspend_block", outcome(f))
    end))

    it("raises EPERM outside a run", function()
        local p, f = future.new()
        helper.EPERM(function() f:get() end)
        p:set_value(1)
    end)

    it("returns the value of a ready future without any switch", fiber(function()
        local p, f = future.new()
        local switched = false
        local other = spawn(function() switched = true end)
        p:set_value("value")
        assert.equal("value", f:get())
        assert.is_false(switched)
        other:join()
    end))

    it("waits for the value", fiber(function()
        local p, f = future.new()
        local waiter = spawn(function() return f:get() end)
        this_fiber.yield()
        p:set_value("value")
        assert.equal("value", waiter:join())
    end))

    it("returns exactly one value, which may be nil", fiber(function()
        local p, f = future.new()
        p:set_value(nil)
        assert.equal(1, select("#", f:get()))
        assert.is_nil((f:get()))
    end))

    it("raises the stored error unchanged, before and after the wait", fiber(function()
        local p, f = future.new()
        local e = setmetatable({}, {__tostring = function() return "mine" end})
        local waiter = spawn(function() return pcall(f.get, f) end)
        this_fiber.yield()
        p:set_error(e)
        local ok, caught = waiter:join()
        assert.is_false(ok)
        assert.is_true(rawequal(e, caught))
        ok, caught = pcall(f.get, f)
        assert.is_false(ok)
        assert.is_true(rawequal(e, caught))
    end))

    it("adds no position to a stored string", fiber(function()
        local p, f = future.new()
        p:set_error("plain")
        assert.same({false, "plain"}, {pcall(f.get, f)})
    end))

    it("may be called by any number of fibers, any number of times", fiber(function()
        local p, f = future.new()
        local fibers = {}
        for i = 1, 5 do fibers[i] = spawn(function() return f:get() + f:get() end) end
        this_fiber.yield()
        p:set_value(21)
        for i = 1, 5 do assert.equal(42, fibers[i]:join()) end
        assert.equal(21, f:get())
        assert.equal(21, f:get())
    end))

    it("resumes waiters FIFO", fiber(function()
        local p, f = future.new()
        local fibers, order = {}, {}
        for i = 1, 4 do
            fibers[i] = spawn(function()
                f:get()
                order[#order + 1] = i
            end)
        end
        this_fiber.yield()
        p:set_value()
        for i = 4, 1, -1 do fibers[i]:join() end
        assert.same({1, 2, 3, 4}, order)
    end))

    it("raises interrupted while it waits; a later set_value is fine", fiber(function()
        local p, f = future.new()
        local first = spawn(function() return select(2, pcall(f.get, f)) end)
        local second = spawn(function() return f:get() end)
        this_fiber.yield()
        first:interrupt()
        helper.is_error(first:join(), "emilua.core", "interrupted")
        p:set_value("late")
        assert.equal("late", second:join())
        assert.equal("late", f:get())
    end))

    it("returns the value if it is satisfied and then interrupted", fiber(function()
        local p, f = future.new()
        local waiter = spawn(function() return f:get() end)
        this_fiber.yield()
        p:set_value("first")
        waiter:interrupt()
        assert.equal("first", waiter:join())
        assert.is_false(waiter.interruption_caught)
    end))

    it("gives the notice when only a live promise could wake it", function()
        local output, status = helper.child([[
            local emilua, future = require "emilua", require "emilua.future"
            local p, f = future.new()
            emilua.run(function()
                emilua.spawn(function() f:get() end):detach()
                emilua.this_fiber.yield()
            end)
            print("after run")
            return p
        ]])
        assert.equal(0, status)
        assert.truthy(output:find("Possible deadlock%(s%) detected during VM 0x%x+ shutdown:\n"))
        assert.truthy(output:find("\tUnderlying promise for future 0x%x+ is broken\n"))
        assert.truthy(output:find("after run\n$"))
    end)
end)

describe("promise:set_value", function()
    it("raises EINVAL for a wrong self", function()
        local p, f = future.new()
        local set_value = p.set_value
        helper.EINVAL(function() set_value() end, 1)
        helper.EINVAL(function() set_value(f, 1) end, 1)
    end)

    it("raises promise_already_satisfied", function()
        local p = future.new()
        p:set_value(1)
        helper.raises("emilua.core", "promise_already_satisfied", function() p:set_value(1) end)
        p = future.new()
        p:set_error("e")
        helper.raises("emilua.core", "promise_already_satisfied", function() p:set_value(1) end)
    end)

    it("returns nothing", function()
        local p = future.new()
        assert.equal(0, select("#", p:set_value(1)))
    end)

    it("posts: the setter goes on running", fiber(function()
        local p, f = future.new()
        local order = {}
        local waiter = spawn(function()
            local value = f:get()
            order[#order + 1] = value
        end)
        this_fiber.yield()
        p:set_value("waiter")
        order[#order + 1] = "setter"
        waiter:join()
        assert.same({"setter", "waiter"}, order)
    end))

    it("is unaffected by forbid_suspend", fiber(function()
        local p, f = future.new()
        this_fiber.forbid_suspend()
        p:set_value(1)
        this_fiber.allow_suspend()
        assert.equal(1, f:get())
    end))

    it("holds the value as long as the future lives", fiber(function()
        local p, f = future.new()
        local weak = setmetatable({}, {__mode = "v"})
        apart(function()
            weak[1] = {}
            p:set_value(weak[1])
            return nil
        end)
        collect()
        assert.is_table(weak[1])
        assert.is_true(rawequal(weak[1], (f:get())))
    end))
end)

describe("promise:set_error", function()
    it("raises EINVAL for a wrong self", function()
        local p, f = future.new()
        local set_error = p.set_error
        helper.EINVAL(function() set_error() end, 1)
        helper.EINVAL(function() set_error(f, "e") end, 1)
    end)

    it("raises EINVAL for nil, before it looks at the promise's state", function()
        local p = future.new()
        helper.EINVAL(function() p:set_error() end, 2)
        helper.EINVAL(function() p:set_error(nil) end, 2)
        p:set_value(1)
        helper.EINVAL(function() p:set_error(nil) end, 2)
    end)

    it("raises promise_already_satisfied", function()
        local p = future.new()
        p:set_error("first")
        helper.raises("emilua.core", "promise_already_satisfied", function() p:set_error("second") end)
    end)

    it("returns nothing", function()
        local p = future.new()
        assert.equal(0, select("#", p:set_error("e")))
    end)

    it("raises false out of get, or refuses it", fiber(function()
        local p, f = future.new()
        local waiter = spawn(function() return pcall(f.get, f) end)
        this_fiber.yield()
        local accepted, refusal = pcall(p.set_error, p, false)
        if accepted then
            assert.same({false, false}, {waiter:join()})
        else
            assert.same({helper.errno.EINVAL, 2}, {refusal.code, refusal.arg})
            p:set_value()
            waiter:join()
        end
    end))
end)

describe("a collected promise", function()
    it("breaks the future: later gets raise broken_promise", fiber(function()
        local f = apart(function() return (select(2, future.new())) end)
        collect()
        helper.raises("emilua.core", "broken_promise", function() f:get() end)
        helper.raises("emilua.core", "broken_promise", function() f:get() end)
    end))

    it("breaks the future: waiters raise broken_promise", fiber(function()
        local held = apart(function() return {future.new()} end)
        local f = held[2]
        local fibers = {}
        for i = 1, 3 do
            fibers[i] = spawn(function()
                helper.raises("emilua.core", "broken_promise", function() f:get() end)
                return i
            end)
        end
        this_fiber.yield()
        held[1] = nil
        collect()
        for i = 1, 3 do assert.equal(i, fibers[i]:join()) end
    end))

    it("changes nothing after it was satisfied", fiber(function()
        local f = apart(function()
            local p, f = future.new()
            p:set_value("kept")
            return f
        end)
        collect()
        assert.equal("kept", f:get())
        f = apart(function()
            local p, failed = future.new()
            p:set_error("kept error")
            return failed
        end)
        collect()
        assert.same({false, "kept error"}, {pcall(f.get, f)})
    end))

    it("changes nothing between set_value and the waiter's turn", fiber(function()
        local held = apart(function() return {future.new()} end)
        local f = held[2]
        local waiter = spawn(function() return f:get() end)
        this_fiber.yield()
        apart(function()
            held[1]:set_value("kept")
            held[1] = nil
        end)
        collect()
        assert.equal("kept", waiter:join())
    end))
end)
