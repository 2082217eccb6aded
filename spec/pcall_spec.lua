-- Core §7: pcall and xpcall.

local helper = require "spec.helper"
local emilua = require "emilua"
local time = require "emilua.time"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local push = emilua.scope_cleanup_push

local function handler(e)
    return e
end

-- pcall and xpcall with a message handler that changes nothing, called alike. The globals are those of the caller.
local calls = {
    pcall = function(f, ...) return pcall(f, ...) end,
    xpcall = function(f, ...) return xpcall(f, handler, ...) end,
}

for name, call in pairs(calls) do
    describe("§7 " .. name, function()
        helper.install()

        for place, wrap in pairs { ["in a fiber"] = helper.fiber, ["outside a run"] = function(f) return f end } do
            it("passes the extra arguments to f, in exact number, " .. place, wrap(function()
                local got
                call(function(...) got = helper.pack(...) end)
                assert.are.same({ n = 0 }, got)
                call(function(...) got = helper.pack(...) end, nil, 2, nil, nil)
                assert.are.same({ n = 4, nil, 2, nil, nil }, got)
            end))

            it("forwards results in exact number, nils included (§18 #3), " .. place, wrap(function()
                assert.are.same({ n = 1, true }, helper.pack(call(function() end)))
                assert.are.same({ n = 3, true, nil, 2 }, helper.pack(call(function() return nil, 2 end)))
                assert.are.same({ n = 4, true, nil, nil, nil },
                    helper.pack(call(function() return nil, nil, nil end)))
                local values = {}
                for i = 1, 200 do
                    values[i] = i
                end
                local got = helper.pack(call(function() return unpack(values) end))
                assert.are.equal(201, got.n)
                assert.are.equal(200, got[201])
            end))

            it("returns false and the error unchanged, " .. place, wrap(function()
                local value = {}
                local ok, e = call(error, value)
                assert.is_false(ok)
                assert.is_true(rawequal(value, e))
                assert.are.same({ n = 2, false, "tag" }, helper.pack(call(error, "tag", 0)))
                assert.are.same({ n = 2, false, nil }, helper.pack(call(error)))
                assert.are.same({ n = 2, false, false }, helper.pack(call(error, false)))
                assert.are.same({ n = 2, false, 42 }, helper.pack(call(error, 42, 0)))
            end))

            it("of a non-function gives false and a message, " .. place, wrap(function()
                local ok, e = call(nil)
                assert.is_false(ok)
                assert.is_truthy(tostring(e):find("attempt to call a nil value", 1, true))
                assert.is_false((call({})))
            end))

            it("calls a callable object, " .. place, wrap(function()
                local object = setmetatable({}, { __call = function(_, x) return x end })
                assert.are.same({ n = 2, true, 7 }, helper.pack(call(object, 7)))
            end))

            it("may be nested, " .. place, wrap(function()
                local function nest(n)
                    if n == 0 then
                        error("tag", 0)
                    end
                    local ok, e = call(nest, n - 1)
                    assert.is_false(ok)
                    error(e, 0)
                end
                assert.are.same({ n = 2, false, "tag" }, helper.pack(call(nest, 50)))
            end))

            it("catches a stack overflow, " .. place, wrap(function()
                local function deep(n)
                    return 1 + deep(n + 1)
                end
                local ok, e = call(deep, 1)
                assert.is_false(ok)
                assert.is_truthy(tostring(e):find("stack overflow", 1, true))
            end))
        end

        it("is an interruption point on entry only", helper.fiber(function()
            local called, after
            local f
            f = spawn(function()
                f:interrupt()
                call(function() called = true end)
                after = true
            end)
            f:join()
            assert.is_nil(called)
            assert.is_nil(after)
            assert.is_true(f.interruption_caught)
        end))

        it("after that never raises core.interrupted itself", helper.fiber(function()
            local f
            f = spawn(function()
                local ok, e = call(function()
                    f:interrupt()
                    this_fiber.yield()
                end)
                assert.is_false(ok)
                helper.is_error(e, "emilua.core", "interrupted")
                return "after"
            end)
            assert.are.equal("after", f:join())
        end))

        it("is a scope: handlers pushed by f run after f has ended and before the call returns",
            helper.fiber(function()
                local steps = {}
                call(function()
                    push(function() steps[#steps + 1] = "handler 1" end)
                    push(function() steps[#steps + 1] = "handler 2" end)
                    steps[#steps + 1] = "f"
                end)
                steps[#steps + 1] = "returned"
                assert.are.same({ "f", "handler 2", "handler 1", "returned" }, steps)
            end))

        it("is a scope: handlers run when f fails too, and may suspend", helper.fiber(function()
            local steps = {}
            local ok, e = call(function()
                push(function()
                    this_fiber.yield()
                    steps[#steps + 1] = "handler"
                end)
                error("tag", 0)
            end)
            assert.are.same({ "handler" }, steps)
            assert.are.same({ false, "tag" }, { ok, e })
        end))

        it("is a scope: f's handlers do not mix with the caller's", helper.fiber(function()
            push(function() end)
            call(function()
                helper.raises("emilua.core", "unmatched_scope_cleanup", emilua.scope_cleanup_pop)
            end)
            emilua.scope_cleanup_pop()
        end))

        it("handlers run with the interruption disabled", helper.fiber(function()
            local done = false
            local f
            f = spawn(function()
                call(function()
                    push(function()
                        this_fiber.yield()
                        done = true
                    end)
                    f:interrupt()
                end)
                this_fiber.yield()
            end)
            f:join()
            assert.is_true(done)
            assert.is_true(f.interruption_caught)
        end))

        it("f may suspend the fiber freely inside", helper.fiber(function()
            local results = helper.pack(call(function(a)
                this_fiber.yield()
                time.sleep(0.001)
                local _, b = call(function()
                    this_fiber.yield()
                    return "b"
                end)
                return a, b, nil
            end, "a"))
            assert.are.same({ n = 4, true, "a", "b", nil }, results)
        end))

        it("an error after a suspension is caught", helper.fiber(function()
            assert.are.same({ n = 2, false, "tag" }, helper.pack(call(function()
                this_fiber.yield()
                error("tag", 0)
            end)))
        end))

        it("works inside a coroutine, across coroutine.yield", helper.fiber(function()
            local co = coroutine.wrap(function()
                return call(function()
                    local x = coroutine.yield("yielded")
                    this_fiber.yield()
                    error(x, 0)
                end)
            end)
            assert.are.equal("yielded", co())
            assert.are.same({ n = 2, false, "x" }, helper.pack(co("x")))
        end))

        it("works inside a coroutine outside a run, across coroutine.yield", function()
            local co = coroutine.wrap(function()
                return call(function()
                    error(coroutine.yield("yielded"), 0)
                end)
            end)
            assert.are.equal("yielded", co())
            assert.are.same({ n = 2, false, "x" }, helper.pack(co("x")))
        end)
    end)
end

describe("§7 pcall", function()
    helper.install()

    it("without arguments is the stock argument error", helper.fiber(function()
        local f = coroutine.wrap(function() pcall() end)
        local ok, e = pcall(f)
        assert.is_false(ok)
        assert.is_truthy(tostring(e):find("bad argument #1 to '", 1, true), tostring(e))
    end))

    it("the error message has the stock position", helper.fiber(function()
        local line = debug.getinfo(1, "l").currentline + 1
        local _, e = pcall(function() error("tag") end)
        assert.is_truthy(e:find("pcall_spec.lua:" .. line .. ": tag", 1, true), e)
    end))
end)

describe("§7 xpcall", function()
    helper.install()

    it("order: message handler at the throw point, unwinding, cleanup handlers, return", helper.fiber(function()
        local steps = {}
        local ok, e = xpcall(function()
            push(function() steps[#steps + 1] = "cleanup 1" end)
            push(function() steps[#steps + 1] = "cleanup 2" end)
            error("tag", 0)
        end, function(message)
            steps[#steps + 1] = "message handler"
            return "handled " .. message
        end)
        steps[#steps + 1] = "returned"
        assert.are.same({ "message handler", "cleanup 2", "cleanup 1", "returned" }, steps)
        assert.are.same({ false, "handled tag" }, { ok, e })
    end))

    it("the message handler sees the stack of the throw point", helper.fiber(function()
        local function thrower()
            error("tag", 0)
        end
        local _, trace = xpcall(function()
            thrower()
            return 1
        end, debug.traceback)
        assert.is_truthy(trace:find("in function 'thrower'", 1, true), trace)
    end))

    it("the message handler sees the stack also after a suspension", helper.fiber(function()
        local function thrower()
            this_fiber.yield()
            error("tag", 0)
        end
        local _, trace = xpcall(function()
            thrower()
            return 1
        end, debug.traceback)
        assert.is_truthy(trace:find("in function 'thrower'", 1, true), trace)
    end))

    it("the message handler is not called without an error", helper.fiber(function()
        local called = false
        assert.is_true(xpcall(function() this_fiber.yield() end, function() called = true end))
        assert.is_false(called)
    end))

    it("an error in the message handler gives false, as stock", helper.fiber(function()
        local ok = xpcall(error, function() error("again", 0) end, "tag")
        assert.is_false(ok)
    end))

    it("returns only the first result of the message handler", helper.fiber(function()
        assert.are.same({ n = 2, false, 1 }, helper.pack(xpcall(error, function() return 1, 2 end, "tag")))
    end))
end)
