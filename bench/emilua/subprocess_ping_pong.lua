-- A short string to an actor in another process and back: round trips per second.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local measure = require "measure"

local ECHO = [[
    local inbox = require "emilua.inbox"
    local reply = inbox:receive()
    while true do
        local ok, message = pcall(inbox.receive, inbox)
        if not ok then break end
        reply:send(message)
    end
]]

emilua.run(function()
    local count = measure.scaled(200000)
    local actor = emilua.spawn_vm { source = ECHO, subprocess = { stderr = "share" } }
    actor:send(inbox)
    local function rounds(n)
        for _ = 1, n do
            actor:send "ping"
            assert(inbox:receive() == "ping")
        end
    end
    rounds(math.ceil(count / 10))
    local begin = measure.wall()
    rounds(count)
    measure.report("round_trips_per_s", count / (measure.wall() - begin))
    actor:close()
end)
