-- system.run: a program from its start to its end.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local system = require "emilua.system"
local time = require "emilua.time"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local process = require "spec.process_helper"

local closing = fd.closing

helper.install()

local function sh(script, opts)
    local all = { program = "sh", arguments = { "sh", "-c", script } }
    for name, value in pairs(opts or {}) do all[name] = value end
    return system.run(all)
end

-- Whether a process group has members that are no zombies.
local function is_alive(group)
    local text = helper.shell("ps -e -o pgid=,stat= | grep -v Z")
    return text:find("%f[%d]" .. group .. "%s") ~= nil
end

local function wait_until_dead(group)
    for _ = 1, 1000 do
        if not is_alive(group) then return end
        time.sleep(0.01)
    end
    error("still alive: " .. group)
end

describe("system.run", function()
    it("gives status and output", closing(function()
        assert.same({ status = 3, stdout = "out\n", stderr = "error\n" }, sh "echo out; echo error >&2; exit 3")
        assert.same({ status = 137, signal = 9, stdout = "", stderr = "" }, sh "kill -9 $$")
    end))

    it("has the program's name and the environment by default", closing(function()
        local printed = system.run{ program = "printenv", arguments = { "x", "PATH" } }.stdout
        assert.equal(system.environment.PATH .. "\n", printed)
        assert.equal("", system.run{ program = "true" }.stdout)
        assert.equal("1\n", sh("echo $A", { environment = { A = "1" } }).stdout)
    end))

    it("writes the input and closes it", closing(function()
        assert.equal("text", system.run{ program = "cat", input = "text" }.stdout)
        assert.equal("text", system.run{ program = "cat", input = byte_span.append "text" }.stdout)
        assert.equal("", system.run{ program = "cat", input = "" }.stdout)
        local large = ("0123456789abcdef"):rep(65536)
        assert.is_true(system.run{ program = "cat", input = large }.stdout == large)
    end))

    it("does not mind a program that reads no input", closing(function()
        local large = ("x"):rep(1000000)
        assert.equal(0, system.run{ program = "true", input = large }.status)
        assert.equal("xxxx", system.run{ program = "head", arguments = { "head", "-c4" }, input = large }.stdout)
    end))

    it("captures no stream that is given", closing(function()
        local file = fd.open("/dev/null", 1)
        assert.same({ status = 0, stderr = "e\n" }, sh("echo o; echo e >&2", { stdout = file }))
    end))

    it("kills the whole group when the time is over, and has what was written", closing(function()
        local e = helper.raises("generic", "ETIMEDOUT", function()
            sh("echo $$; sleep 600 & sleep 600", { timeout = 0.3 })
        end)
        assert.equal("", e.stderr)
        wait_until_dead(e.stdout:match "%d+")
        assert.equal("in time\n", sh("echo in time", { timeout = 60 }).stdout)
    end))

    it("kills the whole group when the output is too long", closing(function()
        local e = helper.raises("generic", "EFBIG", function()
            sh("echo $$; yes & yes >&2", { output_limit = 100000 })
        end, { arg = "output_limit" })
        assert.is_true(#e.stdout + #e.stderr <= 100000)
        if #e.stdout > 0 then wait_until_dead(e.stdout:match "%d+") end
        assert.equal("12345", sh("printf 12345", { output_limit = 5 }).stdout)
        helper.raises("generic", "EFBIG", function() sh("printf 123456", { output_limit = 5 }) end,
            { arg = "output_limit" })
    end))

    it("kills the whole group when its fiber is interrupted", closing(function()
        local reading, writing = fd.pipe()
        local out = fd.keep(writing:release())
        local running = emilua.spawn(function() sh("echo $$; sleep 600 & sleep 600", { stdout = out }) end)
        local bs = byte_span.new(20)
        local group = tostring(bs:first(reading:read_some(bs))):match "%d+"
        assert.is_true(is_alive(group))
        running:interrupt()
        running:join()
        assert.is_true(running.interruption_caught)
        wait_until_dead(group)
        process.none_left()
    end))

    it("waits for background processes that hold the output", closing(function()
        assert.equal("first\nsecond\n", sh("(sleep 0.2; echo second) & echo first").stdout)
    end))

    it("runs many at once", closing(function()
        local running = {}
        for i = 1, 30 do
            running[i] = emilua.spawn(function() return sh("echo " .. i).stdout end)
        end
        for i = 1, 30 do assert.equal(i .. "\n", running[i]:join()) end
    end))

    it("refuses bad options", closing(function()
        helper.argument_error(function() system.run "true" end, 1)
        for name, values in pairs{
            input = { 1, {}, true }, timeout = { "1", -1 }, output_limit = { "1", -1 }, process_group = { 1, "0" },
        } do
            for _, value in ipairs(values) do
                helper.EINVAL(function() system.run{ program = "true", [name] = value } end, name)
            end
        end
        helper.EINVAL(function() system.run{} end, "program")
        helper.raises("system", "ENOENT", function() system.run{ program = "/no/such/program" } end)
    end))

    it("is a suspension and interruption point", closing(function()
        emilua.this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() system.run{ program = "true" } end)
        emilua.this_fiber.allow_suspend()
        process.none_left()
    end))
end)
