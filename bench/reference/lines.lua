-- `lines.lua lines|fields FILE`: what bench/emilua/scanner.lua does, by io.lines and gmatch.

package.path = "bench/lib/?.lua;" .. package.path

local measure = require "measure"

local bytes, records = 0, 0
local start = measure.cpu()
if arg[1] == "fields" then
    for line in io.lines(arg[2]) do
        local fields, n = {}, 0
        for field in line:gmatch("[^ ]+") do
            n = n + 1
            fields[n] = field
        end
        records = records + 1
        bytes = bytes + #fields
    end
else
    for line in io.lines(arg[2]) do
        records = records + 1
        bytes = bytes + #line
    end
end
measure.report("ns", (measure.cpu() - start) * 1e9 / records)
