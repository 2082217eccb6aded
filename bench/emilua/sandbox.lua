-- Sandboxes. usage: sandbox.lua SCALE start: median time from sandbox.new to a guest's first message, one after the
-- other; sandbox.lua SCALE pool sandbox|plain: 50 workers, sandboxed or not, that answer requests, each one at a time

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local sandbox = require "emilua.sandbox"
local time = require "emilua.time"
local measure = require "measure"

local HELLO = [[
    local inbox = require "emilua.inbox"
    inbox:receive():send(true)
    pcall(inbox.receive, inbox)
]]

local function start()
    local begin = measure.wall()
    local guest = emilua.spawn_vm(sandbox.new():context { source = HELLO })
    guest:send(inbox)
    inbox:receive()
    local took = measure.wall() - begin
    guest:close()
    -- Its end is not part of the next one's start.
    pcall(inbox.receive, inbox)
    time.sleep(0.005)
    return took * 1e3
end

local function median_start()
    for _ = 1, 5 do start() end
    local times = {}
    for i = 1, measure.scaled(100) do times[i] = start() end
    table.sort(times)
    measure.report("wall_ms", times[math.ceil(#times / 2)])
end

local WORKER = [[
    local inbox = require "emilua.inbox"
    local hello = inbox:receive()
    local reply, id = hello.reply, hello.id
    pcall(function()
        while true do
            local request = inbox:receive()
            reply:send { id = id, sum = request.a + request.b, text = request.text:upper() }
        end
    end)
]]
local WORKERS = 50

local function pool(kind)
    local box = sandbox.new()
    local workers = {}
    for id = 1, WORKERS do
        local guest = { source = WORKER }
        if kind == "sandbox" then guest = box:context(guest) else guest.subprocess = {} end
        workers[id] = emilua.spawn_vm(guest)
        workers[id]:send { reply = inbox, id = id }
    end
    local function play(count)
        for id = 1, WORKERS do workers[id]:send { a = id, b = 1, text = "request" } end
        for i = 1, count do
            local answer = inbox:receive()
            assert(answer.sum == answer.id + 1 and answer.text == "REQUEST")
            if i <= count - WORKERS then workers[answer.id]:send { a = answer.id, b = 1, text = "request" } end
        end
    end
    local count = measure.scaled(50000) + WORKERS
    play(math.ceil(count / 10) + WORKERS)
    local begin = measure.wall()
    play(count)
    measure.report("requests_per_s", count / (measure.wall() - begin))
    for _, worker in ipairs(workers) do worker:close() end
end

emilua.run(function()
    if arg[2] == "start" then median_start() else pool(arg[3]) end
end)
