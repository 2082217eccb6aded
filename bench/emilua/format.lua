-- format: a line of three fields; and string.format of the same text.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local measure = require "measure"

local format, string_format = emilua.format, string.format

local NAMES = { "alpha", "beta", "gamma", "delta", "epsilon" }

local function ours(count)
    local length = 0
    for i = 1, count do
        length = length + #format("{:>10} {:.3f} {}", NAMES[i % 5 + 1], i + 0.37, i)
    end
    return length
end

local function theirs(count)
    local length = 0
    for i = 1, count do
        length = length + #string_format("%10s %.3f %d", NAMES[i % 5 + 1], i + 0.37, i)
    end
    return length
end

assert(ours(7) == theirs(7))
-- Alternating, so that a slower moment hits both.
local count, total, plain = measure.scaled(5e5), 0, 0
for _ = 1, 5 do
    total = total + measure.nanoseconds(count, ours)
    plain = plain + measure.nanoseconds(count, theirs)
end
measure.report("format_ns", total / 5)
measure.report("string_format_ns", plain / 5)
measure.report("ratio", total / plain)
