-- Contexts and their threads (actors §1, §9), and what moves with a VM.

local actors = require "spec.actor_helper"
local emilua = require "emilua"
local helper = require "spec.helper"
local inbox = require "emilua.inbox"
local time = require "emilua.time"

local fiber, worker = helper.fiber, actors.worker

helper.install()

-- How many threads this process has now.
local function threads()
    local n = 0
    for line in io.lines("/proc/self/status") do n = tonumber(line:match("^Threads:%s*(%d+)")) or n end
    return n
end

describe("spawn_context_threads", function()
    it("wants a number", fiber(function()
        helper.argument_error(function() emilua.spawn_context_threads() end, 1)
        helper.argument_error(function() emilua.spawn_context_threads("x") end, 1)
    end))

    it("returns nothing, and does nothing for 0 or less", fiber(function()
        local before = threads()
        for _, n in ipairs { 0, -1, -math.huge, 0.5, 0 / 0 } do
            assert.equal(0, select("#", emilua.spawn_context_threads(n)))
        end
        assert.equal(before, threads())
    end))

    it("adds threads, which end with the run", function()
        local before = threads()
        helper.run(function()
            emilua.this_fiber.forbid_suspend()
            emilua.spawn_context_threads(2)
            emilua.this_fiber.allow_suspend()
            assert.equal(before + 2, threads())
        end)
        assert.equal(before, threads())
    end)

    it("raises what the system says to too many", fiber(function()
        helper.raises("system", "EAGAIN", function() emilua.spawn_context_threads(1e9) end)
        helper.raises("system", "EAGAIN", function() emilua.spawn_context_threads(math.huge) end)
    end))

    it("lets VMs of one context run at the same time", fiber(function()
        emilua.spawn_context_threads(1)
        -- Each waits in a loop of its own for the other: they must run in parallel.
        local ffi = require "ffi"
        local flags = ffi.new("volatile int32_t[2]")
        local address = tonumber(ffi.cast("intptr_t", flags))
        for i = 0, 1 do
            worker([[
                local ffi = require "ffi"
                ffi.cdef "int sched_yield(void);"
                local m = inbox:receive()
                local flags = ffi.cast("volatile int32_t *", m.address)
                flags[m.mine] = 1
                while flags[1 - m.mine] == 0 do ffi.C.sched_yield() end
                m.reply:send("both") ]]):send({ address = address, mine = i, reply = inbox })
        end
        assert.equal("both", inbox:receive())
        assert.equal("both", inbox:receive())
        assert.equal(1, flags[0])
    end))

    it("keeps IO and timers going while a VM computes", fiber(function()
        worker([[
            local ffi, time = require "ffi", require "emilua.time"
            local reply = inbox:receive()
            emilua.spawn_context_threads(1)
            local flag = ffi.new("volatile int32_t[1]")
            emilua.spawn_vm{ source = [=[
                local ffi = require "ffi"
                ffi.cdef "int sched_yield(void);"
                local m = require "emilua.inbox":receive()
                local flag = ffi.cast("volatile int32_t *", m.address)
                m.reply:send("computing")
                while flag[0] == 0 do ffi.C.sched_yield() end
                m.reply:send("done") ]=] }:send({ address = tonumber(ffi.cast("intptr_t", flag)), reply = inbox })
            inbox:receive()
            time.sleep(0.02)
            flag[0] = 1
            reply:send(inbox:receive()) ]], { inherit_context = false }):send(inbox)
        assert.equal("done", inbox:receive())
    end))

    it("leaves a VM that computes to a thread that is idle, so that main goes on", fiber(function()
        emilua.spawn_context_threads(1)
        local ffi = require "ffi"
        local flag = ffi.new("volatile int32_t[1]")
        -- Each job takes longer than a millisecond, ends when main has gone on, or after a time that is too long.
        local computer = worker [[
            local ffi = require "ffi"
            ffi.cdef "int sched_yield(void);"
            local now = require "emilua.time".steady_clock.now
            local m = inbox:receive()
            local flag = ffi.cast("volatile int32_t *", m.address)
            for job = 0, m.jobs do
                if job > 0 then inbox:receive() end
                local start = now().seconds_since_epoch
                local seconds
                repeat
                    ffi.C.sched_yield()
                    seconds = now().seconds_since_epoch - start
                until flag[0] >= job and seconds > 0.003 or seconds > 20
                m.reply:send(flag[0] >= job)
            end ]]
        local jobs = 20
        computer:send({ address = tonumber(ffi.cast("intptr_t", flag)), jobs = jobs, reply = inbox })
        -- At the first job nobody knows it.
        assert.is_true(inbox:receive())
        for job = 1, jobs do
            computer:send("next")
            for _ = 1, 3 do time.sleep(0.001) end
            flag[0] = job
            assert.is_true(inbox:receive())
        end
    end))
end)

