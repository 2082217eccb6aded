-- Lock and unlock of a mutex that nobody else wants: CPU per pair.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local mutex = require "emilua.mutex"
local measure = require "measure"

emilua.run(function()
    local m = mutex.new()
    measure.report("lock_unlock_ns", measure.nanoseconds(measure.scaled(50e6), function(count)
        for _ = 1, count do
            m:lock()
            m:unlock()
        end
    end))
end)
