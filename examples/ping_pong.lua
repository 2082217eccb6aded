-- Two actors that play a message to and fro; says how many round trips a second takes.
-- Usage: ping_pong.lua [ROUNDS]
local emilua = require "emilua"
local inbox = require "emilua.inbox"
local time = require "emilua.time"

if emilua.context == "worker" then
    local opponent = inbox:receive()
    while true do
        local ok, ball = pcall(inbox.receive, inbox)
        if not ok then return end
        opponent:send(ball)
    end
end

local rounds = tonumber(arg[1]) or 100000

emilua.run(function()
    local opponent = emilua.spawn_vm "."
    opponent:send(inbox)
    local start = time.steady_clock.now()
    for _ = 1, rounds do
        opponent:send("ball")
        inbox:receive()
    end
    local seconds = time.steady_clock.now() - start
    print(("%d rounds"):format(rounds))
    io.stderr:write(("%.0f per second\n"):format(rounds / seconds))
end)
