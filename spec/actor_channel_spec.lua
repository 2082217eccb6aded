-- Channels, the inbox, and how VMs end (actors §3, §4, §8).

local actors = require "spec.actor_helper"
local emilua = require "emilua"
local helper = require "spec.helper"
local inbox = require "emilua.inbox"
local time = require "emilua.time"

local core, fiber, worker = actors.core, helper.fiber, actors.worker
local spawn, this_fiber = emilua.spawn, emilua.this_fiber

helper.install()

describe("channel:send", function()
    it("checks its arguments in order", fiber(function()
        local channel = worker "pcall(inbox.receive, inbox)"
        local send = channel.send
        helper.EINVAL(function() send() end)
        helper.EINVAL(function() send(channel) end)
        helper.EINVAL(function() send({}, 1) end, 1)
        helper.EINVAL(function() send(inbox, 1) end, 1)
        this_fiber.forbid_suspend()
        core("forbid_suspend_block", function() send(channel, print) end)
        this_fiber.allow_suspend()
        helper.EINVAL(function() send(channel, print) end)
        channel:close()
    end))

    it("gives its turn to all who are ready", fiber(function()
        local channel, log = worker "pcall(inbox.receive, inbox)", {}
        for i = 1, 3 do spawn(function() log[i] = i end):detach() end
        channel:send(1)
        assert.same({ 1, 2, 3 }, log)
        channel:close()
    end))

    it("checks interruption on entry only", fiber(function()
        local channel = actors.echo()
        local f = spawn(function()
            channel:send("first")
            channel:send("second")
        end)
        spawn(function() f:interrupt() end):detach()
        f:join()
        assert.is_true(f.interruption_caught)
        assert.equal("first", inbox:receive())
        channel:close()
        core("no_senders", function() inbox:receive() end)
    end))

    it("keeps the order of one sender", fiber(function()
        local channel = actors.echo()
        for i = 1, 5000 do channel:send(i) end
        for i = 1, 5000 do assert.equal(i, inbox:receive()) end
        channel:close()
    end))

    it("is refused where the fiber cannot be suspended and others are ready", fiber(function()
        local channel = actors.echo()
        spawn(function() end):detach()
        helper.EPERM(function() table.sort({ 2, 1 }, function() channel:send(1) end) end)
        channel:close()
        core("no_senders", function() inbox:receive() end)
    end))
end)

