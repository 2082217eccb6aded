-- spawn_vm{subprocess}, ipc_actor_channel: actors §2, §6 to §8, and the list of §19 from 19 on.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local inbox = require "emilua.inbox"
local pipe = require "emilua.pipe"
local time = require "emilua.time"
local helper = require "spec.helper"
local subprocess = require "spec.subprocess_helper"

local fiber, spawn, speaking = helper.fiber, subprocess.spawn, subprocess.speaking

helper.install()

describe("spawn_vm{subprocess}", function()
    it("checks its options in the chapter's order", fiber(function()
        local function refused(options, arg, number)
            local ok, e = pcall(emilua.spawn_vm, options)
            assert.is_false(ok)
            helper.is_error(e, "generic", number or "EINVAL", { arg = arg })
        end
        refused({ source = "", inherit_context = true, subprocess = {} }, 1)
        refused({ source = "", new_master = false, subprocess = {} }, 1)
        refused({ source = "", subprocess = { secomp = byte_span.new(8) } }, "subprocess/secomp")
        refused({ source = "", subprocess = { true } }, "subprocess/1")
        for _, name in ipairs { "user", "mount", "pid", "net", "ipc", "uts" } do
            refused({ source = "", subprocess = { ["newns_" .. name] = 1 } }, "subprocess/newns_" .. name)
        end
        for _, name in ipairs { "stdin", "stdout", "stderr" } do
            refused({ source = "", subprocess = { [name] = "shared" } }, "subprocess/" .. name)
            refused({ source = "", subprocess = { [name] = 1 } }, "subprocess/" .. name)
        end
        refused({ source = "", subprocess = { environment = "A=B" } }, "subprocess/environment")
        refused({ source = "", subprocess = { environment = { A = 1 } } }, "subprocess/environment")
        refused({ source = "", subprocess = { environment = { "A" } } }, "subprocess/environment")
        refused({ source = "", subprocess = { source_tree_cache = { ["a.lua"] = 1 } } }, "subprocess/source_tree_cache")
        refused({ source = "", subprocess = { init = "" } }, "subprocess/init")
        refused({ source = "", subprocess = { init = {} } }, "subprocess/init/script")
        refused({ source = "", subprocess = { init = { script = "", arg = 3 } } }, "subprocess/init/arg")
        local endless = {}
        endless[1] = endless
        for _, values in ipairs { 1, { 1 }, { f = print }, { t = { 0 / 0 } }, { t = { [math.huge] = 1 } }, endless } do
            local init = { script = "-", values = values }
            refused({ source = "", subprocess = { init = init } }, "subprocess/init/values")
        end
        refused({ source = "", subprocess = { ipc = { strings = 65537 } } }, "subprocess/ipc")
    end))

    it("gives the child the environment of the options and nothing else", fiber(function()
        local channel, output = speaking([[
            print(os.getenv("A"), os.getenv("HOME"), os.getenv("PATH"))
        ]], { environment = { A = "b c" } })
        assert.equal("b c\tnil\tnil\n", output())
        channel:close()
    end))

    it("gives the child the standard streams, its inbox, and no other descriptor", fiber(function()
        local channel, output = speaking [[
            for line in io.popen("ls -l /proc/$PPID/fd"):lines() do
                local number, target = line:match("(%d+) %-> (.*)")
                -- The loop's own descriptors have no name.
                if target and not target:find("^anon_inode:") then print(number .. " " .. target:match("^%a+")) end
            end
        ]]
        local kinds, count = {}, { pipe = 0, socket = 0 }
        for number, kind in output():gmatch("(%d+) (%a+)\n") do
            kinds[tonumber(number)] = kind
            count[kind] = count[kind] + 1
        end
        assert.same({ "pipe", "pipe", "pipe", "socket" }, { kinds[0], kinds[1], kinds[2], kinds[3] })
        -- One pipe, or both of its ends still, is that to ls, one socket that to the actor's own supervisor.
        assert.is_true(count.pipe == 4 or count.pipe == 5, count.pipe)
        assert.equal(2, count.socket)
        channel:close()
    end))

    it("makes streams that are not given dead ends", fiber(function()
        local channel, output = speaking [[
            print(io.read("*a") == "")
        ]]
        assert.equal("true\n", output())
        channel:close()
    end))

    it("reports a failing actor and ends it with 1", fiber(function()
        local channel, output = speaking("error 'oops'")
        assert.matches("oops", output())
        channel:close()
    end))

    it("without a module ends the child, whose script alone is of interest", fiber(function()
        local read, write = pipe.pair()
        local stderr = write:release()
        local channel = emilua.spawn_vm { module = "", subprocess = { stderr = stderr } }
        stderr:close()
        assert.matches("without a module", subprocess.drain(read), 1, true)
        channel:close()
    end))

    it("makes actors of actors", fiber(function()
        local channel, output = speaking([[
            local emilua = require "emilua"
            local inbox = require "emilua.inbox"
            local child = emilua.spawn_vm { subprocess = {}, source = [=[
                local inbox = require "emilua.inbox"
                inbox:receive():send("from below")
            ]=] }
            child:send(inbox)
            print(inbox:receive())
        ]])
        assert.equal("from below\n", output())
        channel:close()
    end))
end)

