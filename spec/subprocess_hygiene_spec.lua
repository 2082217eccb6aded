-- What the processes of actors have of their host and of each other: memory and descriptors, actors §15. They are
-- looked at from outside, through /proc.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local inbox = require "emilua.inbox"
local pipe = require "emilua.pipe"
local stream = require "emilua.stream"
local time = require "emilua.time"
local helper = require "spec.helper"
local probe = require "spec.process_probe"
local process = require "spec.process_helper"
require "spec.subprocess_helper"

local fiber = helper.fiber

helper.install()

-- Waits until `f` gives something true.
local function eventually(f, what)
    for _ = 1, 2000 do
        local value = f()
        if value then return value end
        time.sleep(0.005)
    end
    error((what or "it") .. " does not come about")
end

-- A text that is nowhere else.
local function secret(name) return ("%s-%d-%d"):format(name, os.time(), math.random(2 ^ 31)) end

local ACTOR = [[
    local inbox = require "emilua.inbox"
    inbox:receive():send(true)
    pcall(inbox.receive, inbox)
]]

-- Starts an actor and waits until its code runs.
local function start(options, source)
    local actor = emilua.spawn_vm { source = source or ACTOR, subprocess = options }
    actor:send(inbox)
    assert.equal(true, inbox:receive())
    return actor
end

-- The processes behind an actor's channel: {name → pid}.
local function processes(actor, has_init)
    local all = { supervisor = probe.parent(actor.child_pid) }
    if has_init then
        all["PID 1"] = actor.child_pid
        all.actor = eventually(function() return probe.children(actor.child_pid)[1] end, "the actor")
    else
        all.actor = actor.child_pid
    end
    all["the actor's supervisor"] = eventually(function() return probe.children(all.actor)[1] end, "its supervisor")
    return all
end

-- Asserts that none of the texts is in the processes.
local function absent(texts, all)
    for name, pid in pairs(all) do
        -- A process that has made itself undumpable: root alone can look.
        if probe.is_hidden(pid) then
            assert.equal("PID 1", name)
            goto continue
        end
        -- What another process has inherited it wipes or unmaps on its own time.
        local found, looked
        pcall(eventually, function()
            found, looked = probe.search(pid, texts)
            return #found == 0
        end)
        assert.same({}, found, name)
        assert.is_true(looked > 2 ^ 20, name)
        ::continue::
    end
end

local function finish(actor)
    actor:close()
    helper.raises("emilua.core", "no_senders", function() inbox:receive() end)
end

