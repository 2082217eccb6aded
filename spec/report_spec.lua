-- Core §4: uncaught errors, reports, shutdown. Each program runs in a child, stdout and stderr merged.

local helper = require "spec.helper"

local HEADER = [[local emilua = require "emilua"; ]] ..
    [[local spawn, this_fiber, scope = emilua.spawn, emilua.this_fiber, emilua.scope; ]] ..
    [[local push, pop = emilua.scope_cleanup_push, emilua.scope_cleanup_pop; ]] ..
    [[local time, future, mutex = require "emilua.time", require "emilua.future", require "emilua.mutex"; ]] ..
    [[local generic_error = require "emilua.generic_error"; ]]

-- Runs `body` as the body of main; its first line is line 1 of input.lua. `RESULT` prints what run gave.
local function program(body, opts)
    return helper.child(HEADER .. "local RESULT = {pcall(emilua.run, function() " .. body ..
        "\nend)}; print(unpack(RESULT))", opts)
end

-- Asserts that the output, its addresses and traces left out, is exactly `lines`.
local function assert_lines(lines, output)
    local seen = {}
    for line in output:gmatch("[^\n]+") do
        local frame = line:find("^\t") and not line:find("^\tNo scheduled") and not line:find("^\tUnderlying")
        if line ~= "stack traceback:" and not frame then
            seen[#seen + 1] = (line:gsub("0x%x+", "ADDR"))
        end
    end
    assert.are.equal(table.concat(lines, "\n"), table.concat(seen, "\n"), output)
end

describe("§4.1 who reports what", function()
    helper.install()

    it("a secondary fiber that somebody joins: re-raised in join(), no report", function()
        assert_lines({ "false\ttag", "true" }, (program [[
            local f = spawn(function() error("tag", 0) end)
            print(pcall(f.join, f))
            f = nil
            collectgarbage()
            collectgarbage()
        ]]))
    end)

    it("a secondary fiber that has failed before somebody joins: re-raised in join(), no report", function()
        assert_lines({ "false\ttag", "true" }, (program [[
            local f = spawn(function() error("tag", 0) end)
            this_fiber.yield()
            print(pcall(f.join, f))
            f = nil
            collectgarbage()
            collectgarbage()
        ]]))
    end)

    it("already detached: its cleanup handlers run first, then the report; other fibers go on", function()
        assert_lines({ "body", "handler", "Fiber ADDR panicked: 'tag'", "main goes on", "other goes on", "true" },
            (program [[
                local f = spawn(function()
                    push(function() print "handler" end)
                    print "body"
                    error("tag", 0)
                end)
                f:detach()
                local other = spawn(function()
                    this_fiber.yield()
                    print "other goes on"
                end)
                this_fiber.yield()
                print "main goes on"
                other:join()
            ]]))
    end)

    it("handle still alive: nothing until detach(), the report printed inside that call", function()
        assert_lines({ "failed", "Fiber ADDR panicked: 'tag'", "detached", "true" }, (program [[
            local f = spawn(function() error("tag", 0) end)
            this_fiber.yield()
            print "failed"
            f:detach()
            print "detached"
        ]]))
    end)

    it("handle still alive: nothing until collected, the report printed during that collection", function()
        assert_lines({ "failed", "Fiber ADDR panicked: 'tag'", "collected", "true" }, (program [[
            collectgarbage("stop")
            local function drop()
                spawn(function() error("tag", 0) end)
            end
            drop()
            this_fiber.yield()
            local function overwrite(...)
                return ...
            end
            overwrite(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
            print "failed"
            collectgarbage()
            collectgarbage()
            print "collected"
        ]]))
    end)

    it("handle still alive: nothing until the end of the run, the report printed then", function()
        assert_lines({ "failed", "last of main", "Fiber ADDR panicked: 'tag'", "true" }, (program [[
            HANDLE = spawn(function() error("tag", 0) end)
            this_fiber.yield()
            print "failed"
            collectgarbage()
            collectgarbage()
            print "last of main"
        ]]))
    end)

    it("handle dropped, GC stopped: the report at the end of the run, after the last output of main", function()
        local output = program [[
            collectgarbage("stop")
            spawn(function() error("tag", 0) end)
            this_fiber.yield()
            print "last of main"
        ]]
        assert_lines({ "last of main", "Fiber ADDR panicked: 'tag'", "true" }, output)
    end)

    it("each failure is reported once", function()
        assert_lines({ "Fiber ADDR panicked: 'tag'", "true" }, (program [[
            HANDLE = spawn(function() error("tag", 0) end)
            this_fiber.yield()
            HANDLE:detach()
            HANDLE = nil
            collectgarbage()
            collectgarbage()
        ]]))
    end)

    it("a secondary fiber ending with core.interrupted is never reported", function()
        assert_lines({ "true" }, (program [[
            local f = spawn(function() time.sleep(60) end)
            this_fiber.yield()
            f:interrupt()
            f:detach()
            HANDLE = spawn(function() time.sleep(60) end)
            this_fiber.yield()
            HANDLE:interrupt()
            local function drop()
                local g = spawn(function() this_fiber.yield() end)
                g:interrupt()
            end
            drop()
            this_fiber.yield()
            collectgarbage()
        ]]))
    end)

    it("main: the error is raised by run, no report", function()
        assert_lines({ "false\ttag" }, (program [[ error("tag", 0) ]]))
    end)

    it("main: all other fibers are dropped where they stand, their cleanup handlers do not run", function()
        assert_lines({ "started", "false\ttag" }, (program [[
            spawn(function()
                push(function() print "handler" end)
                scope(function()
                    push(function() print "inner handler" end)
                    print "started"
                    this_fiber.yield()
                    print "went on"
                end)
            end):detach()
            spawn(function() time.sleep(60) end):detach()
            this_fiber.yield()
            error("tag", 0)
        ]]))
    end)

    it("main: no deadlock notice", function()
        assert_lines({ "false\ttag" }, (program [[
            local m = mutex.new()
            m:lock()
            spawn(function() m:lock() end):detach()
            this_fiber.yield()
            error("tag", 0)
        ]]))
    end)

    it("main: reports of failed fibers with live handles still follow", function()
        assert_lines({ "Fiber ADDR panicked: 'fiber'", "false\tmain" }, (program [[
            HANDLE = spawn(function() error("fiber", 0) end)
            this_fiber.yield()
            error("main", 0)
        ]]))
    end)

    it("a cleanup handler: no report of the error itself; the notice, run raises the handler's error", function()
        assert_lines({ "VM ADDR forcibly closed due to error raised on cleanup handler from coroutine ADDR",
            "false\ttag" }, (program [[
                scope(function()
                    push(function() error("tag", 0) end)
                end)
                print "never"
            ]]))
    end)

    it("a cleanup handler of a secondary fiber: all fibers are dropped, run raises its error", function()
        assert_lines({ "VM ADDR forcibly closed due to error raised on cleanup handler from coroutine ADDR",
            "false\ttag" }, (program [[
                local f = spawn(function()
                    push(function() error("tag", 0) end)
                end)
                print(pcall(f.join, f))
                print "never"
            ]]))
    end)
end)

describe("§4.2 the panic report", function()
    helper.install()

    it("has the fiber's id, the message and the trace", function()
        local output = program [[
            spawn(function() print(this_fiber.id) error("tag", 0) end):detach()
        ]]
        local id, address = output:match("^(0x%x+)\nFiber (0x%x+) panicked: 'tag'\nstack traceback:\n")
        assert.is_string(id, output)
        assert.are.equal(id, address)
    end)

    it("is exactly that of the chapter's example", function()
        local output = helper.child [[
local emilua = require "emilua"

emilua.run(function()

    -- Line 6 follows.
    local f = emilua.spawn(function()

        error("tag", 0)
    end)
    f:detach()
end)
]]
        assert.is_truthy(output:find(
            "^Fiber 0x%x+ panicked: 'tag'\nstack traceback:\n\tinput%.lua:8: in function <input%.lua:6>\n"), output)
    end)

    -- Expression that is raised → message.
    local messages = {
        { [["text"]], "text" },
        { [["two\nlines"]], "two\nlines" },
        { [["it's"]], "it's" },
        { "generic_error.EINVAL", "Invalid argument" },
        { "require('emilua.asio_error').misc.eof", "End of file" },
        { "42", "" },
        { "true", "" },
        { "{}", "" },
        { "setmetatable({}, {__tostring = function() return 'mine' end})", "" },
        { "nil", "" },
        { "print", "" },
    }
    for _, case in ipairs(messages) do
        it(("for %s says '%s'"):format(case[1], case[2]), function()
            local output = program("spawn(function() error(" .. case[1] .. ", 0) end):detach()")
            assert.is_truthy(output:find(" panicked: '" .. case[2] .. "'\nstack traceback:\n", 1, true), output)
        end)
    end

    it("has the trace at the moment of the error, before unwinding", function()
        local output = program [[
            local function inner()
                error("tag", 0)
            end
            local function outer()
                inner()
                return 1
            end
            spawn(function() outer() return 1 end):detach()
        ]]
        assert.is_truthy(output:find("stack traceback:\n\tinput%.lua:2: in function [^\n]*\n" ..
            "\tinput%.lua:5: in function [^\n]*\n\tinput%.lua:8: in function <input%.lua:8>"), output)
    end)

    it("has the frames of user code up to a re-raise after cleanup handlers", function()
        local output = program [[
            spawn(function()
                scope(function()
                    push(function() this_fiber.yield() end)
                    error("tag", 0)
                end)
            end):detach()
        ]]
        assert.is_truthy(output:find("panicked: 'tag'\nstack traceback:\n", 1, true), output)
        assert.is_truthy(output:find("input.lua:4: in function <input.lua:2>", 1, true), output)
    end)

    it("includes the failing frame of an error raised by the VM (§18 #12)", function()
        local output = program [[
            spawn(function()
                local t = nil
                return t.x.y
            end):detach()
        ]]
        assert.is_truthy(output:find("stack traceback:\n\tinput.lua:3: in function <input.lua:1>", 1, true), output)
    end)

    it("starts at the line of an operation that failed", function()
        local output = program [[
            spawn(function()
                this_fiber.allow_suspend()
            end):detach()
        ]]
        assert.is_truthy(output:find("panicked: 'Suspension already allowed'\nstack traceback:\n", 1, true), output)
        assert.is_truthy(output:find("input.lua:2: in function <input.lua:1>", 1, true), output)
    end)

    it("for a failure inside a coroutine that resume hands on has the fiber's frames", function()
        local output = program [[
            spawn(function()
                local ok, e = coroutine.resume(coroutine.create(function() error("tag", 0) end))
                error(e, 0)
            end):detach()
        ]]
        assert.is_truthy(output:find("stack traceback:\n\tinput.lua:3: in function <input.lua:1>", 1, true), output)
    end)

    it("is written after C stdout has been flushed, and before what is printed later", function()
        local output = program [[
            print "before"
            io.write("no newline")
            spawn(function() error("tag", 0) end):detach()
            this_fiber.yield()
            print "after"
        ]]
        assert.is_truthy(output:find("^before\nno newlineFiber 0x%x+ panicked.*\nafter\n"), output)
    end)

    it("has no colour on a pipe", function()
        local output = program [[ spawn(function() error("tag", 0) end):detach() ]]
        assert.is_falsy(output:find("\27", 1, true))
    end)

    it("has the colours of the chapter with EMILUA_COLORS=1", function()
        local output = program([[ spawn(function() error("tag", 0) end):detach() ]], { env = { EMILUA_COLORS = "1" } })
        assert.is_truthy(output:find("^\27%[31;1mFiber 0x%x+ panicked: '\27%[4mtag\27%[24m'\27%[22;39m\n" ..
            "\27%[2mstack traceback:\n.*\27%[22m\n"), output)
    end)

    it("is silent when the log level is below 3", function()
        assert_lines({ "true" }, (program([[ spawn(function() error("tag", 0) end):detach() ]],
            { env = { EMILUA_LOG_LEVELS = "2" } })))
    end)
end)

describe("§4.2 the line of a failing cleanup handler", function()
    helper.install()

    it("has the VM's address and that of the Lua thread, which are equal in the main fiber", function()
        local output = program [[
            print(this_fiber.id)
            push(function() error("tag", 0) end)
        ]]
        local id, vm, thread = output:match("^(0x%x+)\nVM (0x%x+) forcibly closed due to error raised on cleanup " ..
            "handler from coroutine (0x%x+)\n")
        assert.is_string(id, output)
        assert.are.same({ id, id }, { vm, thread })
    end)

    it("has another thread's address in a spawned fiber", function()
        local output = program [[
            print(this_fiber.id)
            spawn(function() push(function() error("tag", 0) end) end):join()
        ]]
        local id, vm, thread = output:match("^(0x%x+)\nVM (0x%x+) forcibly closed due to error raised on cleanup " ..
            "handler from coroutine (0x%x+)\n")
        assert.is_string(id, output)
        assert.are.equal(id, vm)
        assert.are_not.equal(vm, thread)
    end)

    it("has the colours of the chapter with EMILUA_COLORS=1", function()
        local output = program([[ push(function() error("tag", 0) end) ]], { env = { EMILUA_COLORS = "1" } })
        assert.is_truthy(output:find("^\27%[31;1mVM 0x%x+ forcibly closed due to error raised on cleanup handler " ..
            "from coroutine 0x%x+\27%[22;39m\n"), output)
    end)
end)

describe("§4.2 the deadlock notice", function()
    helper.install()

    it("has an entry for each plain mutex that still has waiters", function()
        assert_lines({ "Possible deadlock(s) detected during VM ADDR shutdown:",
            "\tNo scheduled fibers remaining to unlock mutex ADDR",
            "\tNo scheduled fibers remaining to unlock mutex ADDR", "true" }, (program [[
                local m, n = mutex.new(), mutex.new()
                m:lock()
                n:lock()
                for _, lock in ipairs {m, m, n} do
                    spawn(function() lock:lock() end):detach()
                end
            ]]))
    end)

    it("has an entry for each future that still has waiters", function()
        assert_lines({ "Possible deadlock(s) detected during VM ADDR shutdown:",
            "\tUnderlying promise for future ADDR is broken", "true" }, (program [[
                local value
                PROMISE, value = future.new()
                spawn(function() value:get() end):detach()
                spawn(function() value:get() end):detach()
            ]]))
    end)

    it("says nothing about recursive mutexes, condition variables or joins", function()
        assert_lines({ "true" }, (program [[
            local r = require("emilua.recursive_mutex").new()
            local m, c = mutex.new(), require("emilua.condition_variable").new()
            r:lock()
            local f = spawn(function() r:lock() end)
            spawn(function() m:lock() c:wait(m) end):detach()
            spawn(function() f:join() end):detach()
        ]]))
    end)

    it("names the VM as this_fiber.id of the main fiber does", function()
        local output = program [[
            print(this_fiber.id)
            local m = mutex.new()
            m:lock()
            spawn(function() m:lock() end):detach()
        ]]
        local id, vm = output:match("^(0x%x+)\nPossible deadlock%(s%) detected during VM (0x%x+) shutdown:\n")
        assert.is_string(id, output)
        assert.are.equal(id, vm)
    end)

    it("has the colours of the chapter with EMILUA_COLORS=1", function()
        local output = program([[
            local m = mutex.new()
            m:lock()
            spawn(function() m:lock() end):detach()
        ]], { env = { EMILUA_COLORS = "1" } })
        assert.is_truthy(output:find("^\27%[31;1mPossible deadlock%(s%) detected during VM 0x%x+ shutdown" ..
            "\27%[22;39m:\n\27%[2m\tNo scheduled fibers remaining to unlock mutex 0x%x+\n\27%[22m"), output)
    end)

    it("is silent when the log level is below 3", function()
        assert_lines({ "true" }, (program([[
            local m = mutex.new()
            m:lock()
            spawn(function() m:lock() end):detach()
        ]], { env = { EMILUA_LOG_LEVELS = "2" } })))
    end)
end)

describe("§4.3 shutdown order", function()
    helper.install()

    it("reports of failed fibers come before the deadlock notice", function()
        assert_lines({ "Fiber ADDR panicked: 'tag'", "Possible deadlock(s) detected during VM ADDR shutdown:",
            "\tNo scheduled fibers remaining to unlock mutex ADDR", "true" }, (program [[
                local m = mutex.new()
                m:lock()
                spawn(function() m:lock() end):detach()
                HANDLE = spawn(function() error("tag", 0) end)
            ]]))
    end)

    it("reports come before the cleanup-failure line, which suppresses the notice", function()
        assert_lines({ "Fiber ADDR panicked: 'fiber'",
            "VM ADDR forcibly closed due to error raised on cleanup handler from coroutine ADDR",
            "false\thandler" }, (program [[
                local m = mutex.new()
                m:lock()
                spawn(function() m:lock() end):detach()
                HANDLE = spawn(function() error("fiber", 0) end)
                this_fiber.yield()
                push(function() error("handler", 0) end)
            ]]))
    end)

    it("pending operations are cancelled", function()
        local output, status = program([[
            spawn(function() time.sleep(600) end):detach()
            this_fiber.yield()
            error("tag", 0)
        ]], { timeout = 20 })
        assert.are.equal(0, status)
        assert_lines({ "false\ttag" }, output)
    end)
end)

describe("§4.4 an error that run raises and nobody catches", function()
    helper.install()

    it("ends the interpreter with status 1 and its message", function()
        local output, status = helper.child [[
            require("emilua").run(function() error("tag", 0) end)
        ]]
        assert.are.equal(1, status)
        assert.is_truthy(output:find("tag", 1, true), output)
    end)

    it("may be an error table", function()
        local output, status = helper.child [[
            require("emilua").run(function() error(require("emilua.generic_error").EBUSY) end)
        ]]
        assert.are.equal(1, status)
        assert.is_truthy(output:find("Device or resource busy", 1, true), output)
    end)
end)
