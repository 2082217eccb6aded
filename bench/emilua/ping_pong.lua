-- Round trips of a message between two VMs, in one context or in two: `ping_pong.lua SCALE one|two string|table`.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local measure = require "measure"

local two, what = arg[2] == "two", arg[3]
local message = what == "table" and { id = 1, name = "abc", ok = true, value = 1.5 } or "ping"
local rounds = measure.scaled(two and 100000 or 1e6)

emilua.run(function()
    local echo = emilua.spawn_vm { inherit_context = not two, source = [[
        local inbox = require "emilua.inbox"
        local reply = inbox:receive()
        pcall(function()
            while true do reply:send(inbox:receive()) end
        end)
    ]] }
    echo:send(inbox)
    local function play(count)
        for _ = 1, count do
            echo:send(message)
            inbox:receive()
        end
    end
    play(math.ceil(rounds / 10))
    local start = measure.wall()
    play(rounds)
    measure.report("round_trips_per_s", rounds / (measure.wall() - start))
    echo:close()
end)
