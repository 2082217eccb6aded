-- mutex: first come, first served; unlocking hands the ownership over.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local list = import("core.list")

local FORBID, ON = L.FORBID, L.ON
local state, suspend, wake, check_yieldable = S.state, S.suspend, S.wake, S.check_yieldable
local pop, push, remove = list.pop, list.push, list.remove
local class_name, raise = errors.class_name, errors.raise
local setmetatable = setmetatable

-- A mutex is a list of its waiters {first, last} with a third slot.
local LOCKED = 3

local LOCK = { name = "mutex", masked = true }

function LOCK.remove(f) remove(f[ON], f) end

function LOCK.describe(m) return ("mutex %p"):format(m) end

function LOCK.notice(m) return ("No scheduled fibers remaining to unlock mutex %p"):format(m) end

local methods = {}
local mt = errors.class("mutex", { __index = errors.strict(methods) })

function mt.__newindex() errors.bad_index() end

local function wait(f, m)
    check_yieldable()
    push(m, f)
    suspend(f, LOCK, m)
end

function methods:lock()
    if class_name(self) ~= "mutex" then raise("EINVAL", 1) end
    local f = state.current
    if not f or f[FORBID] > 0 then S.enter_masked() end
    if self[LOCKED] then return wait(f, self) end
    self[LOCKED] = true
end

function methods:try_lock()
    if class_name(self) ~= "mutex" then raise("EINVAL", 1) end
    if self[LOCKED] then return false end
    self[LOCKED] = true
    return true
end

local function unlock(m)
    local f = pop(m)
    if f then wake(f, false) else m[LOCKED] = false end
end

function methods:unlock()
    if class_name(self) ~= "mutex" then raise("EINVAL", 1) end
    if not self[LOCKED] then raise("EPERM") end
    if self[1] then unlock(self) else self[LOCKED] = false end
end

-- For condition variables: lock() whatever forbid_suspend() says, without its checks.
local function relock(f, m)
    if m[LOCKED] then
        push(m, f)
        suspend(f, LOCK, m)
    else
        m[LOCKED] = true
    end
end

local internal = import("core.sync")
internal.relock, internal.unlock, internal.LOCKED = relock, unlock, LOCKED

return errors.module("mutex", {
    new = function() return setmetatable({ false, false, false }, mt) end,
})
