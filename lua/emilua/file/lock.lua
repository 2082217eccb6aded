-- flock(2) without a thread that waits in it: such a thread could be stopped by a signal alone. It is tried again, soon
-- at first, then less often; and at once when this VM gives a lock up.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local native = import("file.native")
local timer = import("core.timer")

local INTERRUPTED, MASK = L.INTERRUPTED, L.MASK
local ABORTED, CUT = S.ABORTED, S.CUT
local raise_core, raise_system = errors.raise_core, errors.raise_system
local timer_after, vm = timer.operations.after, import("core.native").vm
local wake = S.wake

local SOONEST, LATEST = 0.0005, 0.02 -- seconds between two tries

local lock = { UNLOCK = 0, SHARED = 1, EXCLUSIVE = 2 }

-- By fiber: the token it sleeps under, and the object that it wants to lock.
local tokens, objects = {}, {}

local LOCK = { name = "file lock", external = true }

function LOCK.remove(f)
    timer.cancel(tokens[f])
    tokens[f], objects[f] = nil, nil
end

function LOCK.due(f) tokens[f], objects[f] = nil, nil end

-- Ends every wait for a lock of `object`.
function lock.abort(object)
    for f, o in pairs(objects) do
        if o == object then
            LOCK.remove(f)
            wake(f, ABORTED)
        end
    end
end

-- A lock may have been given up: all who wait try again.
function lock.retry()
    for f in pairs(objects) do
        LOCK.remove(f)
        wake(f, false)
    end
end

-- The lock of an object, at once or after a wait: a code.
function lock.wait(f, object, handle, kind)
    local delay = SOONEST
    while true do
        local held = native.lock(handle, kind)
        if held ~= 0 then return held end
        if f[INTERRUPTED] and f[MASK] == 0 then raise_core(13) end
        S.check_yieldable()
        local token = timer.token()
        timer_after(vm, delay, token)
        tokens[f], objects[f] = token, object
        local outcome = timer.wait(f, LOCK, object, token)
        if outcome == CUT or outcome == ABORTED and f[INTERRUPTED] and f[MASK] == 0 then raise_core(13) end
        if outcome == ABORTED then raise_system("ECANCELED") end
        if delay < LATEST then delay = delay * 2 end
    end
end

return lock