describe("the options of a context", function()
    it("inherit_context = false gives the VM a thread of its own", function()
        local before = threads()
        helper.run(function()
            local channel = actors.echo({ inherit_context = false })
            assert.equal(before + 1, threads())
            local list = emilua.actors()
            local same = actors.echo()
            assert.equal(2, #emilua.actors())
            assert.not_equal(list[1].context, emilua.actors()[2].context)
            channel:send("x")
            assert.equal("x", inbox:receive())
            channel:close()
            same:close()
        end)
        assert.equal(before, threads())
    end)

    it("concurrency_hint = 1 forbids more threads, others do not", fiber(function()
        for hint, allowed in pairs { [1] = false, [2] = true, safe = true } do
            local channel = worker([[
                local reply = inbox:receive()
                reply:send((pcall(emilua.spawn_context_threads, 1))) ]],
                { inherit_context = false, concurrency_hint = hint })
            channel:send(inbox)
            assert.equal(allowed, inbox:receive())
        end
    end))

    it("an actor's actors inherit its context", fiber(function()
        local channel = worker([[
            local reply = inbox:receive()
            local child = emilua.spawn_vm{ name = "child", source = "require 'emilua.inbox':receive()" }
            reply:send("made")
            inbox:receive()
            child:send(1) ]], { inherit_context = false, name = "parent" })
        channel:send(inbox)
        inbox:receive()
        local list = emilua.actors()
        assert.equal("parent", list[1].name)
        assert.equal("child", list[2].name)
        assert.equal(list[1].context, list[2].context)
        channel:send("end")
    end))
end)

describe("new_master", function()
    it("hands the role over for good", function()
        local output = helper.child [[
            local emilua = require "emilua"
            local inbox = require "emilua.inbox"
            emilua.run(function()
                local c = emilua.spawn_vm{ new_master = true, source = [=[
                    require "emilua.inbox":receive():send(require "emilua".actors()[1].is_master) ]=] }
                c:send(inbox)
                print(inbox:receive())
                while #emilua.actors() > 0 do require "emilua.time".sleep(0.01) end
                print(pcall(emilua.spawn_vm, { source = "", new_master = true }))
            end) ]]
        assert.equal("true\nfalse\tOperation not permitted\n", output)
    end)
end)

describe("actors", function()
    it("lists the live ones with what they do", fiber(function()
        assert.same({}, emilua.actors())
        local channel = worker("inbox:receive() inbox:receive()", { name = "listed" })
        local entry = emilua.actors()[1]
        assert.equal("listed", entry.name)
        assert.equal("ready", entry.state)
        assert.is_false(entry.is_master)
        time.sleep(0.01)
        assert.equal("waiting", emilua.actors()[1].state)
        channel:send(1)
        channel:send(2)
        while #emilua.actors() > 0 do time.sleep(0.001) end
    end))
end)

describe("a VM that moves between threads", function()
    it("keeps its compiled code, FFI objects, timers, descriptors and errors", fiber(function()
        emilua.spawn_context_threads(3)
        local n = 8
        for _ = 1, n do
            worker([[
                local ffi, time = require "ffi", require "emilua.time"
                local pipe, stream = require "emilua.pipe", require "emilua.stream"
                local m = inbox:receive()
                local counter = ffi.new("struct { int64_t n; }")
                local reader, writer = pipe.pair()
                local buffer, text = emilua.byte_span.new(16), emilua.byte_span.append("0123456789abcdef")
                local sum = 0
                for round = 1, 60 do
                    for j = 1, 20000 do sum = sum + j % 7 end
                    counter.n = counter.n + 1
                    if round % 3 == 0 then time.sleep(0.0005) end
                    stream.write_all(writer, text)
                    stream.read_all(reader, buffer)
                    assert(tostring(buffer) == "0123456789abcdef")
                    local ok, e = pcall(error, { round })
                    assert(not ok and e[1] == round)
                    emilua.this_fiber.yield()
                end
                reader:close() writer:close()
                m:send({ sum = sum, n = tonumber(counter.n) }) ]]):send(inbox)
        end
        local sum = 0
        for j = 1, 20000 do sum = sum + j % 7 end
        for _ = 1, n do assert.same({ sum = 60 * sum, n = 60 }, inbox:receive()) end
    end), { timeout = 60 })

    it("is the main VM never: it stays on its thread", fiber(function()
        local ffi = require "ffi"
        ffi.cdef "unsigned long pthread_self(void);"
        local own = ffi.C.pthread_self()
        emilua.spawn_context_threads(2)
        local channel = actors.echo()
        for i = 1, 2000 do
            channel:send(i)
            inbox:receive()
            assert.equal(own, ffi.C.pthread_self())
        end
        channel:close()
    end))
end)
