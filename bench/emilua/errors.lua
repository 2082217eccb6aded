-- Errors that an operation raises and pcall catches: CPU of each.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local mutex = require "emilua.mutex"
local ip = require "emilua.ip"
local measure = require "measure"

emilua.run(function()
    local m = mutex.new()
    measure.report("unlock_ns", measure.nanoseconds(measure.scaled(1e6), function(count)
        for _ = 1, count do
            assert(not pcall(m.unlock, m))
        end
    end))

    local socket, buffer = ip.tcp.socket.new(), emilua.byte_span.new(64)
    measure.report("read_ns", measure.nanoseconds(measure.scaled(1e6), function(count)
        for _ = 1, count do
            assert(not pcall(socket.read_some, socket, buffer))
        end
    end))
end)
