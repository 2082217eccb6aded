-- Operations under way beside the VM. Each has a slot, under which everything that it uses stays alive until the
-- kernel is done with it, whatever has become of the fiber.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local native = import("file.native")
local operation = import("core.operation")

local ON, WAIT = L.ON, L.WAIT
local suspend, wake = S.suspend, S.wake
local cancel, harvest, start = native.cancel, native.harvest, native.start
local vm = import("core.native").vm

local pending = {}

-- By slot: {fiber that waits, object, memory}, and the slots that are free.
local operations = {}
local FIBER, OBJECT, SPAN = 1, 2, 3
local free, last = {}, 0

-- The slot of an object where the set of its operations is.
local OPERATIONS = 1
pending.OPERATIONS = OPERATIONS

local FILE = { name = "file", external = true }

-- The outcome, and so the end of the wait, comes from the kernel.
function FILE.interrupt(f) cancel(vm, f[ON]) end

-- The run has ended.
function FILE.remove(f) operations[f[ON]][FIBER] = false end

-- Nothing of the operation is needed any more.
local function release(slot)
    local entry = operations[slot]
    entry[OBJECT][OPERATIONS][slot] = nil
    entry[FIBER], entry[OBJECT], entry[SPAN] = false, false, false
    free[#free + 1] = slot
end

local list = native.new_list()

local function conclude()
    local n = harvest(vm, list)
    for i = 0, n - 1 do
        local slot, code = list[0][i].slot, list[0][i].code
        local f = operations[slot][FIBER]
        release(slot)
        -- A hook may have struck the fiber on its way into the wait.
        if f and f[WAIT] == FILE and f[ON] == slot then wake(f, code) end
    end
end

local token = operation.token()
native.setup(vm, token)
S.watch(token, conclude)

local function reserve()
    local n = #free
    if n > 0 then
        local slot = free[n]
        free[n] = nil
        return slot
    end
    last = last + 1
    operations[last] = { false, false, false }
    return last
end

-- Starts an operation and waits for its outcome, a code. The caller has called check_yieldable().
function pending.perform(f, object, handle, action, span, at)
    local slot = reserve()
    local entry = operations[slot]
    -- Before it is started, for a hook may throw.
    entry[FIBER], entry[OBJECT], entry[SPAN] = f, object, span
    object[OPERATIONS][slot] = true
    local code = start(vm, slot, handle, action, span, at)
    if code < 0 then
        release(slot)
        return code
    end
    return suspend(f, FILE, slot)
end

-- Asks for the end of every operation of an object.
function pending.abort(object)
    for slot in pairs(object[OPERATIONS]) do cancel(vm, slot) end
end

return pending
