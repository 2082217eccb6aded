-- emilua.busted: test bodies that are fibers. Small suites run in a child busted.

local helper = require "spec.helper"

-- Runs a suite; returns busted's output, in which the suite's path reads suite_spec.lua, and its exit status.
local function suite(text, reports)
    local path = os.tmpname()
    os.remove(path)
    path = path .. "_spec.lua"
    local file = assert(io.open(path, "w"))
    file:write(text)
    file:close()
    -- Not in the project's root, whose .busted would be used.
    local output, status = helper.shell(("cd %s && LUA_CPATH=%s timeout 60 busted --lua=%s -o plainTerminal %s %s")
        :format(path:match "^.*/", helper.quote(helper.root .. "/?.so;;"),
            helper.quote(helper.interpreter:match "^%S+"), reports or "", path))
    os.remove(path)
    return (output:gsub(path:gsub("%p", "%%%0"), "suite_spec.lua")), status
end

local function has(output, text)
    assert.truthy(output:find(text, 1, true), output)
end

local PRELUDE = [[
local emilua = require "emilua"
local ip = require "emilua.ip"
local mutex = require "emilua.mutex"
local time = require "emilua.time"
require("emilua.busted").install { timeout = 0.5 }
]]

describe("emilua.busted", function()
    helper.install()

    it("runs the bodies as main fibers, those of before_each and the others too", function()
        local output, status = suite(PRELUDE .. [[
            local n = 0
            local function step()
                time.sleep(0)
                assert(emilua.this_fiber.is_main)
                n = n + 1
            end
            describe("counted", function()
                setup(step)
                before_each(step)
                after_each(step)
                teardown(step)
                it("once", step)
                it "twice" (step)
                test("an alias", step)
            end)
            it("after all", function() assert.equal(11, n) end)
        ]])
        has(output, "4 successes / 0 failures / 0 errors / 0 pending")
        assert.equal(0, status)
    end)

    it("each function can be taken alone", function()
        local output, status = suite [[
            local busted, time = require "emilua.busted", require "emilua.time"
            describe("taken", function()
                local n = 0
                local function step() time.sleep(0) n = n + 1 end
                busted.setup(step)
                busted.before_each(step)
                busted.after_each(step)
                busted.teardown(step)
                busted.it("runs", function() time.sleep(0) end)
                it("stock", function()
                    assert.equal(4, n)
                    assert.has_error(function() time.sleep(0) end)
                end)
                it("by fiber()", busted.fiber(function() time.sleep(0) end))
            end)
        ]]
        has(output, "3 successes / 0 failures / 0 errors / 0 pending")
        assert.equal(0, status)
    end)

    it("failing assertions are failures with their message, line and stack", function()
        local output, status = suite(PRELUDE .. [[
it("fails", function()
    time.sleep(0)
    local function inner()
        assert.equal(1, 2)
        time.sleep(0)
    end
    inner()
    time.sleep(0)
end)
]], "-v")
        has(output, "0 successes / 1 failure / 0 errors / 0 pending")
        has(output, "Failure -> suite_spec.lua @ 6\nfails\nsuite_spec.lua:9: Expected objects to be equal.\n"
            .. "Passed in:\n(number) 2\nExpected:\n(number) 1\n")
        has(output, "stack traceback:\n\tsuite_spec.lua:9: in ")
        has(output, "\n\tsuite_spec.lua:12: in ")
        assert.is_true(status > 0)
    end)

    it("errors are errors: texts, error tables and other values", function()
        local output = suite(PRELUDE .. [[
it("text", function()
    time.sleep(0)
    error("broken")
end)
it("table", function() mutex.new():unlock() end)
it("value", function() error({ field = "of a value" }) end)
]])
        has(output, "0 successes / 0 failures / 3 errors / 0 pending")
        has(output, "Error -> suite_spec.lua @ 6\ntext\nsuite_spec.lua:8: broken\n")
        has(output, "Error -> suite_spec.lua @ 10\ntable\nsuite_spec.lua:10: Operation not permitted\n")
        has(output, "of a value")
    end)

    it("pending() and finally() work", function()
        local output, status = suite(PRELUDE .. [[
            local done = false
            it("pends", function()
                time.sleep(0)
                pending "later"
            end)
            it("cleans up", function() finally(function() done = true end) end)
            it("has", function() assert.is_true(done) end)
        ]])
        has(output, "2 successes / 0 failures / 0 errors / 1 pending")
        has(output, ": later")
        assert.equal(0, status)
    end)

    it("a test that takes too long fails, with what its fibers wait for", function()
        local output, status = suite(PRELUDE .. [[
require("emilua.busted").install { timeout = 0.05 }
it("sleeps", function()
    emilua.scope_cleanup_push(function() print "unwound" end)
    time.sleep(3600)
end)
it("locks", function()
    local m = mutex.new()
    m:lock()
    emilua.spawn(function() while true do time.sleep(3600) end end, { name = "other" })
    m:lock()
end)
it("passes", function() time.sleep(0) end)
]])
        has(output, "1 success / 2 failures / 0 errors / 0 pending")
        has(output, "sleeps\nsuite_spec.lua:7: the test did not end within 0.05 s\nfiber 0x")
        has(output, " waits for sleep\nstack traceback:\n\tsuite_spec.lua:9: in function")
        has(output, "unwound\n")
        has(output, "locks\nsuite_spec.lua:11: the test did not end within 0.05 s\n")
        has(output, "'other' waits for sleep")
        assert.is_true(status > 0)
    end)

    it("a test that leaves something behind fails", function()
        local output, status = suite(PRELUDE .. [[
require("emilua.busted").install { timeout = 0.05 }
local kept
it("stuck", function()
    local m = mutex.new()
    m:lock()
    emilua.spawn(function() m:lock() end, { name = "stuck one" })
end)
it("endless", function()
    emilua.spawn(function() while true do time.sleep(0.001) end end, { name = "endless one" })
end)
it("open", function()
    kept = ip.tcp.socket.new()
    kept:open("v4")
end)
it("ends later", function() emilua.spawn(function() time.sleep(0.001) end) end)
]])
        has(output, "1 success / 3 failures / 0 errors / 0 pending")
        has(output, "stuck\nsuite_spec.lua:8: the run left behind: 1 fiber(s)\nfiber 0x")
        has(output, " 'stuck one' waits for mutex 0x")
        has(output, "endless\nsuite_spec.lua:13: the test left fibers behind that do not end\nfiber 0x")
        has(output, " 'endless one' waits for ")
        has(output, "open\nsuite_spec.lua:16: the run left behind: 1 open descriptor(s)\n")
        assert.is_true(status > 0)
    end)

    it("before_each may open what after_each closes; leaks = \"ignore\" lets tests do so", function()
        local output, status = suite(PRELUDE .. [[
            require("emilua.busted").install { leaks = "ignore" }
            local acceptor, client
            before_each(function()
                acceptor = ip.tcp.acceptor.new()
                acceptor:open("v4")
                acceptor:bind("127.0.0.1", 0)
                acceptor:listen()
            end)
            after_each(function()
                acceptor:close()
                client:close()
            end)
            it("connects", function()
                client = ip.tcp.socket.new()
                client:connect(ip.address.loopback_v4(), acceptor.local_port)
            end)
        ]])
        has(output, "1 success / 0 failures / 0 errors / 0 pending")
        assert.equal(0, status)
    end)

    it("an error in before_each is one of the tests", function()
        local output = suite(PRELUDE .. [[
before_each(function() error("not ready") end)
it("does not run", function() print "has run" end)
]])
        has(output, "0 successes / 0 failures / 1 error / 0 pending")
        has(output, "suite_spec.lua:6: not ready\n")
        assert.is_nil(output:find("has run", 1, true))
    end)

    it("install replaces in the calling block only", function()
        local output = suite [[
            local time = require "emilua.time"
            describe("in fibers", function()
                require("emilua.busted").install()
                it("suspends", function() time.sleep(0) end)
            end)
            it("stock", function() assert.has_error(function() time.sleep(0) end) end)
        ]]
        has(output, "2 successes / 0 failures / 0 errors / 0 pending")
    end)

    describe("errors", function()
        local module = require "emilua.busted"

        it("of fiber: a Lua argument error, EINVAL of the options", function()
            helper.argument_error(function() module.fiber() end, 1)
            helper.EINVAL(function() module.fiber(print, 1) end, 2)
            helper.EINVAL(function() module.fiber(print, { timeout = "1" }) end, "timeout")
            helper.EDOM(function() module.fiber(print, { timeout = -1 }) end, "timeout")
            helper.EINVAL(function() module.fiber(print, { leaks = true }) end, "leaks")
        end)

        it("of install: EINVAL of the options", function()
            helper.EINVAL(function() module.install(1) end, 1)
            helper.EINVAL(function() module.install { leaks = "no" } end, "leaks")
        end)
    end)
end)
