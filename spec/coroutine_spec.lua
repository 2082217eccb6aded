-- Core §8: user coroutines inside fibers.

local helper = require "spec.helper"
local emilua = require "emilua"
local future = require "emilua.future"
local time = require "emilua.time"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local push = emilua.scope_cleanup_push

describe("§8 coroutine.create(f)", function()
    helper.install()

    it("returns a suspended thread", helper.fiber(function()
        local co = coroutine.create(function() end)
        assert.are.equal("thread", type(co))
        assert.are.equal("suspended", coroutine.status(co))
    end))

    it("the body runs in a fresh root scope of its own", helper.fiber(function()
        push(function() end)
        local ok, e = coroutine.resume(coroutine.create(emilua.scope_cleanup_pop))
        assert.is_false(ok)
        helper.is_error(e, "emilua.core", "unmatched_scope_cleanup")
        emilua.scope_cleanup_pop()
    end))

    it("a non-function is the stock arg error", helper.fiber(function()
        helper.argument_error(function() coroutine.create() end, 1)
        helper.argument_error(function() coroutine.create({}) end, 1)
    end))

    it("takes a C function", helper.fiber(function()
        assert.are.same({ n = 2, true, 3 }, helper.pack(coroutine.resume(coroutine.create(math.max), 1, 3)))
    end))
end)

