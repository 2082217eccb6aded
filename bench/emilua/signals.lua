-- Waits for SIGUSR1 and says when the waiting fiber ran, in nanoseconds; bench/reference/signaller.c sends.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local system = require "emilua.system"
local measure = require "measure"

emilua.run(function()
    local set = system.signal.set.new(system.signal.SIGUSR1, system.signal.SIGTERM)
    io.write "ready\n"
    io.flush()
    while set:wait() == system.signal.SIGUSR1 do
        io.write(("%.0f\n"):format(measure.wall() * 1e9))
        io.flush()
    end
end)