describe("the host's memory", function()
    -- Puts the marks where the host has data, and starts two actors.
    local HOST = [[
        local ffi = require "ffi"
        local emilua = require "emilua"
        local inbox = require "emilua.inbox"
        ffi.cdef "void *malloc(size_t);"
        local mark = io.read "*l"
        HEAP = mark .. "-in-lua"
        local allocated = mark .. "-in-malloc"
        ffi.copy(ffi.C.malloc(#allocated + 1), allocated)
        for line in io.lines "/proc/self/maps" do
            local low = line:match "^(%x+)%-.*%[stack%]"
            -- Below what is in use, where frames have been and will be.
            if low then ffi.copy(ffi.cast("char *", tonumber(low, 16) + 64), mark .. "-on-the-stack") end
        end
        emilua.run(function()
            local pids = {}
            for i, options in ipairs { {}, { newns_user = true, newns_pid = true } } do
                local actor = emilua.spawn_vm { subprocess = options, source = [=[]] .. ACTOR .. [[]=] }
                actor:send(inbox)
                inbox:receive()
                pids[i] = actor.child_pid
            end
            print(table.concat(pids, " "))
            io.flush()
            io.read "*l"
        end)
    ]]

    it("is in the host, and nowhere else", fiber(function()
        local mark = secret "host"
        local script = helper.write_temporary(HOST)
        local host = process.start(('exec "$LUAJIT" %s %s-in-an-argument'):format(helper.quote(script), mark), {
            stdin = "pipe", stdout = "pipe", stderr = "share",
            environment = {
                LUAJIT = helper.interpreter:match "^%S+", PATH = os.getenv "PATH", MARK = mark .. "-in-the-environment",
                LUA_CPATH = helper.root .. "?.so;;",
            },
        })
        stream.write_all(host.stdin, mark .. "\n")
        local buffer = byte_span.new(100)
        local plain, init = tostring(buffer:first(host.stdout:read_some(buffer))):match "^(%d+) (%d+)\n"
        local marks = {}
        for _, place in ipairs { "in-lua", "in-malloc", "on-the-stack", "in-an-argument", "in-the-environment" } do
            marks[place] = mark .. "-" .. place
        end

        local found = table.concat(probe.search(host.pid, marks), "\n")
        for place in pairs(marks) do assert.matches(place, found, 1, true) end

        -- Whatever became of it.
        marks.any = mark
        absent(marks, processes { child_pid = tonumber(plain) })
        absent(marks, processes({ child_pid = tonumber(init) }, true))
        host.stdin:close()
        host:wait()
        host.stdout:close()
        os.remove(script)
    end))
end)

describe("the secrets of a container", function()
    local SCRIPT = [[
        -- %s
        local text = "%s"
        local received = C.read(arg, 100)
        assert(#text > 0 and #received > 0)
    ]]

    -- An actor with secrets in all that it is told: the channel and the secrets.
    local function container(options)
        local told = {}
        for _, place in ipairs { "comment", "script", "argument", "source", "tree", "environment", "message" } do
            told[place] = secret(place)
        end
        local read, write = pipe.pair()
        stream.write_all(write, told.argument)
        write:close()
        local fd = read:release()
        options.init = { script = SCRIPT:format(told.comment, told.script), arg = fd }
        options.environment = { SECRET = told.environment }
        options.source_tree_cache = { ["x.lua"] = "return '" .. told.tree .. "'" }
        local actor = emilua.spawn_vm {
            source = "-- " .. told.source .. "\nlocal message = require('emilua.inbox'):receive()\n" .. ACTOR,
            subprocess = options,
        }
        fd:close()
        actor:send(told.message)
        actor:send(inbox)
        assert.equal(true, inbox:receive())
        return actor, told
    end

    for name, options in pairs {
        ["plain"] = {}, ["with PID 1"] = { newns_user = true, newns_pid = true },
    } do
        it("are in its actor only, those of its script nowhere: " .. name, fiber(function()
            local actor, told = container(options)
            local all = processes(actor, options.newns_pid)
            local script = { comment = told.comment, script = told.script, argument = told.argument }
            absent(script, { actor = all.actor })
            local found = table.concat(probe.search(all.actor, told), "\n")
            for _, place in ipairs { "source", "tree", "environment" } do assert.matches(place, found, 1, true) end
            all.actor = nil
            absent(told, all)

            options.init, options.environment, options.source_tree_cache = { script = " " }, nil, nil
            local next = start(options)
            absent(told, processes(next, options.newns_pid))
            next:close()
            finish(actor)
        end))
    end
end)

describe("the descriptors", function()
    -- Those beyond the first four by kind: how many of each.
    local function rest(descriptors)
        local count = {}
        for number, kind in pairs(descriptors) do
            if number > 3 then count[kind] = (count[kind] or 0) + 1 end
        end
        return count
    end

    it("are not those that a program has inherited", fiber(function()
        local actor = start({}, [[
            local system, none = require "emilua.system", true
            for number = 3, 9 do none = none and system.get_lowfd(number) == nil end
            require("emilua.inbox"):receive():send(none)
        ]])
        finish(actor)
    end))

    local STANDARD = { [0] = "pipe", "pipe", "pipe" }
    local CONTROL = { [0] = "pipe", "pipe", "pipe", "socket x" }
    -- The sockets of a run's reactor and of the actor's supervisor.
    local RUNTIME = {
        ["socket x"] = 1, ["anon_inode:[eventpoll] x"] = 2, ["anon_inode:[eventfd] x"] = 1,
        ["anon_inode:[timerfd] x"] = 1,
    }

    for name, options in pairs {
        ["plain"] = {}, ["with PID 1"] = { newns_user = true, newns_pid = true },
    } do
        it("of each process are known: " .. name, fiber(function()
            options.init = { script = "for _ = 1, 20 do C.open('/dev/null', C.O_RDONLY) end" }
            -- The answer's socket is closed first.
            local actor = start(options, [[
                local inbox = require "emilua.inbox"
                local reply = inbox:receive()
                reply:send(true)
                reply:close()
                pcall(inbox.receive, inbox)
            ]])
            local all = processes(actor, options.newns_pid)

            local function is(pid, expected)
                local held
                pcall(eventually, function()
                    held = probe.descriptors(pid)
                    return pcall(assert.same, expected, held)
                end, "")
                assert.same(expected, held)
            end
            local expected = { [3] = "socket x" }
            local own = probe.descriptors(helper.pid())
            for number = 0, 2 do expected[number] = own[number]:gsub(" x$", "") end
            is(all.supervisor, expected)
            if options.newns_pid then is(all["PID 1"], {}) end
            is(all["the actor's supervisor"], CONTROL)

            local held = eventually(function()
                local now = probe.descriptors(all.actor)
                return pcall(assert.same, RUNTIME, rest(now)) and now
            end, "the runtime's descriptors alone")
            for number = 0, 2 do assert.equal(STANDARD[number], held[number]) end
            assert.equal("socket x", held[3])
            finish(actor)
        end))
    end
end)
