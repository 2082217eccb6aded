-- emilua.fibers, emilua.dump and this_fiber.set_name: what every live fiber does.

local helper = require "spec.helper"

local emilua = require "emilua"
local future = require "emilua.future"
local mutex = require "emilua.mutex"
local time = require "emilua.time"

local fiber = helper.fiber
local fibers, spawn, this_fiber = emilua.fibers, emilua.spawn, emilua.this_fiber

local FOREVER = 3600

-- Fibers of the list by their names.
local function by_name()
    local found = {}
    for _, entry in ipairs(fibers()) do found[entry.name or entry.id] = entry end
    return found
end

-- Runs `f` as the fiber "worker" until it waits, and returns its entry.
local function entry_of(f)
    local worker = spawn(f, { name = "worker" })
    helper.turns(4)
    local entry = by_name().worker
    worker:interrupt()
    pcall(worker.join, worker)
    return entry
end

describe("fibers", function()
    helper.install()

    it("is empty outside of a run", function()
        assert.same({}, fibers())
        helper.run(function() end)
        assert.same({}, fibers())
        pcall(emilua.run, function()
            spawn(function() time.sleep(FOREVER) end)
            this_fiber.yield()
            error "main"
        end)
        assert.same({}, fibers())
    end)

    it("has the running fiber, with its id", fiber(function()
        local list = fibers()
        assert.equal(1, #list)
        assert.same({ this_fiber.id, "running", 0 }, { list[1].id, list[1].state, list[1].since })
        assert.is_nil(list[1].name)
        assert.truthy(list[1].traceback:find "^stack traceback:\n\tspec/fibers_spec%.lua:%d+: in function")
    end))

    it("has every live fiber, the oldest first, and none that has ended", fiber(function()
        local ids, list = {}, {}
        for i = 1, 5 do
            list[i] = spawn(function()
                ids[i] = this_fiber.id
                time.sleep(FOREVER)
            end)
        end
        spawn(function() end):join()
        local found = {}
        for i, entry in ipairs(fibers()) do found[i] = entry.id end
        assert.same({ this_fiber.id, unpack(ids) }, found)
        for _, f in ipairs(list) do
            f:interrupt()
            f:join()
        end
        assert.equal(1, #fibers())
    end))

    it("tells a fiber that has not begun", fiber(function()
        local f = spawn(function() end, { name = "new" })
        local entry = by_name().new
        assert.same({ "ready", "its turn" }, { entry.state, entry.waits_for })
        assert.truthy(entry.traceback:find "^stack traceback:\n\tspec/fibers_spec%.lua:%d+: not started$")
        f:join()
    end))

    it("tells a fiber that is ready again", fiber(function()
        local f = spawn(function() this_fiber.yield() end, { name = "ready" })
        this_fiber.yield()
        assert.same({ "ready", "its turn" }, { by_name().ready.state, by_name().ready.waits_for })
        f:join()
    end))

    it("tells what a fiber waits for", fiber(function()
        local function waits_for(f)
            local entry = entry_of(f)
            assert.equal("waiting", entry.state)
            return (entry.waits_for:gsub("0x%x+", "ADDR"))
        end
        local promise, value = future.new()
        assert.equal("future ADDR", waits_for(function() value:get() end))
        promise:set_value(nil)
        assert.equal("sleep", waits_for(function() time.sleep(FOREVER) end))
        local other = spawn(function() time.sleep(FOREVER) end)
        assert.equal("join", waits_for(function() other:join() end))
        other:interrupt()
        other:join()
        assert.equal("group of 2 fibers", waits_for(function()
            emilua.group(function(g)
                g:spawn(time.sleep, FOREVER)
                g:spawn(time.sleep, FOREVER)
            end)
        end))
    end))

    it("tells since when, in seconds, as precise as the kernel's tick", fiber(function()
        local f = spawn(function() time.sleep(FOREVER) end, { name = "old" })
        time.sleep(0.05)
        local since = by_name().old.since
        assert.is_true(since > 0.03 and since < 30, tostring(since))
        f:interrupt()
        f:join()
    end))

    it("has the traceback of a waiting fiber", fiber(function()
        local function inner() time.sleep(FOREVER) return end
        local line = debug.getinfo(inner, "S").linedefined
        local entry = entry_of(function() inner() return end)
        assert.equal(([[
stack traceback:
	spec/fibers_spec.lua:%d: in function 'inner'
	spec/fibers_spec.lua:%d: in function <spec/fibers_spec.lua:%d>]]):format(line, line + 2, line + 2),
            entry.traceback)
    end))

    it("has the traceback of each coroutine that the fiber is suspended in, the innermost first", fiber(function()
        local function innermost() time.sleep(FOREVER) return end
        local line = debug.getinfo(innermost, "S").linedefined
        local entry = entry_of(function()
            local co = coroutine.create(function()
                coroutine.wrap(function() innermost() return end)()
                return
            end)
            assert(coroutine.resume(co))
        end)
        local lines = {}
        for n in entry.traceback:gmatch "\tspec/fibers_spec%.lua:(%d+): in " do lines[#lines + 1] = n - line end
        assert.same({ 0, 4, 4, 7 }, lines)
    end))

    it("has them of the running fiber too", fiber(function()
        local line = debug.getinfo(1, "l").currentline
        coroutine.wrap(function()
            local lines = {}
            for n in fibers()[1].traceback:gmatch "\tspec/fibers_spec%.lua:(%d+): in " do
                lines[#lines + 1] = n - line
            end
            assert.same({ 3, 7 }, lines)
        end)()
    end))

    it("has a fiber in timeout and group once, by what it does there", fiber(function()
        local id
        local entry = entry_of(function()
            id = this_fiber.id
            emilua.timeout(FOREVER, function()
                emilua.group(function() time.sleep(FOREVER) end)
            end)
        end)
        assert.same({ id, "worker", "sleep" }, { entry.id, entry.name, entry.waits_for })
        local _, count = entry.traceback:gsub("\tspec/fibers_spec", "")
        assert.equal(3, count)
        assert.equal(1, #fibers())
        emilua.timeout(FOREVER, function()
            local list = fibers()
            assert.same({ 1, "running", this_fiber.id }, { #list, list[1].state, list[1].id })
        end)
    end))

    it("changes nothing: what it returns are new tables", fiber(function()
        local list = fibers()
        list[1].id = nil
        assert.equal(this_fiber.id, fibers()[1].id)
    end))
end)

describe("this_fiber.set_name", function()
    helper.install()

    it("names the calling fiber, nil takes the name away", fiber(function()
        this_fiber.set_name "main"
        assert.equal("main", fibers()[1].name)
        this_fiber.set_name "other"
        assert.equal("other", fibers()[1].name)
        this_fiber.set_name(nil)
        assert.is_nil(fibers()[1].name)
    end))

    it("names the caller in timeout", fiber(function()
        emilua.timeout(FOREVER, this_fiber.set_name, "inside")
        assert.equal("inside", fibers()[1].name)
    end))

    it("replaces the name that spawn gave", fiber(function()
        local f = spawn(function()
            this_fiber.set_name "new"
            time.sleep(FOREVER)
        end, { name = "old" })
        this_fiber.yield()
        assert.is_nil(by_name().old)
        assert.truthy(by_name().new)
        f:interrupt()
        f:join()
    end))

    it("is in the fibers of an error of run", function()
        local _, e = pcall(emilua.run, function()
            this_fiber.set_name "stuck"
            local m = mutex.new()
            m:lock()
            m:lock()
        end)
        assert.equal("stuck", e.fibers[1].name)
        assert.equal("waiting", e.fibers[1].state)
        assert.equal("number", type(e.fibers[1].since))
    end)

    it("errors: a Lua argument error, EPERM outside of a run", function()
        helper.EPERM(function() this_fiber.set_name "x" end)
        helper.run(function()
            helper.argument_error(function() this_fiber.set_name(1) end, 1)
            helper.argument_error(function() this_fiber.set_name {} end, 1)
        end)
    end)
end)

describe("dump", function()
    helper.install()

    it("prints a block per fiber on stderr, after what was printed before", function()
        local output, status = helper.child [[
            local emilua, time = require "emilua", require "emilua.time"
            emilua.dump()
            emilua.run(function()
                local f = emilua.spawn(function()
                    time.sleep(3600)
                end, { name = "worker" })
                time.sleep(0.01)
                print "before"
                emilua.dump()
                print "after"
                f:interrupt()
            end)
        ]]
        assert.equal(0, status)
        assert.equal([[
before
Fiber ADDR is running
stack traceback:
	input.lua:9: in function <input.lua:3>
Fiber ADDR 'worker' waits for sleep, TIME s
stack traceback:
	input.lua:5: in function <input.lua:4>
after
]], (output:gsub("0x%x+", "ADDR"):gsub("%d+%.%d+ s", "TIME s")))
    end)

    it("prints whatever EMILUA_LOG_LEVELS says, in colours if they are wanted", function()
        local output = helper.child([[
            local emilua = require "emilua"
            emilua.run(function() emilua.dump() end)
        ]], { env = { EMILUA_LOG_LEVELS = "0", EMILUA_COLORS = "1" } })
        assert.truthy(output:find "^\27%[1mFiber 0x%x+ is running\27%[22m\n\27%[2mstack traceback:\n.*\27%[22m\n$")
    end)
end)
