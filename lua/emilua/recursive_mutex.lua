-- recursive_mutex: the owner is a fiber, which may lock several times.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local list = import("core.list")

local FORBID, ON = L.FORBID, L.ON
local state, suspend, wake, check_yieldable = S.state, S.suspend, S.wake, S.check_yieldable
local identity = S.identity
local class_name, raise, raise_detail = errors.class_name, errors.raise, errors.raise_detail
local setmetatable = setmetatable

-- A recursive mutex is a list of its waiters {first, last} with two more slots.
local OWNER, LEVEL = 3, 4
local MAX_LEVEL = 0x7fffffff

local LOCK = { name = "recursive_mutex", masked = true }

function LOCK.remove(f) list.remove(f[ON], f) end

function LOCK.describe(m) return ("recursive_mutex %p"):format(m) end

local methods = {}
local mt = errors.class("recursive_mutex", { __index = errors.strict(methods) })

function mt.__newindex() errors.bad_index() end

local function again(m)
    if m[LEVEL] >= MAX_LEVEL then raise("EOVERFLOW") end
    m[LEVEL] = m[LEVEL] + 1
end

function methods:lock()
    if class_name(self) ~= "recursive_mutex" then raise("EINVAL", 1) end
    local f = state.current
    if not f or f[FORBID] > 0 then S.enter_masked() end
    local owner, me = self[OWNER], identity(f)
    if owner == me then return again(self) end
    if owner then
        check_yieldable()
        list.push(self, f)
        suspend(f, LOCK, self)
        return
    end
    self[OWNER], self[LEVEL] = me, 1
end

-- Who owns what is locked now.
local function current()
    return identity(state.current or raise_detail("EPERM", "a recursive_mutex was used outside of emilua.run"))
end

function methods:try_lock()
    if class_name(self) ~= "recursive_mutex" then raise("EINVAL", 1) end
    local f = current()
    local owner = self[OWNER]
    if owner == f then
        again(self)
        return true
    end
    if owner then return false end
    self[OWNER], self[LEVEL] = f, 1
    return true
end

function methods:unlock()
    if class_name(self) ~= "recursive_mutex" then raise("EINVAL", 1) end
    if self[OWNER] ~= current() then raise("EPERM") end
    local level = self[LEVEL] - 1
    if level == 0 then
        local f = list.pop(self)
        self[OWNER] = f and identity(f)
        if f then
            level = 1
            wake(f, false)
        end
    end
    self[LEVEL] = level
end

return errors.module("recursive_mutex", {
    new = function() return setmetatable({ false, false, false, 0 }, mt) end,
})
