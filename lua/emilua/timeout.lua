-- timeout: a function that is interrupted when it takes too long.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local borrow = import("core.borrow")
local clock = import("time.clock")
local errors = import("core.errors")
local native = import("core.native")
local timer = import("core.timer")

local EXTRA, FN, ON, WAIT = L.EXTRA, L.FN, L.ON, L.WAIT
local enter, check_yieldable, interrupt, suspend = S.enter, S.check_yieldable, S.interrupt, S.suspend
local bind, has_ended, start = borrow.bind, borrow.has_ended, borrow.start
local check_delay = clock.check_delay
local state, wake_next = S.state, S.wake_next
local timer_after, vm = timer.operations.after, native.vm
local error, type = error, type

local function inner(f) return f[ON] end

-- The caller waits for its helper or the time, whichever is first, then for the helper alone.
local TIMEOUT = { name = "timeout", external = true, inner = inner }
local UNWIND = { name = "timeout", masked = true, inner = inner }

function TIMEOUT.remove(f) timer.cancel(f[ON][EXTRA].token) end

function TIMEOUT.interrupt(f)
    local helper = f[ON]
    helper[EXTRA].cut = true
    interrupt(helper)
end

local function ended(helper)
    local x = helper[EXTRA]
    local caller = x.caller
    -- When the time was over first, it is among the ready already.
    if caller[ON] ~= helper then return end
    local kind = caller[WAIT]
    if kind == TIMEOUT then
        timer.cancel(x.token)
        wake_next(caller, false)
    elseif kind == UNWIND then
        wake_next(caller, false)
    end
end

local function timed_out(helper)
    local e = errors.new(errors.generic, errors.number.ETIMEDOUT)
    if helper[WAIT] == S.FAILED and not errors.is_interrupted(helper[FN][1]) then e.cause = helper[FN][1] end
    error(e, 0)
end

-- timeout(seconds, fn, ...): the values of fn(...), or ETIMEDOUT.
local function timeout(seconds, fn, ...)
    check_delay(seconds, "timeout", 1)
    if type(fn) ~= "function" then errors.expected(2, "timeout", "function", fn) end
    local f = enter()
    check_yieldable()
    local budget = state.budget
    local helper = borrow.new(f, bind(fn, ...), ended)
    local x, token = helper[EXTRA], timer.token()
    x.token = token
    local code = timer_after(vm, seconds, token)
    if code < 0 then errors.raise_code(code) end
    start(helper)
    timer.wait(f, TIMEOUT, helper, token)
    if not has_ended(helper) then
        local late = not x.cut
        interrupt(helper)
        suspend(f, UNWIND, helper)
        if late then timed_out(helper) end
    end
    borrow.charge(budget)
    if helper[WAIT] == S.FAILED then borrow.raise(f, helper) end
    if x.cut then errors.raise_core(errors.INTERRUPTED) end
    return borrow.values(helper)
end

return timeout
