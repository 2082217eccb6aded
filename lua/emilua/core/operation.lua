-- Waiting for readiness: one FIFO of fibers per direction of an object. The first of the queue tries
-- the operation each time its direction becomes ready; who gives up has consumed nothing.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local list = import("core.list")
local native = import("core.native")

local INTERRUPTED, MASK = L.INTERRUPTED, L.MASK
local CO, WAIT, ON = L.CO, L.WAIT, L.ON
local PENDING = native.PENDING
local CUT, ABORTED = S.CUT, S.ABORTED
local charge, check_levels, try_suspend, wake = S.charge, S.check_levels, S.try_suspend, S.wake
local directions = S.directions
local raise_core, raise_system = errors.raise_core, errors.raise_system

-- A direction is the list of the fibers that queue in it {first, last}, the fiber that tries, and
-- its token. One small table: with hundreds of connections the cache decides about speed.
local HEAD, TOKEN = S.HEAD, 4

local operation = {}

local free, last_token = {}, 0

-- A new direction. Its token is free again when the object's handle is (see recycle).
function operation.direction()
    local n = #free
    local token = free[n]
    if token then
        free[n] = nil
    else
        token = last_token
        last_token = token + 1
    end
    local d = { false, false, false, token }
    directions[token] = d
    return d
end

-- A token of its own for scheduler.watch().
function operation.token()
    local token = last_token
    last_token = token + 1
    return token
end

-- Gives the tokens of an object back whose handle is freed. A late event of the old object is only
-- one more try for the new one.
function operation.recycle(a, b)
    local n = #free
    free[n + 1], free[n + 2] = a, b
end

-- Leaves the head of a direction; the next in the queue tries.
local function leave(d, f)
    if d[HEAD] ~= f then return end
    local next = list.pop(d)
    d[HEAD] = next
    if next then wake(next, false) end
end

-- The kind of wait of a fiber in a direction.
local IO = { name = "io", external = true }

function IO.remove(f)
    local d = f[ON]
    if d[HEAD] == f then leave(d, f) else list.remove(d, f) end
end

-- Ends every operation of a direction with operation_aborted.
function operation.abort(d)
    local f = d[HEAD]
    d[HEAD] = false
    while f do
        -- A head that was woken to try again is in the ready queue already.
        local kind = f[WAIT]
        if kind and kind.remove then wake(f, ABORTED) else f[ON] = ABORTED end
        f = list.pop(d)
    end
end

-- Waits until a direction becomes ready and tries once more.
local function try_again(d, f, call, a, b, c, e)
    local outcome = try_suspend(f, IO, d)
    if outcome == CUT then raise_core(13) end
    if outcome == ABORTED then
        if f[INTERRUPTED] and f[MASK] == 0 then raise_core(13) end
        raise_system("ECANCELED")
    end
    local code
    -- A C function takes no argument too many.
    if c then code = call(a, b, c, e) else code = call(a, b) end
    if code == PENDING and f[INTERRUPTED] and f[MASK] == 0 then
        leave(d, f)
        raise_core(13)
    end
    return code
end

local function wait(d, f, call, a, b, c, e)
    check_levels(f)
    local head = d[HEAD]
    -- A head that has ended was struck by a hook that throws.
    if head and head ~= f and head[CO] then list.push(d, f) else d[HEAD] = f end
    -- Once is nearly always enough. A loop that is entered each time would end the trace of whoever calls this.
    local code = try_again(d, f, call, a, b, c, e)
    while code == PENDING do code = try_again(d, f, call, a, b, c, e) end
    leave(d, f)
    return code
end

-- call(a, b), or call(a, b, c, e) with a true `c`, for fiber `f`, as soon as it does not give PENDING; its
-- other result.
function operation.perform(d, f, call, a, b, c, e)
    if d[HEAD] then return wait(d, f, call, a, b, c, e) end
    local code
    if c then code = call(a, b, c, e) else code = call(a, b) end
    if code == PENDING then return wait(d, f, call, a, b, c, e) end
    charge(f)
    return code
end

-- As perform(), for an operation that has been started and has given PENDING.
operation.await = wait

operation.TOKEN = TOKEN
return operation
