-- Two fibers that wake each other through condition variables: CPU per round trip.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local mutex = require "emilua.mutex"
local condition_variable = require "emilua.condition_variable"
local measure = require "measure"

local spawn = emilua.spawn

emilua.run(function()
    local m = mutex.new()
    local turn

    local function player(own, mine, other, theirs, count)
        return function()
            m:lock()
            for _ = 1, count do
                while turn ~= own do
                    mine:wait(m)
                end
                turn = other
                theirs:notify_one()
            end
            m:unlock()
        end
    end

    measure.report("round_trip_ns", measure.nanoseconds(measure.scaled(2e6), function(count)
        local ping, pong = condition_variable.new(), condition_variable.new()
        turn = "ping"
        local a = spawn(player("ping", ping, "pong", pong, count))
        local b = spawn(player("pong", pong, "ping", ping, count))
        a:join()
        b:join()
    end))
end)
