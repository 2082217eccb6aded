-- Starting VMs: spawn_vm, a first message and the end; then live ones.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local measure = require "measure"

local WORKER = [[
    local inbox = require "emilua.inbox"
    inbox:receive():send(true)
    pcall(inbox.receive, inbox)
]]

local function start()
    local vm = emilua.spawn_vm { source = WORKER }
    vm:send(inbox)
    inbox:receive()
    return vm
end

emilua.run(function()
    local count = measure.scaled(2000)
    for _ = 1, 100 do start():close() end
    local begin = measure.wall()
    for _ = 1, count do start():close() end
    measure.report("spawn_us", (measure.wall() - begin) * 1e6 / count)

    local live, list = measure.scaled(1000), {}
    collectgarbage()
    local before = measure.resident()
    for i = 1, live do list[i] = start() end
    measure.report("resident_kib", (measure.resident() - before) / live)
    for i = 1, live do list[i]:close() end
end)
