-- Core §6: scopes and cleanup handlers.

local helper = require "spec.helper"
local emilua = require "emilua"
local mutex = require "emilua.mutex"
local time = require "emilua.time"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local scope, push, pop = emilua.scope, emilua.scope_cleanup_push, emilua.scope_cleanup_pop

-- A list of what happened; `later(x)` is a function that adds x.
local function journal()
    local entries = {}
    local function note(entry)
        entries[#entries + 1] = tostring(entry)
    end
    local function later(entry)
        return function() note(entry) end
    end
    return note, later, function() return table.concat(entries, " ") end
end

describe("§6 scope(f)", function()
    helper.install()

    it("calls f without arguments", helper.fiber(function()
        local count
        scope(function(...) count = select("#", ...) end, 1, 2)
        assert.are.equal(0, count)
    end))

    it("returns nothing, whatever f returns", helper.fiber(function()
        assert.are.equal(0, select("#", scope(function() return 1, 2 end)))
    end))

    it("re-raises f's error unchanged, position not added", helper.fiber(function()
        local value = {}
        local _, e = pcall(scope, function() error(value) end)
        assert.is_true(rawequal(value, e))
        assert.are.same({ n = 2, false, "tag" }, helper.pack(pcall(scope, function() error("tag", 0) end)))
        assert.are.same({ n = 2, false, nil }, helper.pack(pcall(scope, function() error(nil) end)))
        assert.are.same({ n = 2, false, false }, helper.pack(pcall(scope, function() error(false) end)))
    end))

    it("runs the handlers before the next statement (§19 #16)", helper.fiber(function()
        local note, later, text = journal()
        scope(function()
            push(later "handler")
            note "body"
        end)
        note "next"
        assert.are.equal("body handler next", text())
    end))

    it("runs the handlers when the body fails, before the error goes on", helper.fiber(function()
        local note, later, text = journal()
        local ok, e = pcall(function()
            scope(function()
                push(later "handler")
                error("tag", 0)
            end)
        end)
        note(ok)
        note(e)
        assert.are.equal("handler false tag", text())
    end))

    it("runs inner handlers before the statement after the inner scope()", helper.fiber(function()
        local note, later, text = journal()
        scope(function()
            push(later "outer")
            scope(function()
                push(later "inner")
                note "body"
            end)
            note "after inner"
        end)
        assert.are.equal("body inner after inner outer", text())
    end))

    it("f may suspend", helper.fiber(function()
        local note, later, text = journal()
        scope(function()
            push(later "handler")
            this_fiber.yield()
            time.sleep(0)
            note "body"
        end)
        assert.are.equal("body handler", text())
    end))

    it("of two fibers are independent", helper.fiber(function()
        local note, later, text = journal()
        local function body(name)
            return function()
                scope(function()
                    push(later(name))
                    this_fiber.yield()
                    note(name:upper())
                end)
            end
        end
        local a, b = spawn(body "a"), spawn(body "b")
        a:join()
        b:join()
        assert.are.equal("A a B b", text())
    end))

    it("may be nested deeply", helper.fiber(function()
        local count = 0
        local function nest(n)
            if n > 0 then
                scope(function()
                    push(function() count = count + 1 end)
                    nest(n - 1)
                end)
            end
        end
        nest(50)
        assert.are.equal(50, count)
    end))
end)

describe("§6 scope_cleanup_push(h)", function()
    helper.install()

    it("returns nothing", helper.fiber(function()
        assert.are.equal(0, select("#", push(function() end)))
    end))

    it("not a function: EINVAL", helper.fiber(function()
        helper.EINVAL(function() push() end)
        for _, value in ipairs { false, 1, "text", {}, setmetatable({}, { __call = function() end }) } do
            helper.EINVAL(function() push(value) end)
        end
    end))

    it("adds to the innermost scope", helper.fiber(function()
        local note, later, text = journal()
        scope(function()
            push(later "outer")
            scope(function()
                push(later "inner 1")
                push(later "inner 2")
            end)
            push(later "outer 2")
            note "end"
        end)
        assert.are.equal("inner 2 inner 1 end outer 2 outer", text())
    end))

    it("the same function may be pushed several times", helper.fiber(function()
        local count = 0
        local function h()
            count = count + 1
        end
        scope(function()
            push(h)
            push(h)
            push(h)
        end)
        assert.are.equal(3, count)
    end))

    it("10,000 handlers run in reverse order", helper.fiber(function()
        local last = 10001
        scope(function()
            for i = 1, 10000 do
                push(function()
                    assert(last == i + 1)
                    last = i
                end)
            end
        end)
        assert.are.equal(1, last)
    end))
end)

describe("§6 scope_cleanup_pop([execute])", function()
    helper.install()

    it("removes the last handler and calls it", helper.fiber(function()
        local note, later, text = journal()
        scope(function()
            push(later "a")
            push(later "b")
            pop()
            note "x"
        end)
        assert.are.equal("b x a", text())
    end))

    it("does not call it if execute == false; nil and other values mean true", helper.fiber(function()
        local _, later, text = journal()
        scope(function()
            for i = 1, 5 do
                push(later(i))
            end
            pop(false)
            pop(nil)
            pop(true)
            pop(0)
            pop()
        end)
        assert.are.equal("4 3 2 1", text())
    end))

    it("returns nothing", helper.fiber(function()
        push(function() return 1 end)
        push(function() return 1 end)
        assert.are.equal(0, select("#", pop()))
        assert.are.equal(0, select("#", pop(false)))
    end))

    it("calls the handler without arguments", helper.fiber(function()
        local count
        push(function(...) count = select("#", ...) end)
        pop(true)
        assert.are.equal(0, count)
    end))

    it("with the innermost scope empty: unmatched_scope_cleanup", helper.fiber(function()
        helper.raises("emilua.core", "unmatched_scope_cleanup", pop)
        helper.raises("emilua.core", "unmatched_scope_cleanup", function() pop(false) end)
    end))

    it("does not touch handlers of outer scopes", helper.fiber(function()
        local ran = false
        scope(function()
            push(function() ran = true end)
            scope(function()
                helper.raises("emilua.core", "unmatched_scope_cleanup", pop)
            end)
            coroutine.wrap(function()
                helper.raises("emilua.core", "unmatched_scope_cleanup", pop)
            end)()
            assert.is_false(ran)
        end)
        assert.is_true(ran)
    end))

    it("may suspend in the handler", helper.fiber(function()
        local note, later, text = journal()
        local f = spawn(later "other")
        push(function()
            note "before"
            this_fiber.yield()
            note "after"
        end)
        pop()
        note "popped"
        f:join()
        assert.are.equal("before other after popped", text())
    end))

    it("runs the handler with the interruption counter raised", helper.fiber(function()
        local note, later, text = journal()
        local f
        f = spawn(function()
            push(function()
                this_fiber.yield()
                note "handler"
            end)
            push(later "dropped")
            f:interrupt()
            pop(false)
            pop()
            note "popped"
            this_fiber.yield()
            note "never"
        end)
        f:join()
        assert.are.equal("handler popped", text())
        assert.is_true(f.interruption_caught)
    end))
end)

describe("§6 leaving a scope", function()
    helper.install()

    it("raises the interruption counter while handlers run, and lowers it after", helper.fiber(function()
        local note, _, text = journal()
        local f
        f = spawn(function()
            scope(function()
                push(function()
                    f:interrupt()
                    this_fiber.yield()
                    time.sleep(0)
                    pcall(function() end)
                    note "handler"
                end)
            end)
            note "left"
            this_fiber.yield()
            note "never"
        end)
        f:join()
        assert.are.equal("handler left", text())
        assert.is_true(f.interruption_caught)
    end))

    it("handlers see the counter at one above what it was", helper.fiber(function()
        scope(function()
            push(function()
                this_fiber.restore_interruption()
                helper.raises("emilua.core", "interruption_already_allowed", this_fiber.restore_interruption)
                this_fiber.disable_interruption()
            end)
        end)
        helper.raises("emilua.core", "interruption_already_allowed", this_fiber.restore_interruption)
    end))

    it("handlers are called in reverse order, without arguments, results ignored", helper.fiber(function()
        local note, _, text = journal()
        scope(function()
            for i = 1, 3 do
                push(function(...)
                    note(i)
                    note(select("#", ...))
                    return i, "ignored"
                end)
            end
        end)
        assert.are.equal("3 0 2 0 1 0", text())
    end))

    it("handlers may suspend, after a normal end and after an error", helper.fiber(function()
        local note, _, text = journal()
        local function body(fail)
            scope(function()
                push(function()
                    this_fiber.yield()
                    note "handler"
                end)
                if fail then
                    error("tag", 0)
                end
            end)
        end
        body(false)
        note(select(2, pcall(body, true)))
        assert.are.equal("handler handler tag", text())
    end))

    it("handlers release a lock, whatever happens", helper.fiber(function()
        local m = mutex.new()
        for _, fail in ipairs { false, true } do
            pcall(scope, function()
                m:lock()
                push(function() m:unlock() end)
                if fail then
                    error("tag", 0)
                end
            end)
            assert.is_true(m:try_lock())
            m:unlock()
        end
    end))

    it("an error after a handler that uses pcall itself is still the body's", helper.fiber(function()
        local _, e = pcall(scope, function()
            push(function() pcall(error, "inner", 0) end)
            error("body", 0)
        end)
        assert.are.equal("body", e)
    end))

    it("the order example of the chapter", helper.fiber(function()
        local note, later, text = journal()
        scope(function()
            push(later "a")
            push(later "b")
            push(later "c")
            push(later "d")
            pop()
            pop(false)
            pop(true)
            note "x"
        end)
        assert.are.equal("d b x a", text())
    end))

    it("a handler that pushes or pops acts on the enclosing scope", helper.fiber(function()
        local note, later, text = journal()
        scope(function()
            push(later "enclosing")
            scope(function()
                push(function()
                    note "leaving"
                    push(later "added")
                end)
            end)
            note "between"
        end)
        assert.are.equal("leaving between added enclosing", text())
        note, later, text = journal()
        scope(function()
            push(later "enclosing")
            scope(function()
                push(later "inner 1")
                push(function()
                    note "leaving"
                    pop()
                end)
            end)
            note "between"
        end)
        assert.are.equal("leaving enclosing inner 1 between", text())
    end))

    it("a handler may open scopes of its own", helper.fiber(function()
        local note, later, text = journal()
        scope(function()
            push(function()
                scope(function()
                    push(later "inner")
                    note "body"
                end)
                note "after"
            end)
        end)
        assert.are.equal("body inner after", text())
    end))
end)

describe("§6 a handler that raises", function()
    helper.install()

    local HEADER = [[
        local emilua = require "emilua"
        local spawn, this_fiber, scope = emilua.spawn, emilua.this_fiber, emilua.scope
        local push, pop = emilua.scope_cleanup_push, emilua.scope_cleanup_pop
        print(pcall(emilua.run, function()
            spawn(function()
                push(function() print "handler of a dropped fiber" end)
                while true do this_fiber.yield() end
            end):detach()
            this_fiber.yield()
    ]]
    local LINE = "VM ADDR forcibly closed due to error raised on cleanup handler from coroutine ADDR\n"

    local function outcome(body)
        local output = helper.child(HEADER .. body .. "\nend))", { timeout = 20 })
        return (output:gsub("0x%x+", "ADDR"))
    end

    it("at the end of a scope ends the VM; no further handlers, no error propagation", function()
        assert.are.equal("body\n" .. LINE .. "false\ttag\n", outcome [[
            push(function() print "root handler" end)
            scope(function()
                push(function() print "never" end)
                push(function() error("tag", 0) end)
                print "body"
            end)
            print "never"
        ]])
    end)

    it("pcall around it does not help", function()
        assert.are.equal(LINE .. "false\ttag\n", outcome [[
            print(pcall(scope, function()
                push(function() error("tag", 0) end)
            end))
        ]])
    end)

    it("xpcall and coroutine.resume around it do not help", function()
        assert.are.equal(LINE .. "false\ttag\n", outcome [[
            print(xpcall(scope, print, function()
                push(function() error("tag", 0) end)
            end))
        ]])
        assert.are.equal(LINE .. "false\ttag\n", outcome [[
            print(coroutine.resume(coroutine.create(function()
                scope(function() push(function() error("tag", 0) end) end)
                print "never"
            end)))
        ]])
    end)

    it("in pcall's own scope ends the VM", function()
        assert.are.equal(LINE .. "false\ttag\n", outcome [[
            print(pcall(function() push(function() error("tag", 0) end) end))
        ]])
    end)

    it("in scope_cleanup_pop ends the VM", function()
        assert.are.equal(LINE .. "false\ttag\n", outcome [[
            print(pcall(function()
                push(function() error("tag", 0) end)
                pop()
            end))
        ]])
    end)

    it("in a root scope ends the VM: main, spawned fiber, coroutine", function()
        assert.are.equal("end of main\n" .. LINE .. "false\ttag\n", outcome [[
            push(function() print "never" end)
            push(function() error("tag", 0) end)
            print "end of main"
        ]])
        assert.are.equal(LINE .. "false\ttag\n", outcome [[
            print(spawn(function() push(function() error("tag", 0) end) end):join())
        ]])
        assert.are.equal(LINE .. "false\ttag\n", outcome [[
            print(coroutine.wrap(function() push(function() error("tag", 0) end) end)())
        ]])
    end)

    it("while the body's error is on its way: the handler's error is raised by run", function()
        assert.are.equal(LINE .. "false\thandler\n", outcome [[
            print(pcall(scope, function()
                push(function() error("handler", 0) end)
                error("body", 0)
            end))
        ]])
    end)

    it("after having suspended ends the VM too", function()
        assert.are.equal(LINE .. "false\ttag\n", outcome [[
            scope(function()
                push(function() this_fiber.yield() error("tag", 0) end)
            end)
            print "never"
        ]])
    end)

    it("a handler that catches its own error is fine", helper.fiber(function()
        scope(function()
            push(function() pcall(error, "tag") end)
        end)
    end))

    it("the next run is fine", function()
        local output = helper.child [[
            local emilua = require "emilua"
            print(pcall(emilua.run, function()
                emilua.scope_cleanup_push(function() error("tag", 0) end)
            end))
            print(emilua.run(function() emilua.this_fiber.yield() return "second" end))
        ]]
        assert.are.equal(LINE .. "false\ttag\nsecond\n", (output:gsub("0x%x+", "ADDR")))
    end)
end)

describe("§6 root scopes", function()
    helper.install()

    it("of a spawned fiber: handlers run when its function ends, before joiners see the result", helper.fiber(function()
        local note, later, text = journal()
        local value = "at return"
        local f = spawn(function()
            push(later "1")
            push(function()
                this_fiber.yield()
                value = "changed later"
                note "2"
            end)
            note "body"
            return value
        end)
        note(f:join())
        assert.are.equal("body 2 1 at return", text())
    end))

    it("of a failing spawned fiber: before the joiner sees the error", helper.fiber(function()
        local note, later, text = journal()
        local f = spawn(function()
            push(later "handler")
            error("tag", 0)
        end)
        note(select(2, pcall(f.join, f)))
        assert.are.equal("handler tag", text())
    end))

    it("of an interrupted fiber: run with the interruption disabled", helper.fiber(function()
        local note, _, text = journal()
        local f = spawn(function()
            push(function()
                this_fiber.yield()
                note "handler"
            end)
            time.sleep(60)
        end)
        this_fiber.yield()
        f:interrupt()
        f:join()
        assert.are.equal("handler", text())
        assert.is_true(f.interruption_caught)
    end))

    it("of a coroutine: when its function ends, before the last resume returns", helper.fiber(function()
        local note, later, text = journal()
        local co = coroutine.create(function()
            push(later "1")
            push(later "2")
            coroutine.yield()
            note "end"
            return "value"
        end)
        coroutine.resume(co)
        note "yielded"
        local _, value = coroutine.resume(co)
        note(value)
        assert.are.equal("yielded end 2 1 value", text())
    end))

    it("of a coroutine: handlers that suspend after a normal end suspend the fiber (§18 #15)", helper.fiber(function()
        local note, _, text = journal()
        local co = coroutine.create(function()
            push(function()
                this_fiber.yield()
                time.sleep(0)
                note "handler"
            end)
            return "value", nil
        end)
        local results = helper.pack(coroutine.resume(co))
        assert.are.same({ n = 3, true, "value", nil }, results)
        assert.are.equal("handler", text())
        assert.are.equal("dead", coroutine.status(co))
    end))

    it("of the main fiber: after a normal end, in reverse", function()
        local note, later, text = journal()
        local value = helper.run(function()
            push(later "1")
            push(function()
                this_fiber.yield()
                note "2"
            end)
            note "body"
            return "value"
        end)
        note(value)
        assert.are.equal("body 2 1 value", text())
    end)

    it("of the main fiber: after an error too (§18 #11, README decision 15)", function()
        local note, later, text = journal()
        local ok, e = pcall(helper.run, function()
            push(later "root")
            scope(function()
                push(later "nested")
                error("tag", 0)
            end)
        end)
        note(ok)
        note(e)
        assert.are.equal("nested root false tag", text())
    end)

    it("additions made while a root scope is left are never run", function()
        local note, later, text = journal()
        helper.run(function()
            spawn(function()
                push(function()
                    note "fiber"
                    push(later "never")
                end)
            end):join()
            coroutine.wrap(function()
                push(function()
                    note "coroutine"
                    push(later "never")
                end)
            end)()
            push(function()
                note "main"
                push(later "never")
            end)
        end)
        assert.are.equal("fiber coroutine main", text())
    end)
end)

describe("§6 scope() and interruption", function()
    helper.install()

    it("is not an interruption point, though it resembles pcall (§19 #15)", helper.fiber(function()
        local note, later, text = journal()
        local f
        f = spawn(function()
            f:interrupt()
            scope(function()
                push(later "handler")
                note "body"
            end)
            note "after"
        end)
        f:join()
        assert.are.equal("body handler after", text())
        assert.is_false(f.interruption_caught)
    end))
end)

describe("§6 coroutine scopes", function()
    helper.install()

    it("are independent of fibers: pushed in A, popped in B", helper.fiber(function()
        local note, later, text = journal()
        local co = coroutine.wrap(function()
            push(later "coroutine")
            coroutine.yield()
            pop()
            coroutine.yield()
        end)
        local a = spawn(function()
            push(later "fiber a")
            co()
        end)
        a:join()
        note "a ended"
        local b = spawn(function()
            push(later "fiber b")
            co()
        end)
        b:join()
        assert.are.equal("fiber a a ended coroutine fiber b", text())
    end))

    it("scope() inside a coroutine stays open across yields", helper.fiber(function()
        local note, later, text = journal()
        local co = coroutine.wrap(function()
            scope(function()
                push(later "inner")
                coroutine.yield()
                note "resumed"
            end)
            coroutine.yield()
        end)
        co()
        scope(function()
            push(later "outer")
        end)
        co()
        assert.are.equal("outer resumed inner", text())
    end))

    it("three handlers and a pop after each yield, resumed by main and three fibers (§19 #19)", helper.fiber(function()
        local note, _, text = journal()
        local co = coroutine.create(function()
            for i = 1, 3 do
                push(function() note("c" .. i) end)
            end
            for _ = 1, 3 do
                coroutine.yield()
                pop()
            end
        end)
        coroutine.resume(co)
        for i = 1, 3 do
            spawn(function()
                push(function() note("p" .. i) end)
                coroutine.resume(co)
            end):join()
        end
        assert.are.equal("c3 p1 c2 p2 c1 p3", text())
    end))
end)