describe("a channel", function()
    it("has no other fields and none that can be written", fiber(function()
        local channel = worker ""
        helper.bad_index(function() return channel.receive end)
        helper.EPERM(function() channel.x = 1 end)
        channel:close()
        helper.bad_index(function() return channel.receive end)
        channel:close()
        helper.EINVAL(function() channel.close(1) end, 1)
    end))

    it("compares by the VM", fiber(function()
        local a, b = worker "", worker ""
        assert.is_false(a == b)
        assert.is_false(a == inbox)
        a:close()
        assert.is_false(a == b)
        b:close()
        helper.ENOTSUP(function() return a == b end)
    end))

    it("ends with its VM: the peer gets no_senders", fiber(function()
        local channel = worker [[
            local address = inbox:receive()
            inbox:receive() ]]
        channel:send(inbox)
        channel:send("end")
        core("no_senders", function() inbox:receive() end)
    end))

    it("counts in a message that was not received", fiber(function()
        local holder = worker [[
            local go = inbox:receive()
            go = inbox:receive()
            go:send("was queued") ]]
        holder:send(1)
        holder:send(inbox)
        holder:close()
        assert.equal("was queued", inbox:receive())
    end))

    it("counts until it is collected, which happens in a quiet VM too", fiber(function()
        -- The worker drops the address and waits for us, as we wait for it.
        local channel = worker [[
            local address = inbox:receive()
            address = nil
            pcall(inbox.receive, inbox) ]]
        channel:send(inbox)
        core("no_senders", function() inbox:receive() end)
        channel:close()
    end))

    it("that is dropped by us lets the worker end", fiber(function()
        worker "pcall(inbox.receive, inbox)"
        local deadline = 60
        while #emilua.actors() > 0 and deadline > 0 do
            time.sleep(0.2)
            deadline = deadline - 1
        end
        assert.equal(0, #emilua.actors())
    end))

    it("is closed by the end of the run, and the actor ends", function()
        local kept
        helper.run(function() kept = worker "pcall(inbox.receive, inbox)" end)
        helper.run(function() core("channel_closed", function() kept:send(1) end) end)
    end)
end)

describe("inbox", function()
    it("is an object of class rx-channel with two methods", function()
        assert.equal("rx-channel", getmetatable(inbox))
        helper.bad_index(function() return inbox.send end)
        helper.EPERM(function() inbox.x = 1 end)
        assert.equal(inbox, require "emilua.inbox")
    end)

    it("checks arguments, then suspension", fiber(function()
        helper.EINVAL(function() inbox.receive() end, 1)
        helper.EINVAL(function() inbox.close({}) end, 1)
        this_fiber.forbid_suspend()
        core("forbid_suspend_block", function() inbox:receive() end)
        this_fiber.allow_suspend()
    end))

    it("says closed before busy before a message", fiber(function()
        local channel = actors.echo()
        local waiting = spawn(function() return pcall(inbox.receive, inbox) end)
        this_fiber.yield()
        inbox:close()
        core("channel_closed", function() inbox:receive() end)
        local ok, e = waiting:join()
        assert.is_false(ok)
        helper.is_error(e, "emilua.core", "channel_closed")
        channel:close()
    end))

    it("returns a queued message though no sender is left", fiber(function()
        local channel = worker "local a = inbox:receive() a:send('kept')"
        channel:send(inbox)
        channel:close()
        while #emilua.actors() > 0 do time.sleep(0.001) end
        assert.equal("kept", inbox:receive())
        core("no_senders", function() inbox:receive() end)
    end))

    it("loses nothing to an interrupted receive", fiber(function()
        local channel = actors.echo()
        local f = spawn(function() inbox:receive() end)
        this_fiber.yield()
        f:interrupt()
        channel:send("later")
        f:join()
        assert.equal("later", inbox:receive())
        channel:close()
    end))

    it("is new in each run", function()
        helper.run(function() inbox:close() end)
        helper.run(function()
            local channel = actors.echo()
            channel:send(1)
            assert.equal(1, inbox:receive())
            channel:close()
        end)
    end)

    it("closes at the end of a main fiber that never required it, though others run", fiber(function()
        local channel = emilua.spawn_vm { source = [[
            require "emilua".spawn(function() require "emilua.time".sleep(5) end) ]] }
        local n = 0
        while pcall(channel.send, channel, n) do
            n = n + 1
            this_fiber.yield()
        end
    end, { leaks = "ignore" }), { timeout = 20 })

    it("wakes a pending receive of another fiber after a hundred idle turns", fiber(function()
        local channel = worker [[
            local reply = inbox:receive()
            local f = emilua.spawn(function() return inbox:receive() end)
            for i = 1, 100 do emilua.this_fiber.yield() end
            reply:send(f:join()) ]]
        channel:send(inbox)
        channel:send("woken")
        assert.equal("woken", inbox:receive())
    end))
end)

describe("the end of a VM", function()
    it("is waited for by the run, in any context", function()
        local output = helper.child [[
            local emilua = require "emilua"
            emilua.run(function()
                for i = 1, 4 do
                    emilua.spawn_vm{ inherit_context = i % 2 == 0, source = [=[
                        require "emilua.time".sleep(0.1) print "slept" ]=] }
                end
            end)
            print "end" ]]
        -- print() writes a text and its end of line apart: lines of two threads may mix.
        assert.equal("sleptsleptsleptsleptend", (output:gsub("\n", "")))
    end)

    it("drops its fibers and closes its descriptors", fiber(function()
        local channel = worker [[
            local pipe = require "emilua.pipe"
            kept = { pipe.pair() }
            emilua.spawn(function() inbox:receive() end):detach()
            error("over", 0) ]]
        while pcall(channel.send, channel, 1) do this_fiber.yield() end
    end))

    it("comes when a cleanup handler fails", fiber(function()
        local channel = worker [[
            emilua.spawn(function() require "emilua.time".sleep(100) end):detach()
            emilua.scope(function() emilua.scope_cleanup_push(function() error "broken" end) end) ]]
        while pcall(channel.send, channel, 1) do this_fiber.yield() end
    end))

    it("of main by an error does not end the actors, which run waits for", function()
        local output = helper.child [[
            local emilua = require "emilua"
            print(pcall(emilua.run, function()
                emilua.spawn_vm{ source = "require 'emilua.time'.sleep(0.05) print 'actor'" }
                error("main", 0)
            end)) ]]
        assert.equal("actor\nfalse\tmain\n", output)
    end)
end)
