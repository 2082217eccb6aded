-- 200 actors in processes of their own: private memory for each.
--
-- What is counted: Private_Clean + Private_Dirty of smaps_rollup of every actor and of its own supervisor, and by how
-- much that of this process and of its supervisor has grown.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local inbox = require "emilua.inbox"
local measure = require "measure"

local ACTOR = [[
    local inbox = require "emilua.inbox"
    inbox:receive():send(true)
    pcall(inbox.receive, inbox)
]]

local function start()
    local actor = emilua.spawn_vm { source = ACTOR, subprocess = { stderr = "share" } }
    actor:send(inbox)
    inbox:receive()
    return actor
end

local function private(pid)
    local sum = 0
    for line in io.lines("/proc/" .. pid .. "/smaps_rollup") do
        sum = sum + (tonumber(line:match "^Private_%a+:%s*(%d+) kB") or 0)
    end
    return sum
end

local function children(pid)
    local list = {}
    local file = io.open(("/proc/%s/task/%s/children"):format(pid, pid))
    for id in file:read("*a"):gmatch("%d+") do list[#list + 1] = id end
    file:close()
    return list
end

local function parent(pid)
    for line in io.lines("/proc/" .. pid .. "/status") do
        local id = line:match "^PPid:%s*(%d+)"
        if id then return id end
    end
end

emilua.run(function()
    local first = start()
    local supervisor = parent(first.child_pid)
    local before = private "self" + private(supervisor)

    local count, actors = measure.scaled(200), {}
    for i = 1, count do actors[i] = start() end
    collectgarbage()
    local sum, supervisors = private "self" + private(supervisor) - before, 0
    for _, actor in ipairs(actors) do
        sum = sum + private(actor.child_pid)
        for _, id in ipairs(children(actor.child_pid)) do
            sum = sum + private(id)
            supervisors = supervisors + 1
        end
    end
    assert(supervisors == count)
    measure.report("private_mib", sum / count / 1024)
    for _, actor in ipairs(actors) do actor:close() end
    first:close()
end)
