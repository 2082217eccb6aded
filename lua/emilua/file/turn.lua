-- The operations of a stream go one after the other: each begins where the one before has left the position.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local list = import("core.list")

local INTERRUPTED, MASK, ON, WAIT = L.INTERRUPTED, L.MASK, L.ON, L.WAIT
local ABORTED, CUT, DONE, FAILED, HEAD, WOKEN = S.ABORTED, S.CUT, S.DONE, S.FAILED, S.HEAD, S.WOKEN
local raise_core, raise_system = errors.raise_core, errors.raise_system
local suspend, wake = S.suspend, S.wake

local turn = {}

local TURN = { name = "file", external = true }

-- Gives the turn to the next.
local function leave(d, f)
    if d[HEAD] ~= f then return end
    local next = list.pop(d)
    d[HEAD] = next
    if next then wake(next, false) end
end
turn.leave = leave

function TURN.remove(f) list.remove(f[ON], f) end

-- Waits until it is the turn of `f`, and says whether others had theirs meanwhile. The caller has called
-- check_yieldable().
function turn.take(d, f)
    local head = d[HEAD]
    -- A head that has ended was struck by a hook that throws.
    if not head or head == f or head[WAIT] == DONE or head[WAIT] == FAILED then
        d[HEAD] = f
        return false
    end
    list.push(d, f)
    local outcome = suspend(f, TURN, d)
    if outcome == CUT then raise_core(13) end
    if outcome == ABORTED then
        leave(d, f)
        if f[INTERRUPTED] and f[MASK] == 0 then raise_core(13) end
        raise_system("ECANCELED")
    end
    return true
end

-- Ends the waits of all whose turn has not come, or who have not run since it came.
function turn.abort(d)
    local f = list.pop(d)
    while f do
        wake(f, ABORTED)
        f = list.pop(d)
    end
    local head = d[HEAD]
    if head and head[WAIT] == WOKEN and head[ON] == false then head[ON] = ABORTED end
end

return turn
