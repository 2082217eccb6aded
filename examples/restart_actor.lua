-- A supervisor: a worker that fails is started again, and what it was doing is done by the next.
local emilua = require "emilua"
local inbox = require "emilua.inbox"
local time = require "emilua.time"

-- Divides, and fails where a careless program would.
local WORKER = [[
    local inbox = require "emilua.inbox"
    while true do
        local ok, job = pcall(inbox.receive, inbox)
        if not ok then return end
        if job.b == 0 then error("division by zero", 0) end
        job.reply:send(job.a / job.b)
    end
]]

local worker, starts = nil, 0

local function start()
    starts = starts + 1
    worker = emilua.spawn_vm { source = WORKER, name = "divider" }
end

-- The result, or nil when the worker failed: then nobody is left who could answer.
local function divide(a, b)
    if not pcall(worker.send, worker, { a = a, b = b, reply = inbox }) then
        start()
        worker:send({ a = a, b = b, reply = inbox })
    end
    local ok, result = pcall(inbox.receive, inbox)
    if ok then return result end
end

emilua.run(function()
    start()
    for _, pair in ipairs { { 8, 2 }, { 1, 0 }, { 9, 3 } } do
        print(pair[1], pair[2], divide(pair[1], pair[2]))
        time.sleep(0.01)
    end
    print("started", starts)
end)
