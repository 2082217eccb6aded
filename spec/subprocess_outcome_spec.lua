-- What comes of it when one of the processes behind an actor is killed: actors §8, §10, §12. A host of its own is
-- started in a session of its own, and with it ends everything that it has started.

local byte_span = require "emilua.byte_span"
local time = require "emilua.time"
local helper = require "spec.helper"
local probe = require "spec.process_probe"
local process = require "spec.process_helper"
local subprocess = require "spec.subprocess_helper"

local fiber = helper.fiber

helper.install()

-- A host with an actor whose options are OPTIONS. It says the actor's pid, and how receiving and sending end.
local HOST = [[
    local emilua = require "emilua"
    local inbox = require "emilua.inbox"
    local time = require "emilua.time"
    emilua.run(function()
        local actor = emilua.spawn_vm { subprocess = OPTIONS, source = [=[ACTOR]=] }
        print(actor.child_pid)
        DETACH
        io.flush()
        local function text(ok, e)
            if ok then return "value" end
            -- ECONNRESET where the peer has left something unread.
            return tostring(e.category) .. " " .. (e.code == 104 and 32 or e.code)
        end
        local sent, sent_error = pcall(actor.send, actor, inbox)
        if sent then print(text(pcall(inbox.receive, inbox))) end
        io.flush()
        if sent then print(text(pcall(inbox.receive, inbox))) end
        io.flush()
        repeat
            sent, sent_error = pcall(actor.send, actor, 1)
            time.sleep(0.001)
        until not sent
        print(text(sent, sent_error))
        print(text(pcall(emilua.spawn_vm, { source = "", subprocess = {} })))
        io.flush()
    end)
]]

-- Has an actor of its own, which waits like itself.
local ACTOR = [[
    local emilua = require "emilua"
    local inbox = require "emilua.inbox"
    local child = emilua.spawn_vm { subprocess = {}, source = "local i = require 'emilua.inbox' pcall(i.receive, i)" }
    child:send(true)
    inbox:receive():send(true)
    pcall(inbox.receive, inbox)
]]

local PLAIN, INIT = "{}", "{ newns_user = true, newns_pid = true }"

-- Starts a host; what it prints can be read line by line.
local function start(options, actor, detach)
    local parts = { OPTIONS = options, ACTOR = actor or ACTOR, DETACH = detach or "" }
    local script = helper.write_temporary((HOST:gsub("%u+", parts)))
    local host = process.start(('exec "$LUAJIT" %s'):format(helper.quote(script)), {
        stdout = "pipe", stderr = process.NONE, start_new_session = true,
        environment = {
            LUAJIT = helper.interpreter:match "^%S+", PATH = os.getenv "PATH", LUA_CPATH = helper.root .. "?.so;;",
        },
    })
    local buffer, rest = byte_span.new(200), ""
    local function line()
        while not rest:find "\n" do
            local ok, n = pcall(host.stdout.read_some, host.stdout, buffer)
            if not ok then return nil end
            rest = rest .. tostring(buffer:first(n))
        end
        local first, more = rest:match "^(.-)\n(.*)$"
        rest = more
        return first
    end
    return host, line, script
end

-- Kills by number, as it is at this moment.
local function kill(pid) os.execute("kill -9 " .. pid .. " 2>/dev/null") end

-- Waits until no process of the session is left.
local function ends(session)
    local left
    for _ = 1, 4000 do
        left = probe.session(session)
        if #left == 0 then return end
        time.sleep(0.005)
    end
    local texts = {}
    for i, pid in ipairs(left) do
        texts[i] = helper.shell(("cat /proc/%d/cmdline /proc/%d/wchan 2>&1; ls -l /proc/%d/fd"):format(pid, pid, pid))
        kill(pid)
    end
    error("left running: " .. table.concat(left, " ") .. "\n" .. table.concat(texts, "\n"):gsub("%z", " "))
end

-- Starts a host, kills the process that `choose` gives for the actor's pid, and compares what the host says then.
local function outcome(options, choose, expected, actor)
    local host, line, script = start(options, actor)
    local session = host.pid
    local pid = tonumber(line())
    assert.equal("value", line())
    kill(choose(pid, session))
    local said = {}
    for i = 1, #expected do said[i] = line() end
    assert.same(expected, said)
    host.stdout:close()
    host:wait()
    os.remove(script)
    ends(session)
end

local NO_SENDERS, EPIPE = "emilua.core 16", "system 32"

