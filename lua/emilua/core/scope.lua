-- Scopes and their cleanup handlers; pcall and xpcall, which are scopes too.
--
-- A scope is a depth: opening one costs an addition. Handlers remember the depth they were pushed
-- at, and leaving a scope runs those that are deeper.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local report = import("core.lazy")("core.report")

local CO, DEPTH, EXTRA, HANDLERS, MASK = L.CO, L.DEPTH, L.EXTRA, L.HANDLERS, L.MASK
local INTERRUPTED = L.INTERRUPTED
local co_yield, isyieldable = coroutine.yield, coroutine.isyieldable
local pcall, xpcall, error, rawequal, type = pcall, xpcall, error, rawequal, type
local state = S.state
local raise_core = errors.raise_core

-- Fields of a handler.
local FUNCTION, AT, REST = 1, 2, 3

-- stock_pcall: no scope and no interruption point, for functions of this module that suspend.
local scope = { stock_pcall = pcall }

-- A cleanup handler raised: the run ends, and no code of this fiber runs any more.
local function fatal(f, e)
    if not f then error(e, 0) end
    local thread = state.entered
    state.fatal = { e, thread ~= f[CO] and report.address(thread) or report.id(f) }
    if isyieldable() then
        while true do co_yield(S.SUSPENDED) end
    end
    error(e, 0)
end

-- What pcall and its like do after a handler has failed where the fiber could not be suspended.
function scope.stop() error(state.fatal[1], 0) end

local function run(handler)
    local ok, e = pcall(handler)
    if not ok then fatal(state.current, e) end
end

-- Disables interruption while handlers of record `t` run. A coroutine counts for itself too: it may
-- yield in the middle, and go on in another fiber.
local function mask(t)
    local f = state.current
    if not f then return end
    f[MASK] = f[MASK] + 1
    if t ~= f then t[MASK] = t[MASK] + 1 end
end

local function unmask(t)
    local f = state.current
    if not f then return end
    -- Not below zero: a handler may have restored more than it disabled.
    if f[MASK] > 0 then f[MASK] = f[MASK] - 1 end
    if t ~= f then t[MASK] = t[MASK] - 1 end
end

-- Runs the handlers of record `t` that are deeper than `depth`, newest first. They are taken off
-- before: a handler that pushes or pops acts on the enclosing scope.
local function unwind(t, depth)
    local h = t[HANDLERS]
    local rest = h
    while rest and rest[AT] > depth do rest = rest[REST] end
    t[HANDLERS] = rest
    if state.fatal then return end
    mask(t)
    while h ~= rest do
        run(h[FUNCTION])
        h = h[REST]
    end
    -- What the handlers of a root scope pushed is never run.
    if depth < 0 then t[HANDLERS] = false end
    unmask(t)
end
scope.unwind = unwind
S.unwind = unwind

-- Leaves the scope that was opened at `depth` and passes the results on.
local function leave(t, depth, ...)
    t[DEPTH] = depth
    local h = t[HANDLERS]
    if h and h[AT] > depth then unwind(t, depth) end
    if state.fatal then scope.stop() end
    return ...
end

function scope.pcall(...)
    local fiber = state.current
    if not fiber then return pcall(...) end
    if fiber[INTERRUPTED] and fiber[MASK] == 0 then raise_core(13) end
    local t = state.thread
    local depth = t[DEPTH]
    t[DEPTH] = depth + 1
    return leave(t, depth, pcall(...))
end

function scope.xpcall(...)
    local fiber = state.current
    if not fiber then return xpcall(...) end
    if fiber[INTERRUPTED] and fiber[MASK] == 0 then raise_core(13) end
    local t = state.thread
    local depth = t[DEPTH]
    t[DEPTH] = depth + 1
    return leave(t, depth, xpcall(...))
end

local function finish(ok, e)
    if not ok then error(e, 0) end
end

-- Keeps the traceback of an error that scope() passes on: there it would begin anew.
local function pass_on(e)
    local f = state.current
    if f then
        local x = f[EXTRA] or {}
        f[EXTRA] = x
        if not x.passed or not rawequal(x.passed.error, e) then
            x.passed = { error = e, trace = report.traceback() }
        end
    end
    return e
end

-- scope(f): f() in a scope of its own; returns nothing.
function scope.scope(f)
    if type(f) ~= "function" then errors.expected(1, "scope", "function", f) end
    local t = state.thread
    local depth = t[DEPTH]
    t[DEPTH] = depth + 1
    return finish(leave(t, depth, xpcall(f, pass_on)))
end

function scope.push(handler)
    if type(handler) ~= "function" then errors.raise("EINVAL") end
    local t = state.thread
    if not state.current and t[DEPTH] == 0 then
        errors.raise_detail("EPERM", "scope_cleanup_push was called outside of emilua.run and of a scope")
    end
    t[HANDLERS] = { handler, t[DEPTH], t[HANDLERS] }
end

function scope.pop(execute)
    local t = state.thread
    local h = t[HANDLERS]
    if not h or h[AT] < t[DEPTH] then raise_core(errors.UNMATCHED_SCOPE) end
    t[HANDLERS] = h[REST]
    if execute == false then return end
    mask(t)
    run(h[FUNCTION])
    unmask(t)
end

return scope
