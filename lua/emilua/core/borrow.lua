-- Helper fibers, which run a function in the name of the fiber that waits for them: its storage, its id,
-- its recursive mutexes. What interrupts a helper leaves no mark on that fiber.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local fiber = import("core.fiber")
local report = import("core.lazy")("core.report")

local EXTRA, FN, HANDLE, WAIT = L.EXTRA, L.FN, L.HANDLE, L.WAIT
local DONE, FAILED, HELPER = S.DONE, S.FAILED, S.HELPER
local state = S.state
local error, select, unpack = error, select, unpack

local borrow = {}

-- f(...) as a function without arguments.
function borrow.bind(f, ...)
    local n = select("#", ...)
    if n == 0 then return f end
    if n == 1 then
        local a = ...
        return function() return f(a) end
    end
    local args = { ... }
    return function() return f(unpack(args, 1, n)) end
end

-- A helper of `caller` for fn(), not started; ended(helper, failed) is called when it has ended.
function borrow.new(caller, fn, ended)
    local helper = S.new(fn)
    helper[HANDLE] = HELPER
    helper[EXTRA] = { ended = ended, borrows = S.identity(caller), caller = caller }
    return helper
end

-- Makes a helper the next fiber to run, as if its caller called the function. Only a caller that does
-- nothing else must let others run now and then.
function borrow.start(helper)
    if state.budget > 1 then S.ready_next(helper) else S.ready(helper) end
end

-- Counts the call, which began with `budget`; see start().
function borrow.charge(budget)
    if budget > 1 then state.budget = budget - 1 end
end

function borrow.has_ended(helper)
    local outcome = helper[WAIT]
    return outcome == DONE or outcome == FAILED
end

-- Raises in `caller` the error that fiber `f` ended with; its traceback goes on with the caller's.
function borrow.raise(caller, f)
    local e, x = f[FN][1], f[EXTRA]
    if x.trace then
        fiber.extra(caller).passed =
            { error = e, trace = x.trace .. report.traceback():gsub("^[^\n]*", "", 1) }
    end
    error(e, 0)
end

-- The values that a helper ended with.
function borrow.values(helper)
    local values = helper[FN]
    if values then return unpack(values, 1, values.n) end
end

return borrow
