-- byte_span:find over 1 MiB of letters, as memmem.c does it: a needle that is absent, and one every 64 KiB.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local measure = require "measure"

local SIZE, EVERY = 2 ^ 20, 2 ^ 16
local RARE, ABSENT = "rareneedleinthehay", "thisisabsentatall"

local function text()
    local random = measure.random()
    local span = emilua.byte_span.new(SIZE)
    for i = 1, SIZE do
        span[i] = 97 + math.floor(random() / 2 ^ 24) % 26
    end
    for i = EVERY - 100, SIZE, EVERY do
        span:slice(i + 1, i + #RARE):copy(RARE)
    end
    return span
end

local function count_hits(span, needle)
    local hits = 0
    local at = span:find(needle)
    while at do
        hits = hits + 1
        at = span:find(needle, at + 1)
    end
    return hits
end

emilua.run(function()
    local span = text()
    local function megabytes(needle, expected)
        return SIZE * 1e3 / measure.nanoseconds(measure.scaled(1000), function(rounds)
            for _ = 1, rounds do
                assert(count_hits(span, needle) == expected)
            end
        end)
    end
    measure.report("absent_mb_per_s", megabytes(ABSENT, 0))
    measure.report("rare_mb_per_s", megabytes(RARE, SIZE / EVERY))
end)
