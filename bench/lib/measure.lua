-- What every measured Lua program needs: clocks through the FFI, its scale, and a line of output per value.
--
-- A program takes one argument, the scale of its loops (1 in a full run, less under --quick), and prints
-- `key value` lines that bench/lines names.

local ffi = require "ffi"

ffi.cdef [[
    struct bench_timespec { long seconds; long nanoseconds; };
    int clock_gettime(int clock, struct bench_timespec *time);
]]

local MONOTONIC, PROCESS_CPU = 1, 2
local C = ffi.C
local time = ffi.new("struct bench_timespec")

local measure = {}

--- Seconds of the monotonic clock.
function measure.wall()
    C.clock_gettime(MONOTONIC, time)
    return tonumber(time.seconds) + tonumber(time.nanoseconds) * 1e-9
end

--- Seconds of CPU that all threads of this process have used.
function measure.cpu()
    C.clock_gettime(PROCESS_CPU, time)
    return tonumber(time.seconds) + tonumber(time.nanoseconds) * 1e-9
end

--- `count` times the scale of this run, at least 1.
function measure.scaled(count)
    return math.max(1, math.floor(count * tonumber(arg[1] or 1)))
end

--- CPU nanoseconds per operation of `body(count)`, after a warm-up of a tenth of it.
function measure.nanoseconds(count, body)
    body(math.ceil(count / 10))
    collectgarbage()
    local start = measure.cpu()
    body(count)
    return (measure.cpu() - start) * 1e9 / count
end

--- Prints one value for the harness.
function measure.report(key, value)
    io.write(("%s %.6f\n"):format(key, value))
    io.flush()
end

--- Resident size of this process in KiB.
function measure.resident()
    for line in io.lines("/proc/self/status") do
        local size = line:match("^VmRSS:%s*(%d+) kB")
        if size then
            return tonumber(size)
        end
    end
end

--- A generator of 32-bit numbers that the C and Rust references have too.
function measure.random()
    local state = 1
    return function()
        state = (state * 1664525 + 1013904223) % 4294967296
        return state
    end
end

return measure