describe("§8 coroutine.resume(co, ...)", function()
    helper.install()

    it("raises core.interrupted on entry", helper.fiber(function()
        local ran = false
        local f
        f = spawn(function()
            f:interrupt()
            coroutine.resume(coroutine.create(function() ran = true end))
            ran = true
        end)
        f:join()
        assert.is_false(ran)
        assert.is_true(f.interruption_caught)
    end))

    it("checks the interruption before a busy coroutine", helper.fiber(function()
        local p, value = future.new()
        local co = coroutine.create(function() value:get() end)
        local holder = spawn(function() coroutine.resume(co) end)
        this_fiber.yield()
        local f
        f = spawn(function()
            f:interrupt()
            coroutine.resume(co)
        end)
        f:join()
        assert.is_true(f.interruption_caught)
        p:set_value(1)
        holder:join()
    end))

    it("of a busy coroutine raises EPERM, without arg, instead of returning false (§19 #22)", helper.fiber(function()
        local p, value = future.new()
        local co = coroutine.create(function() return value:get() end)
        assert.are.equal("suspended", coroutine.status(co))
        local results
        local holder = spawn(function() results = helper.pack(coroutine.resume(co)) end)
        this_fiber.yield()
        helper.EPERM(function() coroutine.resume(co) end)
        helper.EPERM(function() coroutine.wrap(function() coroutine.resume(co) end)() end)
        p:set_value("value")
        holder:join()
        assert.are.same({ n = 2, true, "value" }, results)
    end))

    it("then as stock: true and the values, false and the error", helper.fiber(function()
        assert.are.same({ n = 3, true, 1, 2 },
            helper.pack(coroutine.resume(coroutine.create(function() return 1, 2 end))))
        assert.are.same({ n = 2, false, "tag" },
            helper.pack(coroutine.resume(coroutine.create(function() error("tag", 0) end))))
        local value = {}
        local _, e = coroutine.resume(coroutine.create(error), value)
        assert.is_true(rawequal(value, e))
        assert.are.same({ n = 2, false, nil }, helper.pack(coroutine.resume(coroutine.create(error))))
    end))

    it("of a dead coroutine gives false, cannot resume dead coroutine", helper.fiber(function()
        local co = coroutine.create(function() end)
        coroutine.resume(co)
        for _ = 1, 2 do
            assert.are.same({ n = 2, false, "cannot resume dead coroutine" }, helper.pack(coroutine.resume(co)))
        end
        co = coroutine.create(error)
        coroutine.resume(co, "tag")
        assert.are.same({ n = 2, false, "cannot resume dead coroutine" }, helper.pack(coroutine.resume(co)))
    end))

    it("of the running coroutine gives false", helper.fiber(function()
        local co
        co = coroutine.create(function()
            return coroutine.resume(co)
        end)
        local ok, inner, message = coroutine.resume(co)
        assert.is_true(ok)
        assert.is_false(inner)
        assert.are.equal("cannot resume running coroutine", message)
    end))

    it("of a non-coroutine is the stock arg error", helper.fiber(function()
        helper.argument_error(function() coroutine.resume() end, 1)
        helper.argument_error(function() coroutine.resume(function() end) end, 1)
    end))

    it("a suspending call inside suspends the whole fiber; the resumer does not see it", helper.fiber(function()
        local steps = {}
        local f = spawn(function()
            local co = coroutine.create(function()
                steps[#steps + 1] = "before"
                this_fiber.yield()
                time.sleep(0.001)
                steps[#steps + 1] = "after"
                return "value"
            end)
            local results = helper.pack(coroutine.resume(co))
            assert.are.same({ n = 2, true, "value" }, results)
            steps[#steps + 1] = "resumed"
        end)
        this_fiber.yield()
        steps[#steps + 1] = "main"
        f:join()
        assert.are.same({ "before", "main", "after", "resumed" }, steps)
    end))

    it("returns only on coroutine.yield, end or error", helper.fiber(function()
        local co = coroutine.create(function(a)
            this_fiber.yield()
            local b = coroutine.yield(a .. "1")
            this_fiber.yield()
            local c = coroutine.yield(b .. "2")
            this_fiber.yield()
            error(c .. "3", 0)
        end)
        assert.are.same({ n = 2, true, "a1" }, helper.pack(coroutine.resume(co, "a")))
        assert.are.same({ n = 2, true, "b2" }, helper.pack(coroutine.resume(co, "b")))
        assert.are.same({ n = 2, false, "c3" }, helper.pack(coroutine.resume(co, "c")))
    end))

    it("suspends through nested coroutines", helper.fiber(function()
        local function nest(n)
            if n == 0 then
                this_fiber.yield()
                return coroutine.yield("bottom")
            end
            local co = coroutine.create(nest)
            local _, x = coroutine.resume(co, n - 1)
            assert.are.equal("bottom", x)
            local _, y = coroutine.resume(co, coroutine.yield(x))
            this_fiber.yield()
            return y
        end
        local co = coroutine.create(nest)
        assert.are.same({ n = 2, true, "bottom" }, helper.pack(coroutine.resume(co, 10)))
        assert.are.same({ n = 2, true, "value" }, helper.pack(coroutine.resume(co, "value")))
    end))

    it("works inside a forbid-suspend block as long as nothing suspends", helper.fiber(function()
        this_fiber.forbid_suspend()
        local co = coroutine.create(function()
            coroutine.yield(1)
            this_fiber.yield()
        end)
        assert.are.same({ n = 2, true, 1 }, helper.pack(coroutine.resume(co)))
        local ok, e = coroutine.resume(co)
        this_fiber.allow_suspend()
        assert.is_false(ok)
        helper.is_error(e, "emilua.core", "forbid_suspend_block")
    end))

    it("the end of a coroutine leaves the fiber's interruption counter alone (§18 #4)", helper.fiber(function()
        local f
        f = spawn(function()
            coroutine.resume(coroutine.create(function() end))
            coroutine.wrap(function() push(function() end) end)()
            coroutine.resume(coroutine.create(error), "tag")
            f:interrupt()
            this_fiber.yield()
        end)
        f:join()
        assert.is_true(f.interruption_caught)
        helper.raises("emilua.core", "interruption_already_allowed", this_fiber.restore_interruption)
    end))
end)

describe("§8 coroutine.wrap(f)", function()
    helper.install()

    it("returns a function that resumes", helper.fiber(function()
        local call = coroutine.wrap(function(a)
            local b = coroutine.yield(a + 1)
            return b + 1
        end)
        assert.are.equal(2, call(1))
        assert.are.equal(11, call(10))
    end))

    it("the returned function is an interruption point", helper.fiber(function()
        local ran = false
        local f
        f = spawn(function()
            local call = coroutine.wrap(function() ran = true end)
            f:interrupt()
            call()
        end)
        f:join()
        assert.is_false(ran)
        assert.is_true(f.interruption_caught)
    end))

    it("suspends the fiber when the body suspends", helper.fiber(function()
        local steps = {}
        local f = spawn(function()
            coroutine.wrap(function()
                this_fiber.yield()
                steps[#steps + 1] = "body"
            end)()
            steps[#steps + 1] = "after"
        end)
        this_fiber.yield()
        steps[#steps + 1] = "main"
        f:join()
        assert.are.same({ "main", "body", "after" }, steps)
    end))

    it("errors of the body are re-raised unchanged, without position", helper.fiber(function()
        assert.are.same({ n = 2, false, "tag" },
            helper.pack(pcall(coroutine.wrap(function() error("tag", 0) end))))
        local value = {}
        local _, e = pcall(coroutine.wrap(function() error(value) end))
        assert.is_true(rawequal(value, e))
        assert.are.same({ n = 2, false, "tag" }, helper.pack(pcall(coroutine.wrap(function()
            this_fiber.yield()
            error("tag", 0)
        end))))
    end))

    it("a finished one raises cannot resume dead coroutine", helper.fiber(function()
        local call = coroutine.wrap(function() end)
        call()
        local ok, e = pcall(call)
        assert.is_false(ok)
        assert.is_truthy(tostring(e):find("cannot resume dead coroutine", 1, true), tostring(e))
    end))

    it("of a busy coroutine is EPERM", helper.fiber(function()
        local p, value = future.new()
        local call = coroutine.wrap(function() return value:get() end)
        local holder = spawn(call)
        this_fiber.yield()
        helper.EPERM(call)
        p:set_value("value")
        assert.are.equal("value", holder:join())
    end))

    it("serves as an iterator that suspends", helper.fiber(function()
        local sum = 0
        for i in coroutine.wrap(function()
            for i = 1, 5 do
                this_fiber.yield()
                coroutine.yield(i)
            end
        end) do
            sum = sum + i
        end
        assert.are.equal(15, sum)
    end))

    it("a non-function is the stock arg error", helper.fiber(function()
        helper.argument_error(function() coroutine.wrap() end, 1)
        helper.argument_error(function() coroutine.wrap("text") end, 1)
    end))
end)

describe("§8 coroutine.yield(...)", function()
    helper.install()

    it("directly in the main fiber raises bad_coroutine (§19 #24)", helper.fiber(function()
        local e = helper.raises("emilua.core", "bad_coroutine", coroutine.yield)
        assert.are.equal("The fiber coroutine is reserved to the scheduler", tostring(e))
        helper.raises("emilua.core", "bad_coroutine", function() coroutine.yield(1, 2) end)
    end))

    it("directly in a spawned fiber raises bad_coroutine", helper.fiber(function()
        spawn(function()
            helper.raises("emilua.core", "bad_coroutine", coroutine.yield)
            this_fiber.yield()
            helper.raises("emilua.core", "bad_coroutine", coroutine.yield)
        end):join()
    end))

    it("in a scope, a pcall or a cleanup handler of a fiber raises bad_coroutine", helper.fiber(function()
        emilua.scope(function()
            push(function() helper.raises("emilua.core", "bad_coroutine", coroutine.yield) end)
            helper.raises("emilua.core", "bad_coroutine", coroutine.yield)
        end)
    end))

    it("inside a coroutine hands values over unchanged, in exact number", helper.fiber(function()
        local inside
        local co = coroutine.create(function(...)
            inside = helper.pack(...)
            inside = helper.pack(coroutine.yield(nil, 2, nil))
            inside = helper.pack(coroutine.yield())
            return nil, nil
        end)
        local value = {}
        assert.are.same({ n = 4, true, nil, 2, nil }, helper.pack(coroutine.resume(co, nil, value, nil)))
        assert.are.equal(3, inside.n)
        assert.is_true(rawequal(value, inside[2]))
        assert.are.same({ n = 1, true }, helper.pack(coroutine.resume(co, nil, nil)))
        assert.are.same({ n = 2 }, inside)
        assert.are.same({ n = 3, true, nil, nil }, helper.pack(coroutine.resume(co)))
        assert.are.same({ n = 0 }, inside)
    end))

    it("through wrap hands values over in exact number", helper.fiber(function()
        local call = coroutine.wrap(function(...)
            local got = helper.pack(coroutine.yield(select("#", ...), nil, nil))
            return got.n, nil
        end)
        assert.are.same({ n = 3, 2, nil, nil }, helper.pack(call(nil, nil)))
        assert.are.same({ n = 2, 3, nil }, helper.pack(call(nil, nil, nil)))
    end))

    it("works from a pcall inside the coroutine", helper.fiber(function()
        local call = coroutine.wrap(function()
            return pcall(function() return coroutine.yield("out") end)
        end)
        assert.are.equal("out", call())
        assert.are.same({ n = 2, true, "in" }, helper.pack(call("in")))
    end))

    it("is no suspension of the fiber: other fibers do not run", helper.fiber(function()
        local ran = false
        local f = spawn(function() ran = true end)
        local call = coroutine.wrap(function()
            while true do
                coroutine.yield()
            end
        end)
        for _ = 1, 100 do
            call()
        end
        assert.is_false(ran)
        f:join()
    end))
end)

describe("§8 coroutine.running()", function()
    helper.install()

    it("is nil when called directly in any fiber (§19 #23)", helper.fiber(function()
        assert.is_nil((coroutine.running()))
        spawn(function()
            assert.is_nil((coroutine.running()))
            this_fiber.yield()
            assert.is_nil((coroutine.running()))
            pcall(function() assert.is_nil((coroutine.running())) end)
        end):join()
    end))

    it("is the thread inside a user coroutine", helper.fiber(function()
        local co
        co = coroutine.create(function()
            assert.is_true(rawequal(co, (coroutine.running())))
            this_fiber.yield()
            assert.is_true(rawequal(co, (coroutine.running())))
            coroutine.yield()
            assert.is_true(rawequal(co, (coroutine.running())))
        end)
        assert.are.same({ true, nil }, { coroutine.resume(co) })
        spawn(function()
            assert.are.same({ true, nil }, { coroutine.resume(co) })
        end):join()
        local inner
        coroutine.wrap(function() inner = coroutine.running() end)()
        assert.are.equal("thread", type(inner))
    end))
end)

describe("§8 coroutine.status(co)", function()
    helper.install()

    it("of a busy coroutine is normal (§19 #22)", helper.fiber(function()
        local p, value = future.new()
        local co = coroutine.create(function() value:get() end)
        assert.are.equal("suspended", coroutine.status(co))
        local holder = spawn(function() coroutine.resume(co) end)
        this_fiber.yield()
        assert.are.equal("normal", coroutine.status(co))
        p:set_value(1)
        holder:join()
        assert.are.equal("dead", coroutine.status(co))
    end))

    it("of a coroutine in which a coroutine's fiber is suspended is normal", helper.fiber(function()
        local p, value = future.new()
        local outer
        local inner = coroutine.create(function() value:get() end)
        outer = coroutine.create(function() coroutine.resume(inner) end)
        local holder = spawn(function() coroutine.resume(outer) end)
        this_fiber.yield()
        assert.are.equal("normal", coroutine.status(outer))
        assert.are.equal("normal", coroutine.status(inner))
        helper.EPERM(function() coroutine.resume(outer) end)
        helper.EPERM(function() coroutine.resume(inner) end)
        p:set_value(1)
        holder:join()
        assert.are.equal("dead", coroutine.status(outer))
        assert.are.equal("dead", coroutine.status(inner))
    end))

    it("else is as stock", helper.fiber(function()
        local outer, inner
        inner = coroutine.create(function()
            assert.are.equal("running", coroutine.status(inner))
            assert.are.equal("normal", coroutine.status(outer))
            coroutine.yield()
        end)
        outer = coroutine.create(function()
            assert.are.equal("running", coroutine.status(outer))
            assert(coroutine.resume(inner))
            assert.are.equal("suspended", coroutine.status(inner))
            this_fiber.yield()
            assert.are.equal("running", coroutine.status(outer))
        end)
        assert.are.equal("suspended", coroutine.status(outer))
        assert(coroutine.resume(outer))
        assert.are.equal("dead", coroutine.status(outer))
        assert.are.equal("suspended", coroutine.status(inner))
    end))

    it("of a non-coroutine is the stock arg error", helper.fiber(function()
        helper.argument_error(function() coroutine.status() end, 1)
        helper.argument_error(function() coroutine.status(1) end, 1)
    end))

    it("drives a loop to its end (§19 #20)", helper.fiber(function()
        local co = coroutine.create(function()
            for i = 1, 3 do
                coroutine.yield(i)
            end
        end)
        local seen = {}
        while coroutine.status(co) ~= "dead" do
            local _, i = coroutine.resume(co)
            seen[#seen + 1] = i
        end
        assert.are.same({ 1, 2, 3 }, seen)
    end))
end)

describe("§8 a coroutine", function()
    helper.install()

    it("may be created in one fiber and resumed in others", helper.fiber(function()
        local co = coroutine.create(function()
            while true do
                this_fiber.yield()
                coroutine.yield(this_fiber.id)
            end
        end)
        local seen = {}
        for _ = 1, 3 do
            spawn(function()
                local _, id = coroutine.resume(co)
                assert.are.equal(this_fiber.id, id)
                seen[#seen + 1] = id
            end):join()
        end
        assert.are.equal(3, #seen)
    end))

    it("may be created outside a run and resumed inside, and the other way round", function()
        local co = coroutine.create(function()
            for i = 1, 4 do
                coroutine.yield(i)
            end
        end)
        assert.are.same({ true, 1 }, { coroutine.resume(co) })
        helper.run(function()
            assert.are.same({ true, 2 }, { coroutine.resume(co) })
        end)
        assert.are.same({ true, 3 }, { coroutine.resume(co) })
        local other
        helper.run(function()
            other = coroutine.wrap(function()
                this_fiber.yield()
                coroutine.yield("inside")
                return "outside"
            end)
            assert.are.equal("inside", other())
        end)
        assert.are.equal("outside", other())
    end)

    it("an error in the body: its handlers run first, in reverse, interruption disabled, then resume returns",
        helper.fiber(function()
            local steps = {}
            local f
            f = spawn(function()
                local co = coroutine.create(function()
                    push(function()
                        this_fiber.yield()
                        steps[#steps + 1] = "1"
                    end)
                    push(function()
                        f:interrupt()
                        this_fiber.yield()
                        steps[#steps + 1] = "2"
                    end)
                    error("tag", 0)
                end)
                local ok, e = coroutine.resume(co)
                steps[#steps + 1] = tostring(ok) .. e
            end)
            f:join()
            assert.are.same({ "2", "1", "falsetag" }, steps)
        end))

    it("may be collected while suspended", helper.fiber(function()
        for _ = 1, 1000 do
            local co = coroutine.create(function() coroutine.yield() end)
            coroutine.resume(co)
        end
        collectgarbage()
    end))

    it("behaves as stock outside fibers", function()
        local co = coroutine.create(function(...)
            return select("#", coroutine.yield(...)), nil
        end)
        assert.are.same({ n = 3, true, nil, nil }, helper.pack(coroutine.resume(co, nil, nil)))
        assert.are.same({ n = 3, true, 2, nil }, helper.pack(coroutine.resume(co, nil, nil)))
        assert.are.equal("dead", coroutine.status(co))
        assert.are.same({ n = 2, false, "cannot resume dead coroutine" }, helper.pack(coroutine.resume(co)))
        local call = coroutine.wrap(function() error("tag", 0) end)
        assert.are.same({ n = 2, false, "tag" }, helper.pack(pcall(call)))
        local _, e = pcall(coroutine.yield)
        assert.is_truthy(tostring(e):find("attempt to yield across C-call boundary", 1, true) or
            tostring(e):find("outside a coroutine", 1, true), tostring(e))
        co = coroutine.create(function() return (coroutine.running()) end)
        assert.is_true(rawequal(co, select(2, coroutine.resume(co))))
    end)
end)
