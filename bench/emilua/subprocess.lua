-- Starts actors in processes of their own, one after the other: median time from spawn_vm to the first message.
-- usage: subprocess.lua SCALE plain|sandbox [MIB THREADS]: so much is resident in this process, so many threads sleep

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local ffi = require "ffi"
local inbox = require "emilua.inbox"
local time = require "emilua.time"
local measure = require "measure"
local sandbox = require "sandbox"

local kind, resident, threads = arg[2], tonumber(arg[3] or 0), tonumber(arg[4] or 0)
local CHUNK = 64 -- MiB

local ACTOR = [[
    local inbox = require "emilua.inbox"
    inbox:receive():send(true)
    pcall(inbox.receive, inbox)
]]

local function start()
    local options = { source = ACTOR, subprocess = kind == "sandbox" and sandbox.options() or {} }
    local begin = measure.wall()
    local actor = emilua.spawn_vm(options)
    actor:send(inbox)
    inbox:receive()
    local took = measure.wall() - begin
    actor:close()
    -- Its end is not part of the next one's start.
    pcall(inbox.receive, inbox)
    time.sleep(0.005)
    return took * 1e3
end

ffi.cdef [[
    int pthread_create(unsigned long *, const void *, void *(*)(void *), void *);
    int pause(void);
]]

local function sleeping_threads(count)
    local body = ffi.cast("void *(*)(void *)", ffi.C.pause)
    for _ = 1, count do assert(ffi.C.pthread_create(ffi.new("unsigned long[1]"), nil, body, nil) == 0) end
end

local memory = {}
for i = 1, resident / CHUNK do
    memory[i] = ffi.new("char[?]", CHUNK * 2 ^ 20)
    ffi.fill(memory[i], CHUNK * 2 ^ 20, 1)
end
sleeping_threads(threads)

emilua.run(function()
    for _ = 1, 5 do start() end
    local times = {}
    for i = 1, measure.scaled(100) do times[i] = start() end
    table.sort(times)
    measure.report("wall_ms", times[math.ceil(#times / 2)])
    measure.report("resident_mib", #memory * CHUNK)
end)
