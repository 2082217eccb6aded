-- Core §2: the execution model.

local helper = require "spec.helper"
local emilua = require "emilua"
local condition_variable = require "emilua.condition_variable"
local future = require "emilua.future"
local mutex = require "emilua.mutex"
local recursive_mutex = require "emilua.recursive_mutex"
local time = require "emilua.time"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber

-- A list that fibers append to, compared as text.
local function journal()
    local entries = {}
    return function(entry)
        entries[#entries + 1] = entry
    end, function()
        return table.concat(entries, " ")
    end
end

describe("§2 one VM", function()
    helper.install()

    it("runs one fiber at a time; switches happen only inside suspending calls", helper.fiber(function()
        local note, text = journal()
        local f = spawn(function()
            note "fiber"
        end)
        for i = 1, 1000 do
            pcall(function() return i end)
            coroutine.wrap(function() coroutine.yield() end)()
            emilua.scope(function() end)
        end
        note "main"
        this_fiber.yield()
        assert.are.equal("main fiber", text())
        f:join()
    end))

    it("alternates two yielding fibers (§19 #2)", helper.fiber(function()
        local note, text = journal()
        local f = spawn(function()
            note "second"
            this_fiber.yield()
            note "fourth"
        end)
        note "first"
        this_fiber.yield()
        note "third"
        this_fiber.yield()
        f:join()
        assert.are.equal("first second third fourth", text())
    end))
end)

describe("§2 the ready queue", function()
    helper.install()

    it("is one FIFO: spawn appends to its tail", helper.fiber(function()
        local note, text = journal()
        local fibers = {}
        for i = 1, 5 do
            fibers[i] = spawn(function() note(i) end)
        end
        this_fiber.yield()
        assert.are.equal("1 2 3 4 5", text())
        for _, f in ipairs(fibers) do
            f:join()
        end
    end))

    it("yield appends the caller to its tail", helper.fiber(function()
        local note, text = journal()
        local function body(name)
            return function()
                note(name .. 1)
                this_fiber.yield()
                note(name .. 2)
            end
        end
        local a, b = spawn(body "a"), spawn(body "b")
        this_fiber.yield()
        note "main"
        this_fiber.yield()
        assert.are.equal("a1 b1 main a2 b2", text())
        a:join()
        b:join()
    end))

    it("a mutex hand-off appends to its tail", helper.fiber(function()
        local note, text = journal()
        local m = mutex.new()
        m:lock()
        local waiter = spawn(function()
            m:lock()
            note "waiter"
            m:unlock()
        end)
        this_fiber.yield()
        local before = spawn(function() note "before" end)
        m:unlock()
        local after = spawn(function() note "after" end)
        this_fiber.yield()
        assert.are.equal("before waiter after", text())
        waiter:join()
        before:join()
        after:join()
    end))

    it("a notification appends to its tail", helper.fiber(function()
        local note, text = journal()
        local m, c = mutex.new(), condition_variable.new()
        local waiter = spawn(function()
            m:lock()
            c:wait(m)
            note "waiter"
            m:unlock()
        end)
        this_fiber.yield()
        local before = spawn(function() note "before" end)
        c:notify_one()
        local after = spawn(function() note "after" end)
        this_fiber.yield()
        assert.are.equal("before waiter after", text())
        waiter:join()
        before:join()
        after:join()
    end))

    it("a satisfied promise appends to its tail", helper.fiber(function()
        local note, text = journal()
        local p, value = future.new()
        local waiter = spawn(function()
            value:get()
            note "waiter"
        end)
        this_fiber.yield()
        local before = spawn(function() note "before" end)
        p:set_value(1)
        local after = spawn(function() note "after" end)
        this_fiber.yield()
        assert.are.equal("before waiter after", text())
        waiter:join()
        before:join()
        after:join()
    end))

    it("the delivery of an interrupt appends to its tail", helper.fiber(function()
        local note, text = journal()
        local sleeper = spawn(function()
            pcall(time.sleep, 60)
            note "sleeper"
        end)
        this_fiber.yield()
        local before = spawn(function() note "before" end)
        sleeper:interrupt()
        local after = spawn(function() note "after" end)
        this_fiber.yield()
        assert.are.equal("before sleeper after", text())
        sleeper:join()
        before:join()
        after:join()
    end))

    it("the completion of an operation appends to its tail", helper.fiber(function()
        local note, text = journal()
        local timer = time.steady_timer.new()
        timer:expires_after(60)
        local waiter = spawn(function()
            pcall(timer.wait, timer)
            note "waiter"
        end)
        this_fiber.yield()
        local before = spawn(function() note "before" end)
        timer:cancel()
        local after = spawn(function() note "after" end)
        helper.turns(3)
        assert.are.equal("before waiter after", text())
        waiter:join()
        before:join()
        after:join()
    end))
end)

describe("§2 post semantics: the waker goes on running", function()
    helper.install()

    it("spawn", helper.fiber(function()
        local ran = false
        local f = spawn(function() ran = true end)
        assert.is_false(ran)
        f:join()
    end))

    it("unlock of both mutexes", helper.fiber(function()
        for _, class in ipairs { mutex, recursive_mutex } do
            local ran = false
            local m = class.new()
            m:lock()
            local f = spawn(function()
                m:lock()
                ran = true
                m:unlock()
            end)
            this_fiber.yield()
            m:unlock()
            assert.is_false(ran)
            f:join()
        end
    end))

    it("notify_one and notify_all", helper.fiber(function()
        for _, notify in ipairs { "notify_one", "notify_all" } do
            local ran = false
            local m, c = mutex.new(), condition_variable.new()
            local f = spawn(function()
                m:lock()
                c:wait(m)
                ran = true
                m:unlock()
            end)
            this_fiber.yield()
            c[notify](c)
            assert.is_false(ran)
            f:join()
        end
    end))

    it("set_value and set_error", helper.fiber(function()
        for _, set in ipairs { "set_value", "set_error" } do
            local ran = false
            local p, value = future.new()
            local f = spawn(function()
                pcall(value.get, value)
                ran = true
            end)
            this_fiber.yield()
            p[set](p, "x")
            assert.is_false(ran)
            f:join()
        end
    end))

    it("interrupt", helper.fiber(function()
        local ran = false
        local f = spawn(function()
            pcall(time.sleep, 60)
            ran = true
        end)
        this_fiber.yield()
        f:interrupt()
        assert.is_false(ran)
        f:join()
    end))
end)

describe("§2 dispatch semantics: no switch when the result is already there", function()
    helper.install()

    it("mutex:lock() on a free mutex", helper.fiber(function()
        local ran = false
        local f = spawn(function() ran = true end)
        local m = mutex.new()
        m:lock()
        assert.is_false(ran)
        m:unlock()
        f:join()
    end))

    it("recursive_mutex:lock() on a free mutex, and by its owner", helper.fiber(function()
        local ran = false
        local f = spawn(function() ran = true end)
        local m = recursive_mutex.new()
        m:lock()
        m:lock()
        assert.is_false(ran)
        m:unlock()
        m:unlock()
        f:join()
    end))

    it("join() on a finished fiber", helper.fiber(function()
        local finished = spawn(function() end)
        this_fiber.yield()
        local ran = false
        local f = spawn(function() ran = true end)
        finished:join()
        assert.is_false(ran)
        f:join()
    end))

    it("future:get() on a ready future", helper.fiber(function()
        local p, value = future.new()
        p:set_value(1)
        local ran = false
        local f = spawn(function() ran = true end)
        value:get()
        assert.is_false(ran)
        f:join()
    end))
end)

describe("§2 the end of a fiber", function()
    helper.install()

    it("resumes the joiner at once, before any other ready fiber", helper.fiber(function()
        local note, text = journal()
        local target = spawn(function()
            this_fiber.yield()
            note "target"
        end)
        local joiner = spawn(function()
            target:join()
            note "joiner"
        end)
        local other = spawn(function()
            this_fiber.yield()
            note "other"
        end)
        helper.turns(3)
        assert.are.equal("target joiner other", text())
        joiner:join()
        other:join()
    end))

    it("does so for a failing fiber too", helper.fiber(function()
        local note, text = journal()
        local target = spawn(function()
            this_fiber.yield()
            error("tag", 0)
        end)
        local joiner = spawn(function()
            local _, e = pcall(target.join, target)
            note(e)
        end)
        local other = spawn(function()
            this_fiber.yield()
            note "other"
        end)
        helper.turns(3)
        assert.are.equal("tag other", text())
        joiner:join()
        other:join()
    end))
end)

describe("§2 the main fiber", function()
    helper.install()

    it("is the function given to emilua.run", helper.fiber(function()
        assert.is_true(this_fiber.is_main)
    end))

    it("returns normally: the VM lives on until no fiber is ready and no operation is pending", function()
        local note, text = journal()
        helper.run(function()
            spawn(function()
                for i = 1, 3 do
                    this_fiber.yield()
                    note(i)
                end
                time.sleep(0.01)
                note "slept"
                spawn(function()
                    time.sleep(0.01)
                    note "grandchild"
                end):detach()
            end):detach()
            note "main"
        end)
        assert.are.equal("main 1 2 3 slept grandchild", text())
    end)

    it("fibers that can never be woken do not keep the VM alive", function()
        local output, status = helper.child [[
            local emilua = require "emilua"
            local mutex, future = require "emilua.mutex", require "emilua.future"
            local condition_variable = require "emilua.condition_variable"
            emilua.run(function()
                local m, locked, c = mutex.new(), mutex.new(), condition_variable.new()
                local promise, value = future.new()
                KEPT = {promise}
                locked:lock()
                emilua.spawn(function() locked:lock() print "never" end):detach()
                emilua.spawn(function() m:lock() c:wait(m) print "never" end):detach()
                emilua.spawn(function() value:get() print "never" end):detach()
                local f = emilua.spawn(function() value:get() print "never" end)
                emilua.spawn(function() f:join() print "never" end):detach()
            end)
            print "run returned"
        ]]
        assert.are.equal(0, status)
        assert.is_truthy(output:find("run returned", 1, true), output)
        assert.is_falsy(output:find("never", 1, true))

    end)
end)

describe("§2 the current fiber", function()
    helper.install()

    it("is a property of the scheduler: code in a coroutine acts on the fiber that resumed it",
        helper.fiber(function()
            this_fiber.local_.name = "main"
            local function names()
                while true do
                    coroutine.yield(this_fiber.local_.name, this_fiber.id, this_fiber.is_main)
                end
            end
            local co = coroutine.create(names)
            local _, name, id, is_main = coroutine.resume(co)
            assert.are.same({ "main", this_fiber.id, true }, { name, id, is_main })
            local f = spawn(function()
                this_fiber.local_.name = "spawned"
                local _, inner, inner_id, inner_main = coroutine.resume(co)
                assert.are.same({ "spawned", this_fiber.id, false }, { inner, inner_id, inner_main })
            end)
            f:join()
            assert.are.equal("main", select(2, coroutine.resume(co)))
        end))

    it("the interruption counter belongs to the fiber", helper.fiber(function()
        local reached = false
        local f
        f = spawn(function()
            coroutine.wrap(function()
                this_fiber.disable_interruption()
            end)()
            f:interrupt()
            this_fiber.yield()
            reached = true
            coroutine.wrap(function()
                this_fiber.restore_interruption()
                this_fiber.yield()
                reached = "too far"
            end)()
        end)
        f:join()
        assert.is_true(reached)
        assert.is_true(f.interruption_caught)
    end))

    it("the suspend counter belongs to the fiber", helper.fiber(function()
        local co = coroutine.create(function()
            this_fiber.forbid_suspend()
        end)
        assert.is_true(coroutine.resume(co))
        helper.raises("emilua.core", "forbid_suspend_block", this_fiber.yield)
        local f = spawn(function() this_fiber.yield() end)
        this_fiber.allow_suspend()
        f:join()
    end))

    it("lock ownership belongs to the fiber", helper.fiber(function()
        local m = recursive_mutex.new()
        coroutine.wrap(function() m:lock() end)()
        assert.is_true(m:try_lock())
        m:unlock()
        m:unlock()
        local co = coroutine.create(function()
            m:lock()
            coroutine.yield()
            m:unlock()
        end)
        coroutine.resume(co)
        local f = spawn(function()
            local ok, e = coroutine.resume(co)
            assert.is_false(ok)
            helper.is_error(e, "generic", "EPERM")
        end)
        f:join()
        m:unlock()
    end))
end)
