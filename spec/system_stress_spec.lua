-- Bursts of signals, and waits that are interrupted at random: nothing is lost, nothing comes twice.

local emilua = require "emilua"
local byte_span = require "emilua.byte_span"
local system = require "emilua.system"
local time = require "emilua.time"
local fd = require "spec.fd_helper"
local helper = require "spec.helper"
local process = require "spec.process_helper"

local spawn = emilua.spawn
local closing, start = fd.closing, process.start
local signal = system.signal

setup(function() signal.set.new(signal.SIGUSR1) end)

helper.install()

describe("a burst of 10,000 signals", function()
    it("raised here comes one by one, to every set", closing(function()
        local sets = { signal.set.new(signal.SIGUSR1), signal.set.new(signal.SIGUSR1, signal.SIGUSR2) }
        local counts = {}
        local waiting = {}
        for i, set in ipairs(sets) do
            waiting[i] = spawn(function()
                for n = 1, 10000 do
                    assert.equal(signal.SIGUSR1, set:wait())
                    counts[i] = n
                end
            end)
        end
        for i = 1, 10000 do
            signal.raise(signal.SIGUSR1)
            if i % 100 == 0 then helper.turns() end
        end
        for i = 1, #sets do waiting[i]:join() end
        assert.same({ 10000, 10000 }, counts)
        for _, set in ipairs(sets) do set:clear() end
    end))

    it("from another process: real-time signals are all delivered", closing(function()
        -- The kernel merges others that are pending.
        local RT = 40
        local set = signal.set.new(RT)
        local sender = start(([[exec python3 -c '
import os
for i in range(10000):
    while True:
        try:
            os.kill(%d, %d)
            break
        except BlockingIOError:
            pass
']]):format(system.getpid(), RT))
        for _ = 1, 10000 do assert.equal(RT, set:wait()) end
        sender:wait()
        assert.equal(0, sender.exit_code)
        set:clear()
    end))

    it("from another process: the last one is never lost", closing(function()
        local set = signal.set.new(signal.SIGUSR1, signal.SIGUSR2)
        local sender = start(([[exec python3 -c '
import os
for i in range(10000): os.kill(%d, %d)
os.kill(%d, %d)
']]):format(system.getpid(), signal.SIGUSR1, system.getpid(), signal.SIGUSR2))
        local got = 0
        while set:wait() == signal.SIGUSR1 do got = got + 1 end
        assert.is_true(got >= 1 and got <= 10000)
        sender:wait()
        set:clear()
    end))
end)

describe("1,000 interrupted waits", function()
    it("lose no child and reap none twice", closing(function()
        math.randomseed(tonumber(os.getenv "EMILUA_SEED") or 1)
        local interrupted, reaped = 0, 0
        while interrupted < 1000 do
            local children = {}
            for i = 1, 10 do children[i] = start(("read line; exit %d"):format(i), { stdin = "pipe" }) end
            for i, child in ipairs(children) do
                for _ = 1, math.random(20) do
                    local waiting = spawn(function() child:wait() end)
                    helper.turns(math.random(0, 2))
                    if math.random(4) == 1 and child.stdin.is_open then child.stdin:close() end
                    if math.random(8) == 1 then time.sleep(0.001) end
                    waiting:interrupt()
                    waiting:join()
                    if waiting.interruption_caught then
                        interrupted = interrupted + 1
                    else
                        assert.equal(i, child.exit_code)
                        break
                    end
                end
                if child.stdin.is_open then child.stdin:close() end
                if child.pid then child:wait() end
                assert.equal(i, child.exit_code)
                helper.ECHILD(function() child:wait() end)
                reaped = reaped + 1
            end
        end
        assert.is_true(reaped >= 50)
        process.none_left()
    end))
end)

describe("children that are started and collected at random", function()
    it("are all reaped, and no descriptor is left", closing(function()
        math.randomseed(tonumber(os.getenv "EMILUA_SEED") or 2)
        for _ = 1, 30 do
            local group = {}
            for i = 1, math.random(20) do
                local p = start("exec cat", { stdin = "pipe", stdout = "pipe" })
                p.stdin:write_some(byte_span.append "x")
                group[i] = { p.stdin, p.stdout, math.random(2) == 1 and p or nil }
            end
            for _, streams in ipairs(group) do
                if streams[3] then
                    streams[1]:close()
                    streams[3]:wait()
                end
                streams[1]:close()
                streams[2]:close()
            end
            collectgarbage()
        end
    end))
end)