describe("a killed", function()
    for name, options in pairs { ["plain"] = PLAIN, ["with PID 1"] = INIT } do
        it("actor is no sender and EPIPE, its own actors end, others can be made: " .. name, fiber(function()
            outcome(options, function(pid) return options == INIT and probe.children(pid)[1] or pid end,
                { NO_SENDERS, EPIPE, "value" })
        end))

        it("supervisor ends its actors and makes no more: " .. name, fiber(function()
            outcome(options, function(pid) return probe.parent(pid) end, { NO_SENDERS, EPIPE, "system 32" })
        end))

        it("host leaves actors that see it, and nothing of them when they have ended: " .. name, fiber(function()
            outcome(options, function(_, session) return session end, {})
        end))
    end

    it("PID 1 takes its namespace along", fiber(function()
        outcome(INIT, function(pid) return pid end, { NO_SENDERS, EPIPE, "value" })
    end))

    it("supervisor of an actor leaves the actor, which can make no others", fiber(function()
        outcome(PLAIN, function(pid) return probe.children(pid)[1] end, { "value", EPIPE, "value" }, [[
            local emilua = require "emilua"
            local inbox = require "emilua.inbox"
            local reply = inbox:receive()
            reply:send(true)
            local ok
            repeat
                ok = pcall(emilua.spawn_vm, { source = "", subprocess = {} })
                require("emilua.time").sleep(0.001)
            until not ok
            reply:send(true)
        ]])
    end))

    it("host ends an actor that was made to die with it, whatever it does, detached or not", fiber(function()
        for _, detach in ipairs { "", "actor:detach()" } do
            for _, options in ipairs { PLAIN, INIT } do
                local host, line, script = start("{ die_with_host = true, " .. options:sub(2), [[
                    require("emilua.inbox"):receive():send(true)
                    while true do end
                ]], detach)
                line()
                assert.equal("value", line())
                host:kill(9)
                host:wait()
                host.stdout:close()
                os.remove(script)
                ends(host.pid)
            end
        end
    end))

    it("host does not end an actor that waits for something else", fiber(function()
        local host, line, script = start(PLAIN, [[
            require("emilua.inbox"):receive():send(true)
            require("emilua.time").sleep(3600)
        ]])
        local session, pid = host.pid, tonumber(line())
        assert.equal("value", line())
        local supervisor = probe.parent(pid)
        host:kill(9)
        host:wait()
        host.stdout:close()
        os.remove(script)
        assert.is_true(probe.is_alive(pid))
        -- It stays, so that its executable does.
        assert.is_true(probe.is_alive(supervisor))
        kill(pid)
        ends(session)
    end))
end)

describe("PID 1", function()
    -- The script forks in a new PID namespace: its child goes on as PID 1, whose status the script can read.
    local SCRIPT = [[
        local ffi = require "ffi"
        ffi.cdef "int fork(void); int waitpid(int, int *, int);"
        C.unshare(bit.bor(C.CLONE_NEWUSER, C.CLONE_NEWPID))
        local child = ffi.C.fork()
        if child ~= 0 then
            local status = ffi.new "int[1]"
            ffi.C.waitpid(child, status, 0)
            print(bit.band(bit.rshift(status[0], 8), 0xff), bit.band(status[0], 0x7f))
            os.exit(0)
        end
    ]]

    local KILL = "local ffi = require 'ffi' ffi.cdef 'int kill(int, int); int getpid(void);' "
    for source, status in pairs {
        ["require('emilua.system').exit(7)"] = 7,
        ["error('on purpose')"] = 1,
        [KILL .. "ffi.C.kill(ffi.C.getpid(), 9)"] = 137,
        [KILL .. "ffi.C.kill(ffi.C.getpid(), 40)"] = 168,
        [""] = 0,
    } do
        it("ends as the actor ends: " .. status, fiber(function()
            local channel, output = subprocess.speaking(source, { init = { script = SCRIPT } })
            assert.matches(status .. "\t0\n$", output())
            channel:close()
        end))
    end
end)

describe("a kill at any moment", function()
    -- The script waits here and there, so that its process lives long enough to be met in it.
    local SCRIPT = [=[{ newns_user = NEW, newns_pid = NEW, init = { script = [[
        local ffi = require "ffi"
        ffi.cdef "int usleep(unsigned int);"
        for _ = 1, 10 do ffi.C.usleep(200) end
    ]] } }]=]

    local seed = tonumber(os.getenv "EMILUA_SEED") or os.time()

    it("leaves nothing behind, and nobody waits for ever (seed " .. seed .. ")", fiber(function()
        math.randomseed(seed)
        for round = 1, tonumber(os.getenv "EMILUA_KILLS") or 40 do
            local options = SCRIPT:gsub("NEW", tostring(round % 2 == 0))
            local host, _, script = start(options)
            local session = host.pid
            time.sleep(0.008 + math.random() * 0.03)
            local all = probe.session(session)
            if #all > 0 then kill(all[math.random(#all)]) end
            host.stdout:close()
            -- What is left goes on to its end: the host sees what has happened, or is told to end.
            time.sleep(0.02)
            pcall(host.kill, host, 15)
            host:wait()
            ends(session)
            os.remove(script)
        end
    end))
end)
