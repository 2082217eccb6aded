-- emilua.pool: actors that answer calls.

local actors = require "spec.actor_helper"
local emilua = require "emilua"
local helper = require "spec.helper"
local time = require "emilua.time"

local core, fiber = actors.core, helper.fiber

helper.install()

local SOURCE = [[
    local emilua, time, generic_error = require "emilua", require "emilua.time", require "emilua.generic_error"
    return function(m)
        if m == "text" then error("a text", 0) end
        if m == "error" then error(generic_error.ENOENT) end
        if m == "table" then error({}) end
        if m == "function" then return print end
        if m == "nothing" then return end
        if m == "die" then
            emilua.scope(function() emilua.scope_cleanup_push(function() error "dead" end) end)
        end
        if type(m) == "table" and m.sleep then time.sleep(m.sleep) end
        return m
    end
]]

local function with_pool(opts, body)
    return fiber(function()
        local all = { source = SOURCE }
        for key, value in pairs(opts) do all[key] = value end
        local pool = emilua.pool(all)
        body(pool)
        pool:close()
    end)
end

describe("emilua.pool", function()
    local CASES = { vms = { 0, 1.5, "x", 1e9 }, threads = { 0, -1, "x" }, queue = { 0, {}, 0.5 } }
    for name, values in pairs(CASES) do
        it("refuses wrong " .. name, fiber(function()
            for _, value in ipairs(values) do
                helper.EINVAL(function() emilua.pool { source = SOURCE, [name] = value } end, name)
            end
        end))
    end

    it("refuses what spawn_vm would", fiber(function()
        helper.EINVAL(function() emilua.pool(1) end, 1)
        core("invalid_module_name", function() emilua.pool {} end)
        helper.EINVAL(function() emilua.pool { source = 1 } end, "source")
    end))

    it("gives a pool of so many VMs in one context", with_pool({ vms = 3, threads = 2 }, function(pool)
        assert.equal("pool", getmetatable(pool))
        helper.bad_index(function() return pool.x end)
        helper.EPERM(function() pool.x = 1 end)
        local list = emilua.actors()
        assert.equal(3, #list)
        assert.equal(list[1].context, list[3].context)
    end))
end)

describe("pool:call", function()
    it("checks its arguments", with_pool({}, function(pool)
        helper.EINVAL(function() pool.call({}, 1) end, 1)
        helper.EINVAL(function() pool:call() end, 2)
        helper.EINVAL(function() pool:call(nil) end, 2)
        helper.EINVAL(function() pool:call(print) end, 2)
        emilua.this_fiber.forbid_suspend()
        core("forbid_suspend_block", function() pool:call(1) end)
        emilua.this_fiber.allow_suspend()
    end))

    it("returns the answer", with_pool({}, function(pool)
        assert.equal(42, pool:call(42))
        assert.same({ a = { 1 } }, pool:call({ a = { 1 } }))
        assert.is_nil(pool:call("nothing"))
        assert.is_false(pool:call(false))
    end))

    it("raises the error of the worker by category and code", with_pool({}, function(pool)
        local ok, e = pcall(pool.call, pool, "text")
        assert.is_false(ok)
        assert.equal("a text", e)
        helper.raises("generic", "ENOENT", function() pool:call("error") end)
        ok, e = pcall(pool.call, pool, "table")
        assert.is_false(ok)
        assert.truthy(e:find("^table: "))
        ok, e = pcall(pool.call, pool, "function")
        assert.is_false(ok)
        assert.equal("the answer is no value for a message", e)
        assert.equal(1, pool:call(1))
    end))

    it("queues calls while all VMs are busy, up to a limit", with_pool({ vms = 1, queue = 2 }, function(pool)
        local calls = {}
        for i = 1, 3 do
            calls[i] = emilua.spawn(function() return pool:call({ sleep = 0.05, i = i }).i end)
            emilua.this_fiber.yield()
        end
        helper.EAGAIN(function() pool:call(1) end)
        for i = 1, 3 do assert.equal(i, calls[i]:join()) end
    end))

    it("runs calls at the same time", with_pool({ vms = 4, threads = 4 }, function(pool)
        local calls = {}
        for i = 1, 40 do calls[i] = emilua.spawn(function() return pool:call({ sleep = 0.001, i = i }).i end) end
        for i = 1, 40 do assert.equal(i, calls[i]:join()) end
    end))

    it("replaces a dead worker", with_pool({ vms = 2 }, function(pool)
        for _ = 1, 3 do helper.raises("generic", "EOWNERDEAD", function() pool:call("die") end) end
        assert.equal(1, pool:call(1))
        -- The last dead one may still be on its way out.
        while #emilua.actors() > 2 do time.sleep(0.001) end
        assert.equal(2, #emilua.actors())
    end))

    it("can be interrupted; the worker ends its work", with_pool({ vms = 1 }, function(pool)
        local f = emilua.spawn(function() pool:call({ sleep = 0.02 }) end)
        local waiting = emilua.spawn(function() pool:call(1) end)
        emilua.this_fiber.yield()
        waiting:interrupt()
        waiting:join()
        assert.is_true(waiting.interruption_caught)
        f:interrupt()
        f:join()
        assert.is_true(f.interruption_caught)
        assert.equal("next", pool:call("next"))
    end))
end)

describe("a pool", function()
    it("ends when it is collected", fiber(function()
        do
            local pool = emilua.pool { source = SOURCE, vms = 3 }
            assert.equal(1, pool:call(1))
        end
        while #emilua.actors() > 0 do
            collectgarbage()
            time.sleep(0.001)
        end
    end))

    it("ends in a VM that has gone quiet, though nobody collects", function()
        local output = helper.child([[
            local emilua = require "emilua"
            emilua.run(function()
                local inbox = require "emilua.inbox"
                -- It gets no_senders when the pool's worker ends, which holds the only address.
                local function forget()
                    local pool = emilua.pool{ source = "local other return function(m) other = m end" }
                    pool:call(inbox)
                end
                forget()
                print(select(2, pcall(inbox.receive, inbox)))
            end) ]], { timeout = 60 })
        assert.equal("Broadcast the address before attempting to receive on it\n", output)
    end)

    it("ends with the run, though a global refers to it", function()
        local output, status = helper.child [[
            local emilua = require "emilua"
            emilua.run(function()
                pool = emilua.pool{ source = "return function(m) return m end", vms = 2 }
                print(pool:call("answer"))
            end)
            print "ended" ]]
        assert.same({ "answer\nended\n", 0 }, { output, status })
    end)
end)

describe("pool:close", function()
    it("ends the workers, and calls that wait for one", with_pool({ vms = 1 }, function(pool)
        local busy = emilua.spawn(function() return pool:call({ sleep = 0.02, i = 1 }).i end)
        local waiting = emilua.spawn(function() return pcall(pool.call, pool, 1) end)
        emilua.this_fiber.yield()
        pool:close()
        pool:close()
        core("channel_closed", function() pool:call(1) end)
        assert.equal(1, busy:join())
        local ok, e = waiting:join()
        assert.is_false(ok)
        helper.is_error(e, "emilua.core", "channel_closed")
        while #emilua.actors() > 0 do time.sleep(0.001) end
        helper.EINVAL(function() pool.close(1) end, 1)
    end))
end)
