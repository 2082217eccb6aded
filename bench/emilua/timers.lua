-- Fibers that sleep a random time of 0 to 1 s: CPU of all, and how late the last hundredth woke.

package.path = "bench/lib/?.lua;" .. package.path

local ffi = require "ffi"
local emilua = require "emilua"
local time = require "emilua.time"
local measure = require "measure"

local spawn, sleep, wall = emilua.spawn, time.sleep, measure.wall

emilua.run(function()
    local count = measure.scaled(100000)
    local random = measure.random()
    local lateness = ffi.new("double[?]", count)
    local started, ended = 0, 0

    local function sleeper()
        local duration = random() / 4294967296
        local index = started
        started = index + 1
        local due = wall() + duration
        sleep(duration)
        lateness[index] = wall() - due
        ended = ended + 1
    end

    local start = measure.cpu()
    for _ = 1, count do
        spawn(sleeper)
    end
    sleep(1)
    while ended < count do
        sleep(0.001)
    end
    measure.report("cpu_s", measure.cpu() - start)

    local sorted = {}
    for i = 1, count do
        sorted[i] = lateness[i - 1]
    end
    table.sort(sorted)
    measure.report("p99_ms", sorted[math.ceil(count * 0.99)] * 1e3)
end)