describe("a message to another process", function()
    -- Each is sent alone and as a member, to a fiber that waits and to one that comes later.
    local VALUES = { "", "text", ("x"):rep(255), "\0\255", true, false, 0, 1, 42, -1.5, 1 / 0, -1 / 0, 2 ^ 53 }

    it("carries every scalar there and back", fiber(function()
        local channel = spawn(subprocess.ECHO)
        channel:send(inbox)
        for _, value in ipairs(VALUES) do
            channel:send(value)
            assert.equal(value, inbox:receive())
            channel:send { value = value }
            assert.same({ value = value }, inbox:receive())
        end
        channel:send(0 / 0)
        local nan = inbox:receive()
        assert.is_true(nan ~= nan)
        channel:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("is queued while nobody receives", fiber(function()
        local channel = spawn(subprocess.ECHO)
        channel:send(inbox)
        for _, value in ipairs(VALUES) do channel:send(value) end
        time.sleep(0.01)
        for _, value in ipairs(VALUES) do assert.equal(value, inbox:receive()) end
        channel:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("carries descriptors, of which the sender closes its own", fiber(function()
        local channel = spawn [[
            local inbox = require "emilua.inbox"
            local fd = inbox:receive().pipe
            local write = require("emilua.pipe").write_stream.new(fd)
            require("emilua.stream").write_all(write, "through")
        ]]
        local read, write = pipe.pair()
        local fd = write:release()
        channel:send { pipe = fd }
        fd:close()
        local buffer = byte_span.new(20)
        local n = read:read_some(buffer)
        assert.equal("through", tostring(buffer:first(n)))
        helper.raises("asio.misc", "eof", function() read:read_some(buffer) end)
        read:close()
        channel:close()
    end))

    it("carries the address of an actor in this process", fiber(function()
        local worker = emilua.spawn_vm { source = [[
            local inbox = require "emilua.inbox"
            local reply = inbox:receive()
            reply:send(inbox:receive() .. " in the process")
        ]] }
        worker:send(inbox)
        local channel = spawn [[
            local inbox = require "emilua.inbox"
            inbox:receive().worker:send("reached")
        ]]
        channel:send { worker = worker }
        worker:close()
        assert.equal("reached in the process", inbox:receive())
        channel:close()
    end))

    it("has limits that emilua.limits tells", fiber(function()
        local limits = emilua.limits
        assert.same({ ipc_members = 20, ipc_string = 255, ipc_long_string = 65536 }, limits)
        local channel = spawn "require('emilua.inbox'):receive()"
        helper.EINVAL(function() channel:send(("x"):rep(limits.ipc_string + 1)) end, 2)
        channel:send(("x"):rep(limits.ipc_string))
        channel:close()
        helper.EINVAL(function()
            emilua.spawn_vm { source = "", subprocess = { ipc = { strings = limits.ipc_long_string + 1 } } }
        end, "subprocess/ipc")
    end))

    it("carries 20 members, addresses too, and no more", fiber(function()
        local channel = spawn [[
            local inbox = require "emilua.inbox"
            local n = 0
            for _, address in pairs(inbox:receive()) do
                n = n + 1
                if n == 20 then address:send("twenty") end
            end
        ]]
        local message = {}
        for i = 1, 20 do message["k" .. i] = inbox end
        channel:send(message)
        assert.equal("twenty", inbox:receive())
        message.one_more = true
        helper.EINVAL(function() channel:send(message) end, 2)
        channel:close()
    end))

    it("is EINVAL for what cannot travel, before any IO", fiber(function()
        local channel = spawn ""
        local long = ("x"):rep(256)
        local many = {}
        for i = 1, 2000 do many["k" .. i] = i end
        for name, value in pairs {
            nothing = {}, list = { 1, 2 }, span = byte_span.new(1), member = { x = byte_span.new(1) }, long = long,
            long_value = { x = long }, long_key = { [long] = 1 }, many = many, nested = { x = {} }, f = print,
            thread = coroutine.create(print), metatable = setmetatable({ x = 1 }, {}), fiber = emilua.this_fiber,
        } do
            local ok, e = pcall(channel.send, channel, value)
            assert.is_false(ok, name)
            helper.is_error(e, "generic", "EINVAL", { arg = 2 })
        end
        helper.EINVAL(function() channel:send(nil) end, 2)
        helper.EINVAL(function() channel:send() end)
        channel:close()
    end))

    it("skips keys that are no strings", fiber(function()
        local channel = spawn(subprocess.ECHO)
        channel:send(inbox)
        channel:send { [1] = "x", [true] = "y", k = "z" }
        assert.same({ k = "z" }, inbox:receive())
        channel:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("with a descriptor twice, or one in flight, is EBUSY", fiber(function()
        local channel = spawn ""
        local read, write = pipe.pair()
        local fd = write:release()
        helper.EBUSY(function() channel:send { a = fd, b = fd } end)
        -- It is free again.
        fd:close()
        read:close()
        channel:close()
    end))

    it("has texts of the second format where that is agreed", fiber(function()
        local channel = spawn(subprocess.ECHO, { ipc = { strings = 5000 } })
        channel:send(inbox)
        local long = ("0123456789"):rep(500)
        channel:send { [long] = long }
        assert.same({ [long] = long }, inbox:receive())
        channel:send(byte_span.append(long))
        local span = inbox:receive()
        assert.equal("byte_span", getmetatable(span))
        assert.equal(long, tostring(span))
        helper.EINVAL(function() channel:send(long .. "x") end, 2)
        channel:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("is waited for by the thread where the VM has one fiber, and by no means for long", fiber(function()
        local channel = spawn(subprocess.ECHO)
        channel:send(inbox)
        for i = 1, 500 do
            channel:send(i)
            assert.equal(i, inbox:receive())
        end
        -- Where the fiber cannot be suspended, or not for long, and where there are others.
        helper.raises("generic", "EPERM", function()
            table.sort({ 1, 2 }, function() return inbox:receive() end)
        end)
        helper.raises("generic", "ETIMEDOUT", function() emilua.timeout(0.01, inbox.receive, inbox) end)
        local slept = emilua.spawn(function()
            time.sleep(0.01)
            channel:send "after that"
        end)
        assert.equal("after that", inbox:receive())
        slept:join()
        local f = emilua.spawn(function() inbox:receive() end)
        emilua.this_fiber.yield()
        f:interrupt()
        f:join()
        assert.is_true(f.interruption_caught)
        -- By an actor of this process, which is another sender.
        emilua.spawn_vm {
            source = [[
                local reply = require("emilua.inbox"):receive()
                require("emilua.time").sleep(0.01)
                reply:send "from here"
            ]],
            inherit_context = false,
        }:send(inbox)
        assert.equal("from here", inbox:receive())
        channel:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("that is sent before close() is delivered", fiber(function()
        local channel, output = speaking [[
            local inbox = require "emilua.inbox"
            require("emilua.time").sleep(0.02)
            for _ = 1, 3 do print(inbox:receive()) end
            print(select(2, pcall(inbox.receive, inbox)))
        ]]
        for i = 1, 3 do channel:send(i) end
        channel:close()
        assert.equal("1\n2\n3\nBroadcast the address before attempting to receive on it\n", output())
    end))
end)

-- Calls f(...) until it fails, as it does once the child has ended; the error.
local function failure(f, ...)
    local ok, e
    repeat
        ok, e = pcall(f, ...)
        time.sleep(0.001)
    until not ok
    return e
end

describe("ipc_actor_channel", function()
    it("has a class, and fields that cannot be written", fiber(function()
        local channel = spawn ""
        assert.equal("ipc_actor_channel", getmetatable(channel))
        helper.EPERM(function() channel.x = 1 end)
        helper.bad_index(function() return channel.x end)
        helper.EINVAL(function() channel.send(1, 2) end, 1)
        helper.EINVAL(function() channel.close(1) end, 1)
        channel:close()
    end))

    it("is closed once and for all", fiber(function()
        local channel = spawn ""
        channel:close()
        channel:close()
        helper.raises("emilua.core", "channel_closed", function() channel:send(1) end)
        helper.raises("emilua.core", "channel_closed", function() channel:kill() end)
        helper.EINVAL(function() channel:detach() end, 1)
        helper.EINVAL(function() return channel.child_pid end)
    end))

    it("kills the child, or sends it another signal", fiber(function()
        local channel, output = speaking "print 'up' io.stdout:flush() require('emilua.time').sleep(3600)"
        assert.is_number(channel.child_pid)
        channel:kill(0)
        helper.EINVAL(function() channel:kill("TERM") end, 2)
        channel:kill()
        helper.raises("emilua.core", "channel_closed", function() channel:send(1) end)
        output()
    end))

    it("kills a child that has ended: that is no error, and closes the channel", fiber(function()
        for _, signo in ipairs { false, 9 } do
            local channel, output = speaking ""
            output()
            helper.is_error(failure(channel.kill, channel, 0), "system", "ESRCH")
            channel:kill(signo or nil)
            helper.raises("emilua.core", "channel_closed", function() channel:kill() end)
        end
    end))

    it("gives no rights of a parent to who received it", fiber(function()
        local channel = spawn(subprocess.ECHO)
        channel:send(inbox)
        channel:send { me = inbox }
        local address = inbox:receive().me
        assert.equal("ipc_actor_channel", getmetatable(address))
        helper.EPERM(function() address:kill() end)
        helper.EINVAL(function() address:detach() end, 1)
        helper.EINVAL(function() return address.child_pid end)
        address:send("round")
        assert.equal("round", inbox:receive())
        address:close()
        channel:close()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))

    it("raises EPIPE when the peer is gone", fiber(function()
        local channel, output = speaking ""
        output()
        helper.is_error(failure(channel.send, channel, 1), "system", "EPIPE")
        channel:close()
    end))

    it("an inbox that is closed is EPIPE for the sender at once", fiber(function()
        local channel = spawn [[
            local inbox = require "emilua.inbox"
            local reply = inbox:receive()
            inbox:close()
            reply:send("closed")
            require("emilua.time").sleep(3600)
        ]]
        channel:send(inbox)
        assert.equal("closed", inbox:receive())
        local ok, e = pcall(channel.send, channel, 1)
        assert.is_false(ok)
        helper.is_error(e, "system", "EPIPE")
        channel:kill()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))
end)

describe("the life of a child", function()
    local function alive(pid)
        local file = io.open("/proc/" .. pid .. "/stat")
        if not file then return false end
        local state = file:read("*a"):match("%) (%a)")
        file:close()
        return state ~= "Z" and state ~= "X"
    end

    local function ends(pid)
        for _ = 1, 2000 do
            if not alive(pid) then return true end
            os.execute("sleep 0.005")
        end
        return false
    end

    local SLEEP = "require('emilua.time').sleep(3600)"

    it("ends with the run that spawned it", function()
        local pid = helper.run(function()
            return emilua.spawn_vm({ source = SLEEP, subprocess = {} }).child_pid
        end, { leaks = "ignore" })
        assert.is_true(ends(pid))
    end)

    it("goes on when it was detached", function()
        local pid, channel = helper.run(function()
            local new = emilua.spawn_vm { source = SLEEP, subprocess = {} }
            local id = new.child_pid
            new:detach()
            return id, new
        end, { leaks = "ignore" })
        assert.is_true(alive(pid))
        os.execute("kill -9 " .. pid)
        assert.is_true(ends(pid))
        helper.run(function() channel:close() end)
    end)

    it("ends when the host ends by os.exit", function()
        local output = helper.child(([[
            local emilua = require "emilua"
            emilua.run(function()
                local child = emilua.spawn_vm { source = %q, subprocess = {} }
                print(child.child_pid)
                os.exit(0)
            end)
        ]]):format(SLEEP))
        assert.is_true(ends(assert(output:match("%d+"))))
    end)

    it("is over for who waits when it is killed", fiber(function()
        local channel = spawn [[
            local inbox = require "emilua.inbox"
            local reply = inbox:receive()
            reply:send(1)
            require("emilua.time").sleep(3600)
        ]]
        channel:send(inbox)
        assert.equal(1, inbox:receive())
        channel:kill()
        helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
    end))
end)

describe("the supervisor", function()
    it("that is killed makes spawn_vm fail, and ends no actor of itself", function()
        local output = helper.child [[
            local emilua = require "emilua"
            emilua.run(function()
                local child = emilua.spawn_vm { source = "require('emilua.time').sleep(3600)", subprocess = {} }
                -- The supervisor is the parent of its actors, and nobody's child.
                os.execute("kill -9 $(sed -n 's/^PPid:.//p' /proc/" .. child.child_pid .. "/status)")
            end)
            emilua.run(function()
                local ok, e = pcall(emilua.spawn_vm, { source = "", subprocess = {} })
                print(ok, tostring(e.category))
            end)
        ]]
        assert.matches("^false\t", output)
    end)
end)
