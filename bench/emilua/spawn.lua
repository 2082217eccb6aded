-- Spawn and join of a fiber that does nothing, one after the other: CPU per fiber.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local measure = require "measure"

local spawn = emilua.spawn

local function empty() end

emilua.run(function()
    measure.report("spawn_join_ns", measure.nanoseconds(measure.scaled(2e6), function(count)
        for _ = 1, count do
            spawn(empty):join()
        end
    end))
end)
