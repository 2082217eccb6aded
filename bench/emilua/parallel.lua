-- VMs that compute, in one context with two threads: how much faster two are than one, and how near to the ideal eight
-- end. The loop is that of bench/reference/plain.lua.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local measure = require "measure"

local count = measure.scaled(3e8)

local WORK = [[
    local inbox = require "emilua.inbox"
    local reply, count = inbox:receive(), inbox:receive()
    local x = 1
    for i = 1, count do x = (x * 1664525 + i) % 4294967296 end
    reply:send(x)
]]

-- Seconds that `n` VMs take. The main VM waits, so both threads are free for them.
local function time(n)
    local start = measure.wall()
    for _ = 1, n do
        local vm = emilua.spawn_vm { source = WORK }
        vm:send(inbox)
        vm:send(count)
    end
    for _ = 1, n do inbox:receive() end
    return measure.wall() - start
end

emilua.run(function()
    emilua.spawn_context_threads(1)
    local one = time(1)
    measure.report("one_s", one)
    measure.report("speed_up_of_two", 2 * one / time(2))
    measure.report("eight_of_ideal", time(8) / (4 * one))
end)
