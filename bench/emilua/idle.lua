-- Fibers blocked on a condition variable, all alive at once: memory of each.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local mutex = require "emilua.mutex"
local condition_variable = require "emilua.condition_variable"
local measure = require "measure"

local spawn, yield = emilua.spawn, emilua.this_fiber.yield

emilua.run(function()
    local count = measure.scaled(1e6)
    local m, cond = mutex.new(), condition_variable.new()
    local open, waiting, woken = false, 0, 0

    local function waiter()
        m:lock()
        waiting = waiting + 1
        while not open do
            cond:wait(m)
        end
        woken = woken + 1
        m:unlock()
    end

    local function settle()
        collectgarbage()
        collectgarbage()
        return collectgarbage("count"), measure.resident()
    end

    local heap, resident = settle()
    for _ = 1, count do
        spawn(waiter)
    end
    while waiting < count do
        yield()
    end
    local heap_after, resident_after = settle()

    -- That all of them were alive is shown by waking them.
    m:lock()
    open = true
    cond:notify_all()
    m:unlock()
    while woken < count do
        yield()
    end

    measure.report("live", count)
    measure.report("heap_kib", (heap_after - heap) / count)
    measure.report("resident_kib", (resident_after - resident) / count)
end)
