-- The coroutine functions inside fibers. A suspending operation in a user's coroutine suspends the
-- whole fiber: it yields SUSPENDED to its resumer, which passes that outward and, when the fiber
-- goes on, re-enters inward. Outside of fibers everything is stock.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local scope = import("core.scope")

local BUSY, CO, HANDLERS, INTERRUPTED, MASK = L.BUSY, L.CO, L.HANDLERS, L.INTERRUPTED, L.MASK
local SUSPENDED, PROBE = S.SUSPENDED, S.PROBE
local state = S.state
local error, type = error, type
local co_create, co_resume, co_status = coroutine.create, coroutine.resume, coroutine.status
local co_running, co_yield = coroutine.running, coroutine.yield
local can_yield = S.can_yield
local raise_core = errors.raise_core

local shims = {}

-- Scopes of each coroutine that was resumed here, and whether a fiber is suspended inside.
local records = setmetatable({}, { __mode = "k" })

local function returned(co, r, thread, entered, ok, ...)
    local first = ...
    state.thread, state.entered = thread, entered
    if first == SUSPENDED then
        r[BUSY] = true
        co_yield(SUSPENDED)
        r[BUSY] = false
        state.thread, state.entered = r, co
        return returned(co, r, thread, entered, co_resume(co))
    end
    if first == PROBE then
        local f = state.current
        local can = can_yield(entered) and (entered == f[CO] or co_yield(PROBE))
        state.thread, state.entered = r, co
        return returned(co, r, thread, entered, co_resume(co, can))
    end
    if r[MASK] > 0 then
        local f = state.current
        f[MASK] = f[MASK] - r[MASK]
    end
    if state.fatal then scope.stop() end
    -- The root scope of a coroutine ends with its function.
    if r[HANDLERS] and co_status(co) == "dead" then
        state.thread = r
        scope.unwind(r, -1)
        state.thread = thread
    end
    return ok, ...
end

-- `thread` and `entered` are those of the caller; results are those of coroutine.resume.
local function resume(co, ...)
    local f = state.current
    local r = records[co]
    if not f then
        if r and r[BUSY] then errors.raise("EPERM") end
        return co_resume(co, ...)
    end
    if f[INTERRUPTED] and f[MASK] == 0 then raise_core(13) end
    if not r then
        if type(co) ~= "thread" then return co_resume(co, ...) end
        r = { false, false, false, false, false, false, false, 0, false, 0, false }
        records[co] = r
    elseif r[BUSY] then
        errors.raise("EPERM")
    end
    local thread, entered = state.thread, state.entered
    state.thread, state.entered = r, co
    -- Handlers that yielded in the middle go on masked, in whatever fiber that is.
    if r[MASK] > 0 then f[MASK] = f[MASK] + r[MASK] end
    return returned(co, r, thread, entered, co_resume(co, ...))
end

-- A thread that waits inside one of these has resumed the first argument: what core.inspect looks for.
S.levels = { [resume] = true, [returned] = true }

function shims.create(f)
    if type(f) ~= "function" then errors.expected(1, "create", "function", f) end
    return co_create(f)
end

-- A tail call keeps stock's message, which names the function.
function shims.resume(co, ...)
    if type(co) ~= "thread" then errors.expected(1, "resume", "coroutine", co) end
    return resume(co, ...)
end

local function unwrap(ok, ...)
    if ok then return ... end
    local e = ...
    -- Stock adds the position of the caller to a string, in fibers errors pass unchanged.
    error(e, not state.current and type(e) == "string" and 2 or 0)
end

function shims.wrap(f)
    if type(f) ~= "function" then errors.expected(1, "wrap", "function", f) end
    local co = co_create(f)
    return function(...)
        return unwrap(resume(co, ...))
    end
end

function shims.yield(...)
    local f = state.current
    if f and state.entered == f[CO] and co_running() == f[CO] then raise_core(errors.BAD_COROUTINE) end
    return co_yield(...)
end

function shims.running()
    local f = state.current
    if f and co_running() == f[CO] then return nil end
    return co_running()
end

function shims.status(co)
    local r = records[co]
    if r and r[BUSY] then return "normal" end
    return co_status(co)
end

return shims
