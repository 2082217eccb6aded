-- system.signal: raise, ignore, default, and sets that fibers wait for.

local emilua = require "emilua"
local asio_error = require "emilua.asio_error"
local system = require "emilua.system"
local helper = require "spec.helper"

local spawn, this_fiber = emilua.spawn, emilua.this_fiber
local fiber = helper.fiber
local signal = system.signal
local SIGUSR1, SIGUSR2, SIGHUP = signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP

-- The descriptor that handlers write to stays open once it is.
setup(function()
    signal.set.new(SIGUSR1)
    collectgarbage()
end)

helper.install()

-- A signal's disposition: "default", "ignored" or "handled", as the kernel tells it.
local function disposition(number)
    local function has(line)
        local word = io.open("/proc/self/status"):read("*a"):match(line .. ":%s*(%x+)")
        return math.floor(tonumber(word:sub(-16), 16) / 2 ^ (number - 1)) % 2 == 1
    end
    return has("SigIgn") and "ignored" or has("SigCgt") and "handled" or "default"
end

-- The run's body with sets that are emptied at its end.
local function with_sets(f)
    return fiber(function()
        local sets = {}
        local ok, e = pcall(f, function(...)
            sets[#sets + 1] = signal.set.new(...)
            return sets[#sets]
        end)
        for _, set in ipairs(sets) do set:clear() end
        if not ok then error(e, 0) end
    end)
end

describe("system.signal", function()
    it("has the numbers of the host", function()
        local names = [[ABRT FPE ILL INT SEGV TERM ALRM BUS CHLD CONT HUP IO KILL PIPE PROF QUIT STOP SYS TRAP TSTP
            TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ]]
        local numbers = helper.shell("bash -c 'for s in " .. names:gsub("%s+", " ") .. "; do kill -l $s; done'")
        local number = numbers:gmatch "%d+"
        for name in names:gmatch "%u[%u%d]*" do assert.equal(tonumber(number()), signal["SIG" .. name], name) end
    end)

    it("is a plain table, in which absent names are nil", function()
        assert.equal("table", type(signal))
        assert.is_nil(getmetatable(signal))
        assert.is_nil(signal.SIGBREAK)
    end)
end)

describe("system.signal.raise", function()
    it("sends to this process", with_sets(function(new)
        local set = new(SIGUSR1)
        assert.equal(0, select("#", signal.raise(SIGUSR1)))
        assert.equal(SIGUSR1, set:wait())
    end))

    it("ends it when nothing else is said", function()
        local _, status = helper.child [[
            local signal = require "emilua.system".signal
            signal.raise(signal.SIGUSR1) ]]
        assert.equal(128 + SIGUSR1, status)
    end)

    it("of an invalid number is raise_error with ret", function()
        for _, number in ipairs{ 999, -1 } do
            local e = helper.raises("emilua.core", "raise_error", function() signal.raise(number) end)
            assert.not_equal(0, e.ret)
        end
    end)

    it("takes a number only", function()
        helper.argument_error(function() signal.raise "SIGINT" end, 1)
        helper.EINVAL(function() signal.raise(1.5) end, 1)
    end)
end)

describe("system.signal.ignore and default", function()
    it("set dispositions", function()
        signal.ignore(SIGHUP)
        assert.equal("ignored", disposition(SIGHUP))
        signal.raise(SIGHUP)
        signal.default(SIGHUP)
        assert.equal("default", disposition(SIGHUP))
    end)

    it("raise EPERM while a set holds the signal", with_sets(function(new)
        local set = new(SIGHUP)
        helper.EPERM(function() signal.ignore(SIGHUP) end)
        helper.EPERM(function() signal.default(SIGHUP) end)
        set:remove(SIGHUP)
        signal.ignore(SIGHUP)
        signal.default(SIGHUP)
    end))

    it("raise the system's error for what cannot be set", function()
        for _, f in ipairs{ signal.ignore, signal.default } do
            helper.raises("system", "EINVAL", function() f(signal.SIGKILL) end)
            helper.raises("system", "EINVAL", function() f(999) end)
            helper.argument_error(function() f() end, 1)
        end
    end)
end)

describe("system.signal.set.new", function()
    it("makes a set of the signals given", with_sets(function(new)
        local set = new(SIGUSR1, SIGUSR2)
        assert.equal("system.signal.set", getmetatable(set))
        assert.equal("handled", disposition(SIGUSR1))
        assert.equal("handled", disposition(SIGUSR2))
        assert.equal("default", disposition(SIGHUP))
    end))

    it("says which argument is no number, or refused", function()
        helper.EINVAL(function() signal.set.new("x") end, 1)
        helper.EINVAL(function() signal.set.new(SIGUSR1, {}) end, 2)
        helper.EINVAL(function() signal.set.new(SIGUSR1, nil) end, 2)
        helper.raises("system", "EINVAL", function() signal.set.new(SIGUSR1, signal.SIGKILL) end, { arg = 2 })
        collectgarbage()
        collectgarbage()
        assert.equal("default", disposition(SIGUSR1))
    end)

    it("has no other fields", with_sets(function(new)
        local set = new()
        helper.bad_index(function() return set.signals end)
        helper.bad_index(function() set.x = 1 end)
    end))
end)

describe("system.signal.set", function()
    it("add: twice is harmless", with_sets(function(new)
        local set = new()
        set:add(SIGUSR1)
        set:add(SIGUSR1)
        signal.raise(SIGUSR1)
        assert.equal(SIGUSR1, set:wait())
        set:remove(SIGUSR1)
        assert.equal("default", disposition(SIGUSR1))
        helper.raises("system", "EINVAL", function() set:add(signal.SIGSTOP) end)
        helper.EINVAL(function() set:add("x") end, 2)
    end))

    it("remove: discards what is queued; no member is no error", with_sets(function(new)
        local set = new(SIGUSR1, SIGUSR2)
        signal.raise(SIGUSR1)
        signal.raise(SIGUSR2)
        set:remove(SIGUSR1)
        set:remove(SIGHUP)
        assert.equal(SIGUSR2, set:wait())
    end))

    it("clear: removes all and discards the queue", with_sets(function(new)
        local set = new(SIGUSR1, SIGUSR2)
        signal.raise(SIGUSR1)
        set:clear()
        assert.equal("default", disposition(SIGUSR1))
        set:add(SIGUSR1)
        set:add(SIGUSR2)
        signal.raise(SIGUSR2)
        assert.equal(SIGUSR2, set:wait())
    end))

    it("cancel: aborts the pending waits", with_sets(function(new)
        local set = new(SIGUSR1)
        local waiting = {}
        for i = 1, 3 do
            waiting[i] = spawn(function() return select(2, pcall(set.wait, set)) end)
        end
        helper.turns()
        set:cancel()
        for i = 1, 3 do assert.is_true(waiting[i]:join() == asio_error.basic.operation_aborted) end
        signal.raise(SIGUSR1)
        assert.equal(SIGUSR1, set:wait())
    end))

    it("gives one notification to each set", with_sets(function(new)
        local first, second = new(SIGUSR1), new(SIGUSR1)
        signal.raise(SIGUSR1)
        assert.equal(SIGUSR1, first:wait())
        assert.equal(SIGUSR1, second:wait())
    end))

    it("one to each waiting fiber, in the order of their calls", with_sets(function(new)
        local set, got = new(SIGUSR1), {}
        local waiting = {}
        for i = 1, 3 do
            waiting[i] = spawn(function()
                set:wait()
                got[#got + 1] = i
            end)
        end
        helper.turns()
        for i = 1, 3 do
            signal.raise(SIGUSR1)
            waiting[i]:join()
        end
        assert.same({ 1, 2, 3 }, got)
    end))

    it("queues without a waiter, and gives the lowest number first", with_sets(function(new)
        local set = new(SIGHUP, SIGUSR1, SIGUSR2)
        for _, number in ipairs{ SIGUSR2, SIGUSR1, SIGHUP, SIGUSR2 } do signal.raise(number) end
        local got = {}
        for i = 1, 4 do got[i] = set:wait() end
        assert.same({ SIGHUP, SIGUSR1, SIGUSR2, SIGUSR2 }, got)
    end))

    it("wakes a fiber that waits for another process's signal", with_sets(function(new)
        local set = new(SIGUSR1)
        local pipe = io.popen("kill -USR1 " .. helper.pid())
        assert.equal(SIGUSR1, set:wait())
        pipe:close()
    end))

    it("loses nothing of an interrupted wait", with_sets(function(new)
        local set = new(SIGUSR1)
        local waiting = spawn(function() set:wait() end)
        helper.turns()
        waiting:interrupt()
        waiting:join()
        assert.is_true(waiting.interruption_caught)
        signal.raise(SIGUSR1)
        assert.equal(SIGUSR1, set:wait())
    end))

    it("wait is a suspension and interruption point", with_sets(function(new)
        local set = new(SIGUSR1)
        signal.raise(SIGUSR1)
        this_fiber.forbid_suspend()
        helper.raises("emilua.core", "forbid_suspend_block", function() set:wait() end)
        this_fiber.allow_suspend()
        local waiting
        waiting = spawn(function()
            waiting:interrupt()
            set:wait()
        end)
        waiting:join()
        assert.is_true(waiting.interruption_caught)
        assert.equal(SIGUSR1, set:wait())
        for _, name in ipairs{ "wait", "add", "remove", "clear", "cancel" } do
            helper.EINVAL(function() set[name]({}, SIGUSR1) end, 1)
        end
    end))

    it("survives its run", function()
        local set = signal.set.new(SIGUSR1)
        signal.raise(SIGUSR1)
        helper.run(function() assert.equal(SIGUSR1, set:wait()) end)
        signal.raise(SIGUSR1)
        helper.run(function() assert.equal(SIGUSR1, set:wait()) end)
        set:clear()
    end)
end)

describe("the disposition of a signal", function()
    it("is what it was once the last set has dropped it", with_sets(function(new)
        signal.ignore(SIGHUP)
        local first, second = new(SIGHUP), new(SIGHUP)
        first:remove(SIGHUP)
        assert.equal("handled", disposition(SIGHUP))
        second:clear()
        assert.equal("ignored", disposition(SIGHUP))
        signal.default(SIGHUP)
    end))

    it("is what it was once the sets are collected", function()
        signal.set.new(SIGHUP)
        assert.equal("handled", disposition(SIGHUP))
        collectgarbage()
        collectgarbage()
        assert.equal("default", disposition(SIGHUP))
    end)

    it("of SIGPIPE is ignored from the first run on", function()
        assert.equal("ignored", disposition(signal.SIGPIPE))
    end)

    it("of SIGINT belongs to a set during a run, and to the interpreter after it", function()
        local output = helper.child [[
            local emilua, system = require "emilua", require "emilua.system"
            local set
            for _ = 1, 2 do
                emilua.run(function()
                    set = set or system.signal.set.new(system.signal.SIGINT)
                    system.signal.raise(system.signal.SIGINT)
                    print(set:wait())
                end)
            end
            print(pcall(function()
                system.signal.raise(system.signal.SIGINT)
                for _ = 1, 1e8 do end
            end)) ]]
        assert.matches("^2\n2\nfalse\t.*interrupted!\n$", output)
    end)
end)
