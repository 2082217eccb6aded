-- sleep(0.0005) with nothing else to do: the median of what it took.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local time = require "emilua.time"
local measure = require "measure"

local sleep, wall = time.sleep, measure.wall

emilua.run(function()
    local took = {}
    for i = 1, measure.scaled(2000) do
        local start = wall()
        sleep(0.0005)
        took[i] = wall() - start
    end
    table.sort(took)
    measure.report("median_ms", took[math.ceil(#took / 2)] * 1e3)
end)
