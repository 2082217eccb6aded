-- byte_span: bytes read and written by index, and slices that stay alive.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local measure = require "measure"

local SIZE = 4096

local function get(span, rounds)
    local sum = 0
    for _ = 1, rounds do
        for i = 1, SIZE do
            sum = sum + span[i]
        end
    end
    return sum
end

local function set(span, rounds)
    for round = 1, rounds do
        local value = round % 256
        for i = 1, SIZE do
            span[i] = value
        end
    end
end

local function keep(span, count)
    local kept = {}
    for i = 1, count do
        kept[i] = span:slice(1, i % SIZE)
    end
    return kept
end

emilua.run(function()
    local span = emilua.byte_span.with_zeros(SIZE)
    local rounds = measure.scaled(40000)
    local function millions(body)
        return 1e3 / (measure.nanoseconds(rounds, function(count) body(span, count) end) / SIZE)
    end
    measure.report("set_m_per_s", millions(set))
    measure.report("get_m_per_s", millions(get))

    measure.report("slices_m_per_s", 1e3 / measure.nanoseconds(measure.scaled(1e6), function(count)
        local kept = keep(span, count)
        assert(#kept[count] == count % SIZE)
    end))
end)
