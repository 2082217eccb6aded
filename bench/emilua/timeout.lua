-- A timeout around a function that returns at once: CPU per call.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local measure = require "measure"

local timeout = emilua.timeout

local function ready() return 1 end

emilua.run(function()
    measure.report("timeout_ns", measure.nanoseconds(measure.scaled(1e6), function(count)
        for _ = 1, count do
            timeout(60, ready)
        end
    end))
end)
