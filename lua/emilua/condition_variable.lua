-- condition_variable: waiters wake in the order they came.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local list = import("core.list")
import("mutex")
local sync = import("core.sync")

local ON = L.ON
local CUT = S.CUT
local enter, suspend, wake, check_yieldable = S.enter, S.suspend, S.wake, S.check_yieldable
local LOCKED, relock, unlock = sync.LOCKED, sync.relock, sync.unlock
local pop, push, remove = list.pop, list.push, list.remove
local class_name, raise, raise_core = errors.class_name, errors.raise, errors.raise_core
local setmetatable = setmetatable

local WAIT = { name = "condition_variable" }

function WAIT.remove(f) remove(f[ON], f) end

function WAIT.describe(c) return ("condition_variable %p"):format(c) end

local methods = {}
local mt = errors.class("condition_variable", { __index = errors.strict(methods) })

function mt.__newindex() errors.bad_index() end

function methods:wait(m)
    if class_name(self) ~= "condition_variable" then raise("EINVAL", 1) end
    if class_name(m) ~= "mutex" then raise("EINVAL", 2) end
    if not m[LOCKED] then raise("EPERM") end
    local f = enter()
    check_yieldable()
    unlock(m)
    push(self, f)
    local outcome = suspend(f, WAIT, self)
    relock(f, m)
    if outcome == CUT then raise_core(13) end
end

function methods:notify_one()
    if class_name(self) ~= "condition_variable" then raise("EINVAL", 1) end
    local f = pop(self)
    if f then wake(f, false) end
end

function methods:notify_all()
    if class_name(self) ~= "condition_variable" then raise("EINVAL", 1) end
    local f = pop(self)
    while f do
        wake(f, false)
        f = pop(self)
    end
end

return errors.module("condition_variable", {
    new = function() return setmetatable({ false, false }, mt) end,
})
