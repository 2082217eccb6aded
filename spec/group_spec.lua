-- emilua.group: fibers that end before the function that began them does.

local helper = require "spec.helper"

local emilua = require "emilua"
local future = require "emilua.future"
local mutex = require "emilua.mutex"
local time = require "emilua.time"

local fiber, raises, pack = helper.fiber, helper.raises, helper.pack
local group, spawn, this_fiber, timeout = emilua.group, emilua.spawn, emilua.this_fiber, emilua.timeout

local FOREVER = 3600

-- Waits for ever; what happens then is noted in `list`.
local function waiter(list, name)
    return function()
        emilua.scope_cleanup_push(function() list[#list + 1] = name end)
        time.sleep(FOREVER)
    end
end

describe("group", function()
    helper.install()

    it("returns the values of the body", fiber(function()
        assert.same(pack(1, nil, nil), pack(group(function() return 1, nil, nil end)))
        assert.same(pack(), pack(group(function() end)))
    end))

    it("returns when all children have ended, in any order", fiber(function()
        local ended = {}
        local value = group(function(g)
            for i = 1, 5 do
                g:spawn(function()
                    time.sleep((5 - i) * 0.001)
                    ended[#ended + 1] = i
                end)
            end
            return "value"
        end)
        assert.equal("value", value)
        assert.equal(5, #ended)
    end))

    it("does not switch to another fiber if nothing in it suspends and nothing is spawned", fiber(function()
        local run = false
        local other = spawn(function() run = true end)
        group(function() end)
        assert.is_false(run)
        other:join()
    end))

    it("the body has the caller's local_, id and is_main, and is a scope", fiber(function()
        local id, seen = this_fiber.id, false
        this_fiber.local_.x = 1
        group(function()
            assert.same({ id, 1, true }, { this_fiber.id, this_fiber.local_.x, this_fiber.is_main })
            emilua.scope_cleanup_push(function() seen = true end)
        end)
        assert.is_true(seen)
    end))

    it("groups nest", fiber(function()
        local n = 0
        group(function(g)
            for _ = 1, 3 do
                g:spawn(group, function(h)
                    for _ = 1, 3 do h:spawn(function() n = n + 1 end) end
                end)
            end
        end)
        assert.equal(9, n)
    end))

    describe("g:spawn", function()
        it("passes the arguments", fiber(function()
            local got = {}
            group(function(g)
                g:spawn(function(...) got[1] = pack(...) end)
                g:spawn(function(...) got[2] = pack(...) end, nil)
                g:spawn(function(...) got[3] = pack(...) end, 1, nil, 3, nil)
            end)
            assert.same({ pack(), pack(nil), pack(1, nil, 3, nil) }, got)
        end))

        it("appends a fiber of its own to the queue", fiber(function()
            local id, order = this_fiber.id, {}
            group(function(g)
                g:spawn(function()
                    order[#order + 1] = "child"
                    assert.is_true(this_fiber.id ~= id)
                    assert.is_false(this_fiber.is_main)
                end)
                order[#order + 1] = "body"
            end)
            assert.same({ "body", "child" }, order)
        end))

        it("returns a handle that can be joined", fiber(function()
            assert.equal(5, group(function(g)
                local a, b = g:spawn(function() return 2 end), g:spawn(function()
                    time.sleep(0.001)
                    return 3
                end)
                assert.equal("fiber", getmetatable(a))
                assert.is_true(a.joinable)
                return a:join() + b:join()
            end))
        end))

        it("can be interrupted, which is no failure", fiber(function()
            local list, child = {}, nil
            group(function(g)
                child = g:spawn(waiter(list, "child"))
                this_fiber.yield()
                child:interrupt()
            end)
            child:join()
            assert.is_true(child.interruption_caught)
            assert.same({ "child" }, list)
        end))

        it("cannot be detached", fiber(function()
            group(function(g)
                local child = g:spawn(function() end)
                helper.EINVAL(function() child:detach() end, 1)
            end)
        end))

        it("works in children, also when the body has ended", fiber(function()
            local n = 0
            group(function(g)
                local function tree(depth)
                    n = n + 1
                    time.sleep(0)
                    if depth > 0 then
                        g:spawn(tree, depth - 1)
                        g:spawn(tree, depth - 1)
                    end
                end
                g:spawn(tree, 4)
            end)
            assert.equal(31, n)
        end))

        it("while the group is being interrupted begins an interrupted child", fiber(function()
            local began, went_on = false, false
            helper.EINVAL(function()
                group(function(g)
                    g:spawn(function()
                        emilua.scope_cleanup_push(function()
                            g:spawn(function()
                                began = true
                                this_fiber.yield()
                                went_on = true
                            end)
                        end)
                        time.sleep(FOREVER)
                    end)
                    this_fiber.yield()
                    error(require "emilua.generic_error".EINVAL)
                end)
            end)
            assert.is_true(began)
            assert.is_false(went_on)
        end))

        it("errors: EINVAL for self, a Lua argument error, EPERM after the end", fiber(function()
            local g
            group(function(h)
                g = h
                helper.EINVAL(function() h.spawn({}, function() end) end, 1)
                helper.argument_error(function() h:spawn() end, 2)
                helper.argument_error(function() h:spawn {} end, 2)
            end)
            assert.equal("string", type(helper.EPERM(function() g:spawn(function() end) end).detail))
            pcall(group, function(h)
                g = h
                error "failed"
            end)
            helper.EPERM(function() g:spawn(function() end) end)
        end))

        it("raises EPERM in another run than the group's", function()
            local g
            pcall(emilua.run, function()
                group(function(h)
                    g = h
                    future.new()
                    mutex.new():lock()
                    local m = mutex.new()
                    m:lock()
                    m:lock()
                end)
            end)
            helper.run(function() helper.EPERM(function() g:spawn(function() end) end) end)
            helper.EPERM(function() g:spawn(function() end) end)
        end)
    end)

    it("unknown fields of g are bad_index", fiber(function()
        group(function(g)
            assert.equal("group", getmetatable(g))
            helper.bad_index(function() return g.no_such_field end)
            helper.bad_index(function() g.field = 1 end)
        end)
    end))

    describe("an error", function()
        it("of a child interrupts the others and the body, waits for them, and is raised", fiber(function()
            local list, e = {}, {}
            local ok, raised = pcall(group, function(g)
                g:spawn(waiter(list, "a"))
                g:spawn(function()
                    time.sleep(0.001)
                    error(e)
                end)
                g:spawn(waiter(list, "b"))
                emilua.scope_cleanup_push(function() list[#list + 1] = "body" end)
                time.sleep(FOREVER)
            end)
            assert.is_false(ok)
            assert.equal(e, raised)
            table.sort(list)
            assert.same({ "a", "b", "body" }, list)
        end))

        it("of a child is raised also if the body has ended with values", fiber(function()
            assert.same({ false, "late" }, { pcall(group, function(g)
                g:spawn(function()
                    time.sleep(0.001)
                    error("late", 0)
                end)
                return "value"
            end) })
        end))

        it("of a child that the body joins interrupts the join", fiber(function()
            local seen
            assert.same({ false, "child" }, { pcall(group, function(g)
                local child = g:spawn(function() error("child", 0) end)
                local _
                _, seen = pcall(child.join, child)
                error(seen, 0)
            end) })
            helper.is_error(seen, "emilua.core", "interrupted")
        end))

        it("of the body interrupts the children and is raised", fiber(function()
            local list = {}
            assert.same({ false, "body" }, { pcall(group, function(g)
                for i = 1, 3 do g:spawn(waiter(list, i)) end
                this_fiber.yield()
                error("body", 0)
            end) })
            assert.same({ 1, 2, 3 }, list)
        end))

        it("waits for children that unwind slowly or cannot be interrupted", fiber(function()
            local m, locked = mutex.new(), false
            m:lock()
            assert.same({ false, "body" }, { pcall(group, function(g)
                g:spawn(function()
                    m:lock()
                    locked = true
                end)
                g:spawn(function()
                    emilua.scope_cleanup_push(function()
                        time.sleep(0.002)
                        m:unlock()
                    end)
                    time.sleep(FOREVER)
                end)
                this_fiber.yield()
                error("body", 0)
            end) })
            assert.is_true(locked)
        end))

        it("leaves the caller as it was", fiber(function()
            spawn(function()
                pcall(group, function(g)
                    g:spawn(error, "x")
                    time.sleep(FOREVER)
                end)
                this_fiber.yield()
                assert.is_true(pcall(time.sleep, 0))
            end):join()
        end))

        it("after the first is reported like one of a fiber that nobody joins", function()
            local output = helper.child [[
                local emilua, time = require "emilua", require "emilua.time"
                print(emilua.run(function()
                    return pcall(emilua.group, function(g)
                        g:spawn(function()
                            pcall(time.sleep, 60)
                            error("second", 0)
                        end)
                        emilua.this_fiber.yield()
                        error("first", 0)
                    end)
                end))
            ]]
            assert.truthy(output:find("panicked: 'second'\nstack traceback:\n\tinput.lua:6:", 1, true), output)
            assert.is_nil(output:find("panicked: 'first'", 1, true))
            assert.truthy(output:find("false\tfirst\n", 1, true))
        end)

        it("keeps its traceback, which goes on with that of the caller", function()
            local output = helper.child [[
                local emilua = require "emilua"
                local function broken() error("tag", 0) end
                pcall(emilua.run, function()
                    emilua.group(function(g) g:spawn(broken) end)
                    return
                end)
                print(emilua.traceback())
            ]]
            assert.equal("stack traceback:\n\tinput.lua:2: in function <input.lua:2>\n\tinput.lua:4: in function "
                .. "<input.lua:3>\n", output)
        end)
    end)

    describe("interrupting the owner", function()
        it("interrupts body and children, waits for them, and raises", fiber(function()
            local list = {}
            local owner = spawn(function()
                emilua.scope_cleanup_push(function() list[#list + 1] = "owner" end)
                group(function(g)
                    g:spawn(waiter(list, "a"))
                    g:spawn(waiter(list, "b"))
                    emilua.scope_cleanup_push(function() list[#list + 1] = "body" end)
                    time.sleep(FOREVER)
                end)
            end)
            helper.turns(3)
            owner:interrupt()
            owner:join()
            assert.is_true(owner.interruption_caught)
            assert.equal("owner", table.remove(list))
            table.sort(list)
            assert.same({ "a", "b", "body" }, list)
        end))

        it("also when the body has ended", fiber(function()
            local list = {}
            local owner = spawn(function() group(function(g) g:spawn(waiter(list, "child")) end) end)
            helper.turns(3)
            owner:interrupt()
            owner:join()
            assert.is_true(owner.interruption_caught)
            assert.same({ "child" }, list)
        end))

        it("raises another error that a child unwinds with", fiber(function()
            local owner = spawn(function()
                group(function(g)
                    g:spawn(function()
                        pcall(time.sleep, FOREVER)
                        error("broken", 0)
                    end)
                end)
            end)
            helper.turns(3)
            owner:interrupt()
            assert.same({ false, "broken" }, { pcall(owner.join, owner) })
        end))

        it("is not passed on while it has interruption disabled", fiber(function()
            local ended = false
            local owner = spawn(function()
                this_fiber.disable_interruption()
                group(function(g) g:spawn(function()
                    time.sleep(0.005)
                    ended = true
                end) end)
            end)
            helper.turns(3)
            owner:interrupt()
            owner:join()
            assert.is_true(ended)
        end))

        it("by a timeout around the group", fiber(function()
            local list = {}
            raises("generic", "ETIMEDOUT", function()
                timeout(0.001, group, function(g)
                    for i = 1, 3 do g:spawn(waiter(list, i)) end
                end)
            end)
            assert.same({ 1, 2, 3 }, list)
        end))
    end)

    it("that can never end is a deadlock, and the list says who waits", function()
        local ok, e = pcall(emilua.run, function()
            local m = mutex.new()
            m:lock()
            group(function(g)
                g:spawn(m.lock, m)
                g:spawn(m.lock, m)
            end)
        end)
        assert.is_false(ok)
        helper.is_error(e, "generic", "EDEADLK")
        assert.equal(3, #e.fibers)
        assert.equal("group of 2 fibers", e.fibers[1].waits_for)
    end)

    it("errors: a Lua argument error, EPERM outside of a run, forbid_suspend_block, interrupted", function()
        helper.argument_error(function() group() end, 1)
        helper.EPERM(function() group(function() end) end)
        helper.run(function()
            this_fiber.forbid_suspend()
            raises("emilua.core", "forbid_suspend_block", function() group(function() end) end)
            this_fiber.allow_suspend()
            local f = spawn(function() group(function() end) end)
            f:interrupt()
            f:join()
            assert.is_true(f.interruption_caught)
        end)
    end)
end)

describe("random nested timeouts and groups with interruptions", function()
    helper.install()

    local seed = tonumber(os.getenv "EMILUA_SEED") or os.time()

    -- A child, so that the reports of the errors after the first are not seen.
    it("leave nothing behind, seed " .. seed, function()
        local output, status = helper.child([[
            local emilua, mutex, time = require "emilua", require "emilua.mutex", require "emilua.time"
            local group, spawn, timeout = emilua.group, emilua.spawn, emilua.timeout
            local begun, ended

            local function check(ok, e)
                if ok or e == "failed" then return end
                local message = tostring(e)
                assert(message == "Fiber interrupted" or message == "Connection timed out", message)
            end

            local function work(depth, m)
                begun = begun + 1
                emilua.scope_cleanup_push(function()
                    if math.random(3) == 1 then time.sleep(0) end
                    ended = ended + 1
                end)
                local choice = math.random(depth > 0 and 9 or 5)
                if choice == 1 then
                    return
                elseif choice == 2 then
                    time.sleep(math.random() * 0.002)
                elseif choice == 3 then
                    emilua.this_fiber.yield()
                elseif choice == 4 then
                    m:lock()
                    emilua.scope_cleanup_push(function() m:unlock() end)
                    time.sleep(math.random() * 0.001)
                elseif choice == 5 then
                    if math.random(2) == 1 then error("failed", 0) end
                elseif choice == 6 then
                    timeout(math.random() * 0.002, work, depth - 1, m)
                elseif choice == 7 then
                    check(pcall(timeout, math.random() * 0.002, work, depth - 1, m))
                else
                    group(function(g)
                        for _ = 1, math.random(4) do
                            local child = g:spawn(work, depth - 1, m)
                            if math.random(4) == 1 then child:interrupt() end
                        end
                        if math.random(2) == 1 then time.sleep(math.random() * 0.001) end
                    end)
                end
            end

            math.randomseed(tonumber(arg[1]))
            for _ = 1, 50 do
                begun, ended = 0, 0
                emilua.run(function()
                    local m, fibers = mutex.new(), {}
                    for i = 1, 20 do fibers[i] = spawn(function() work(4, m) end) end
                    for _, f in ipairs(fibers) do
                        if math.random(3) == 1 then
                            time.sleep(math.random() * 0.0005)
                            f:interrupt()
                        end
                    end
                    for _, f in ipairs(fibers) do check(pcall(f.join, f)) end
                    assert(#emilua.fibers() == 1)
                    assert(m:try_lock())
                    assert(begun == ended)
                end, { leaks = "error" })
                assert(#emilua.fibers() == 0)
            end
            print "done"
        ]], { args = { seed }, env = { EMILUA_LOG_LEVELS = "0" } })
        assert.same({ "done\n", 0 }, { output, status })
    end)
end)
