-- Two fibers that yield in turn: CPU per yield.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local measure = require "measure"

local spawn, yield = emilua.spawn, emilua.this_fiber.yield

local function yielder(count)
    return function()
        for _ = 1, count do
            yield()
        end
    end
end

emilua.run(function()
    measure.report("yield_ns", measure.nanoseconds(measure.scaled(10e6), function(count)
        local a, b = spawn(yielder(count / 2)), spawn(yielder(count / 2))
        a:join()
        b:join()
    end))
end)
