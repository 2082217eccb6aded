-- What the reference's own tests pin: actors §19, in its order.

local actors = require "spec.actor_helper"
local emilua = require "emilua"
local helper = require "spec.helper"
local inbox = require "emilua.inbox"
local programs = require "spec.program_helper"
local time = require "emilua.time"

local core, fiber, worker = actors.core, helper.fiber, actors.worker

helper.install()

describe("actors §19", function()
    it("1: receive in a VM whose address was never given out is no_senders, at once", fiber(function()
        core("no_senders", function() inbox:receive() end)
    end))

    it("2: who waits in receive is woken with no_senders when the last holder of the address ends", fiber(function()
        worker("local address = inbox:receive() address = nil"):send(inbox)
        core("no_senders", function() inbox:receive() end)
    end))

    it("3: a worker ends without importing inbox: send is channel_closed, also while its fibers run", fiber(function()
        local channel = emilua.spawn_vm { source = "" }
        local other = emilua.spawn_vm { source = [[
            local emilua, time = require "emilua", require "emilua.time"
            emilua.spawn(function() time.sleep(0.2) end):detach() ]] }
        local function closes(c)
            for _ = 1, 1000 do
                local ok, e = pcall(c.send, c, 1)
                if not ok then return helper.is_error(e, "emilua.core", "channel_closed") end
                time.sleep(0.001)
            end
            error "the inbox stays open"
        end
        closes(other)
        assert.equal(1, #emilua.actors())
        closes(channel)
    end))

    it("4: a message before receive, and receive before a message", fiber(function()
        local channel = worker [[
            local reply = inbox:receive()
            reply:send("ready")
            reply:send(inbox:receive()) ]]
        channel:send(inbox)
        assert.equal("ready", inbox:receive())
        channel:send("late")
        assert.equal("late", inbox:receive())
    end))

    it("5: of two fibers in receive the second raises EBUSY, the first gets the message", fiber(function()
        local channel = actors.echo()
        local first = emilua.spawn(function() return inbox:receive() end)
        emilua.this_fiber.yield()
        helper.EBUSY(function() inbox:receive() end)
        channel:send("x")
        assert.equal("x", first:join())
        channel:close()
    end))

    it("6: inbox:close in a live VM", fiber(function()
        local channel = worker [[
            local reply = inbox:receive()
            local waiting = emilua.spawn(function() inbox:receive() end)
            emilua.this_fiber.yield()
            inbox:close()
            local ok, e = pcall(waiting.join, waiting)
            reply:send(tostring(e))
            ok, e = pcall(inbox.receive, inbox)
            reply:send(tostring(e)) ]]
        channel:send(inbox)
        assert.equal("Channel closed", inbox:receive())
        core("channel_closed", function() channel:send(1) end)
        assert.equal("Channel closed", inbox:receive())
    end))

    it("7: an inbox that nothing refers to after the main fiber is closed by a collection", fiber(function()
        local channel = emilua.spawn_vm { source = [[
            local emilua, time = require "emilua", require "emilua.time"
            local reply = require "emilua.inbox":receive()
            local finished
            local sleeper = emilua.spawn(function()
                for _ = 1, 3 do
                    collectgarbage()
                    time.sleep(0.002)
                end
                finished = true
            end)
            emilua.spawn(function()
                while not finished do time.sleep(0.001) end
                sleeper:interrupt()
                sleeper:join()
                reply:send(sleeper.interruption_caught)
                -- The VM goes on until its peer has seen enough.
                while pcall(reply.send, reply, "alive") do time.sleep(0.002) end
            end):detach() ]] }
        channel:send(inbox)
        assert.is_false(inbox:receive())
        core("channel_closed", function() channel:send("ping") end)
        assert.equal("alive", inbox:receive())
        inbox:close()
    end))

    it("8: ch:close right after the spawn", fiber(function()
        local out = worker [[
            local reply = inbox:receive()
            local ok, e = pcall(inbox.receive, inbox)
            reply:send(tostring(e)) ]]
        out:send(inbox)
        out:close()
        core("channel_closed", function() out:send(1) end)
        assert.equal("Broadcast the address before attempting to receive on it", inbox:receive())
    end))

    it("9: an interrupted receive ends the fiber, the VM and its peer go on", fiber(function()
        local channel = actors.echo()
        local waiting = emilua.spawn(function() inbox:receive() end)
        emilua.this_fiber.yield()
        waiting:interrupt()
        waiting:join()
        assert.is_true(waiting.interruption_caught)
        channel:send("still there")
        assert.equal("still there", inbox:receive())
        channel:close()
    end))

    it("10: the same address received twice is equal, that of another VM is not", fiber(function()
        local a, b = actors.echo(), actors.echo()
        a:send({ a, a, b })
        local list = inbox:receive()
        assert.is_true(list[1] == list[2])
        assert.is_true(list[1] == a)
        assert.is_false(list[1] == list[3])
        for _, c in ipairs { a, b, list[1], list[2], list[3] } do c:close() end
    end))

    it("11: channels work inside arrays and objects, and the receiver can forward through them", fiber(function()
        local forwarder = worker [[
            local m = inbox:receive()
            m.to[1]:send{ inner = { channel = m.to[1] } } ]]
        forwarder:send({ to = { inbox } })
        local m = inbox:receive()
        m.inner.channel:send("round")
        assert.equal("round", inbox:receive())
        m.inner.channel:close()
    end))

    it("12: what cannot be sent is absent at the receiver, and truncates an array", fiber(function()
        local channel = actors.echo()
        channel:send({
            good = 1, meta = setmetatable({}, {}), f = print, co = coroutine.create(function() end),
            list = { channel, "x", function() end, 3 },
        })
        local m = inbox:receive()
        assert.equal(1, m.good)
        assert.is_nil(m.meta)
        assert.is_nil(m.f)
        assert.is_nil(m.co)
        assert.equal(2, #m.list)
        assert.equal("x", m.list[2])
        m.list[1]:close()
        channel:close()
    end))

    it("13: mixed nesting keeps all good members and the order of arrays", fiber(function()
        local channel = actors.echo()
        channel:send({
            a = { 1, { b = { 2, 3 }, [4] = "dropped", f = print }, "z" }, [true] = 1, c = { d = { e = {} } },
        })
        local m = inbox:receive()
        assert.same({ a = { 1, { b = { 2, 3 } }, "z" }, c = { d = { e = {} } } }, m)
        channel:close()
    end))

    it("14: direct and indirect cycles raise, shared tables do not", fiber(function()
        local channel = actors.echo()
        local direct = {}
        direct.me = direct
        helper.raises("generic", "ELOOP", function() channel:send(direct) end)
        local indirect = { { {} } }
        indirect[1][1].x = indirect
        helper.raises("generic", "ELOOP", function() channel:send(indirect) end)
        local shared = { 1 }
        channel:send({ a = shared, b = shared })
        local m = inbox:receive()
        assert.same({ a = { 1 }, b = { 1 } }, m)
        assert.is_false(rawequal(m.a, m.b))
        channel:close()
    end))

    it("15: ./x is x.lua or x/init.lua, /x is below the import root, _CONTEXT is worker", function()
        local show = "print(_CONTEXT, tostring(_FILE):match('[^/]*/[^/]*$'))"
        local output, status = programs.run {
            ["app.lua"] = [[
                local inbox = require "inbox"
                if _CONTEXT == "worker" then print "itself" return end
                for _, id in ipairs { "./one", "./two", "/dir/three", "." } do
                    local c = spawn_vm(id)
                    while pcall(c.send, c, 1) do this_fiber.yield() end
                end ]],
            ["one.lua"] = show, ["two/init.lua"] = show, ["dir/three.lua"] = show,
        }
        assert.equal(0, status)
        assert.equal("worker\tapp/one.lua\nworker\ttwo/init.lua\nworker\tdir/three.lua\nitself\n", output)
    end)

    it("16: spawn_context_threads(0) in a context of hint 1 is ENOTSUP", fiber(function()
        local channel = worker([[
            local reply = inbox:receive()
            local ok, e = pcall(emilua.spawn_context_threads, 0)
            reply:send{ code = e.code, category = tostring(e.category) } ]],
            { inherit_context = false, concurrency_hint = 1 })
        channel:send(inbox)
        assert.same({ code = helper.errno.ENOTSUP, category = "generic" }, inbox:receive())
    end))

    it("17: a path as module without subprocess is invalid_module_name", fiber(function()
        local path = require "emilua.filesystem".path.new("/tmp/x.lua")
        core("invalid_module_name", function() emilua.spawn_vm { module = path } end)
    end))

    it("18: an actor in a context of its own receives, and a new master may add threads", function()
        local output, status = helper.child [[
            local emilua = require "emilua"
            local inbox = require "emilua.inbox"
            emilua.run(function()
                local c = emilua.spawn_vm{ inherit_context = false, new_master = true, source = [=[
                    local emilua, inbox = require "emilua", require "emilua.inbox"
                    local m = inbox:receive()
                    emilua.spawn_context_threads(1)
                    m.reply:send(m.text) ]=] }
                c:send{ reply = inbox, text = "hello" }
                print(inbox:receive())
            end) ]]
        assert.equal("hello\n", output)
        assert.equal(0, status)
    end)
end)
