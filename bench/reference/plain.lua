-- What the same things cost in plain LuaJIT: `plain.lua SCALE WHAT`, WHAT being a name in the table below.

package.path = "bench/lib/?.lua;" .. package.path

local ffi = require "ffi"
local measure = require "measure"

local create, resume, yield = coroutine.create, coroutine.resume, coroutine.yield

local function endless()
    while true do
        yield()
    end
end

local plain = {}

-- Two coroutines, resumed in turn.
function plain.switch()
    local a, b = create(endless), create(endless)
    measure.report("yield_ns", measure.nanoseconds(measure.scaled(10e6), function(count)
        for _ = 1, count / 2 do
            resume(a)
            resume(b)
        end
    end))
end

-- The loop of parallel.lua, on as many cores as processes of this run.
function plain.parallel()
    local count, x = measure.scaled(3e8), 1
    local start = measure.wall()
    for i = 1, count do x = (x * 1664525 + i) % 4294967296 end
    measure.report("one_s", measure.wall() - start)
    assert(x >= 0)
end

-- The same seen as a round trip: there and back.
function plain.condition()
    local a, b = create(endless), create(endless)
    measure.report("round_trip_ns", measure.nanoseconds(measure.scaled(5e6), function(count)
        for _ = 1, count do
            resume(a)
            resume(b)
        end
    end))
end

-- A coroutine that is made, resumed and left to the collector.
function plain.spawn()
    local function empty() end
    measure.report("spawn_join_ns", measure.nanoseconds(measure.scaled(2e6), function(count)
        for _ = 1, count do
            resume(create(empty))
        end
    end))
end

-- Suspended coroutines in a table.
function plain.idle()
    local count, all = measure.scaled(1e6), {}
    collectgarbage()
    local heap, resident = collectgarbage("count"), measure.resident()
    for i = 1, count do
        local co = create(endless)
        resume(co)
        all[i] = co
    end
    collectgarbage()
    collectgarbage()
    measure.report("heap_kib", (collectgarbage("count") - heap) / count)
    measure.report("resident_kib", (measure.resident() - resident) / count)
    assert(#all == count)
end

-- An array of bytes of the FFI, and tables that hold what a slice holds.
function plain.byte_span()
    local SIZE = 4096
    local bytes = ffi.new("uint8_t[?]", SIZE + 1)
    local rounds = measure.scaled(40000)
    local function millions(body)
        return 1e3 / (measure.nanoseconds(rounds, body) / SIZE)
    end
    measure.report("set_m_per_s", millions(function(count)
        for round = 1, count do
            local value = round % 256
            for i = 1, SIZE do
                bytes[i] = value
            end
        end
    end))
    measure.report("get_m_per_s", millions(function(count)
        local sum = 0
        for _ = 1, count do
            for i = 1, SIZE do
                sum = sum + bytes[i]
            end
        end
        return sum
    end))

    measure.report("slices_m_per_s", 1e3 / measure.nanoseconds(measure.scaled(1e6), function(count)
        local kept = {}
        for i = 1, count do
            kept[i] = { bytes, 1, i % SIZE }
        end
        assert(kept[count][3] == count % SIZE)
    end))
end

-- An error that is a fresh table.
function plain.errors()
    local function fail()
        error({ code = 1, category = plain })
    end
    local cost = measure.nanoseconds(measure.scaled(1e6), function(count)
        for _ = 1, count do
            assert(not pcall(fail))
        end
    end)
    measure.report("unlock_ns", cost)
    measure.report("read_ns", cost)
end

plain[arg[2]]()
