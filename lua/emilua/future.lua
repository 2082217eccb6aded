-- future: one value or error for any number of fibers, given through a promise.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local list = import("core.list")

local ON = L.ON
local CUT = S.CUT
local enter, suspend, wake, check_yieldable = S.enter, S.suspend, S.wake, S.check_yieldable
local class_name, raise, raise_core = errors.class_name, errors.raise, errors.raise_core
local error, getmetatable, newproxy, rawget, setmetatable = error, getmetatable, newproxy, rawget, setmetatable

-- A future is a list of its waiters {first, last} with more slots. A promise is {future, sentinel}.
local STATE, VALUE, PROMISE = 3, 4, 5
local FUTURE, SENTINEL = 1, 2

local PENDING, READY, FAILED, BROKEN = false, "ready", "failed", "broken"

local GET = { name = "future", collectable = true }

function GET.remove(f) list.remove(f[ON], f) end

function GET.describe(future) return ("future %p"):format(future) end

function GET.notice(future) return ("Underlying promise for future %p is broken"):format(future) end

local weak = { __mode = "v" }

local function settle(future, state, value)
    future[STATE], future[VALUE] = state, value
    local f = list.pop(future)
    while f do
        wake(f, false)
        f = list.pop(future)
    end
end

-- Notices the collection of a promise somebody waits for; a promise without waiters needs no finaliser.
local function watch(future, promise)
    if promise[SENTINEL] then return end
    local sentinel = newproxy(true)
    getmetatable(sentinel).__gc = function()
        if not future[STATE] then settle(future, BROKEN) end
    end
    promise[SENTINEL] = sentinel
end

-- Interpreted: a trace leaves the slots of dead variables on the stack as they were, and the promise in one of them
-- would be kept by the fiber that waits for it.
local function await(self, f)
    if not self[PROMISE][1] then raise_core(errors.BROKEN_PROMISE) end
    check_yieldable()
    watch(self, self[PROMISE][1])
    list.push(self, f)
    return (suspend(f, GET, self))
end
require("jit").off(await)

local function result(future)
    local state = future[STATE]
    if state == READY then return rawget(future, VALUE) end
    if state == FAILED then error(future[VALUE], 0) end
    raise_core(errors.BROKEN_PROMISE)
end

local future_methods = {}
local future_mt = errors.class("future", { __index = errors.strict(future_methods) })

function future_mt.__newindex() errors.bad_index() end

function future_methods:get()
    if class_name(self) ~= "future" then raise("EINVAL", 1) end
    local f = enter()
    if not self[STATE] then
        if await(self, f) == CUT then raise_core(13) end
    end
    return result(self)
end

local promise_methods = {}
local promise_mt = errors.class("promise", { __index = errors.strict(promise_methods) })

function promise_mt.__newindex() errors.bad_index() end

function promise_methods:set_value(value)
    if class_name(self) ~= "promise" then raise("EINVAL", 1) end
    local future = self[FUTURE]
    if future[STATE] ~= PENDING then raise_core(errors.PROMISE_SATISFIED) end
    settle(future, READY, value)
end

function promise_methods:set_error(e)
    if class_name(self) ~= "promise" then raise("EINVAL", 1) end
    if e == nil then raise("EINVAL", 2) end
    local future = self[FUTURE]
    if future[STATE] ~= PENDING then raise_core(errors.PROMISE_SATISFIED) end
    settle(future, FAILED, e)
end

local function new()
    local promise = setmetatable({ false, false }, promise_mt)
    local future = setmetatable({ false, false, PENDING, false, setmetatable({ promise }, weak) }, future_mt)
    promise[FUTURE] = future
    return promise, future
end

return { new = new }
