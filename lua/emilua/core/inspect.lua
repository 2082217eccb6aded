-- What every live fiber does, for people: lists and dumps. Nothing is recorded for it but the time of
-- each suspension; the rest is found on the stacks.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local clock = import("core.timer").operations.clock
local report = import("core.report")
local ffi = require("ffi")

local CO, EXTRA, FN, OLDER, ON, SINCE, WAIT = L.CO, L.EXTRA, L.FN, L.OLDER, L.ON, L.SINCE, L.WAIT
local state = S.state
local concat, insert = table.concat, table.insert
local getinfo, getlocal = debug.getinfo, debug.getlocal
local max, tonumber, tostring, type = math.max, tonumber, tostring, type

local inspect = {}

local cell = ffi.new("int64_t[1]")

local function now()
    clock(0, cell)
    return tonumber(cell[0]) * 1e-9
end

-- The coroutine that `thread` has resumed through our functions and that has not given back control.
local function resumed_by(thread)
    local info = getinfo(thread, 1, "f")
    if not info or not S.levels[info.func] then return nil end
    local _, inner = getlocal(thread, 1, 1)
    return type(inner) == "thread" and inner or nil
end

-- Adds the traceback of each Lua thread of a fiber to `blocks`, the innermost first.
local function add_tracebacks(f, blocks)
    local co = f[CO]
    if not co then
        local info = getinfo(f[FN], "S")
        blocks[#blocks + 1] = ("stack traceback:\n\t%s:%d: not started"):format(info.short_src, info.linedefined)
        return
    end
    local at = #blocks + 1
    while co do
        insert(blocks, at, report.traceback(co))
        co = resumed_by(co)
    end
end

local function join(blocks)
    for i = 2, #blocks do blocks[i] = blocks[i]:gsub("^[^\n]*\n?", "", 1) end
    for i = #blocks, 2, -1 do
        if blocks[i] == "" then table.remove(blocks, i) end
    end
    return concat(blocks, "\n")
end

local function describe(f, helpers, time)
    local chain = { f }
    while helpers[f] do
        f = helpers[f]
        insert(chain, 1, f)
    end
    local kind, blocks = f[WAIT], {}
    for i = 1, #chain do add_tracebacks(chain[i], blocks) end
    local x = chain[#chain][EXTRA]
    local running, waiting = f == state.current, kind and kind ~= S.WOKEN
    return {
        id = report.id(f),
        name = x and x.name or nil,
        state = running and "running" or waiting and "waiting" or "ready",
        waits_for = running and "nothing" or waiting and (kind.describe and kind.describe(f[ON]) or kind.name)
            or "its turn",
        since = running and 0 or max(0, time - f[SINCE]),
        traceback = join(blocks),
    }
end

-- fibers() -> list of {id, name, state, waits_for, since, traceback}, the oldest first. A fiber inside of
-- timeout() or group() is listed once, by what its helper does.
function inspect.fibers()
    local list, helpers, time = {}, {}, now()
    local f = state.newest
    while f do
        local x = f[EXTRA]
        local caller = x and x.caller
        if caller then helpers[caller] = f else insert(list, 1, f) end
        f = f[OLDER]
    end
    for i = 1, #list do list[i] = describe(list[i], helpers, time) end
    return list
end

-- The lines about one fiber of the list.
local function print(entry)
    local name = entry.name and (" '%s'"):format(tostring(entry.name)) or ""
    local doing = entry.state == "running" and "is running"
        or ("waits for %s, %.3f s"):format(entry.waits_for, entry.since)
    report.print("{1}Fiber %s%s %s{22}\n{2}%s{22}\n", entry.id, name, doing, entry.traceback)
end

-- dump(): prints the list on the error stream.
function inspect.dump()
    local list = inspect.fibers()
    for i = 1, #list do print(list[i]) end
end

-- The list as a text, for messages.
function inspect.text(list)
    local lines = {}
    for i, entry in ipairs(list) do
        lines[i] = ("fiber %s%s waits for %s\n%s"):format(entry.id,
            entry.name and (" '%s'"):format(tostring(entry.name)) or "", entry.waits_for, entry.traceback)
    end
    return concat(lines, "\n")
end

return inspect
