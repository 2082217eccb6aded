-- The run queue, suspension and waking. Everything that suspends a fiber goes through suspend().
--
-- A kind of wait is a table {name, remove, masked, external, due}: remove(fiber) takes the fiber out of
-- whatever it waits in; `masked` waits cannot be interrupted; `external` ones are ended by the operating
-- system and keep the VM alive; due(fiber) is called when its time has come. interrupt(fiber) passes an
-- interruption on to the fibers that are waited for, instead of ending the wait; inner(fiber) is the one
-- that runs in the waiting fiber's name.
local import = ...
local L = import("core.layout")
local errors = import("core.errors")
local native = import("core.native")

local CO, FN, WAIT, ON, NEXT = L.CO, L.FN, L.WAIT, L.ON, L.NEXT
local INTERRUPTED, MASK, FORBID = L.INTERRUPTED, L.MASK, L.FORBID
local EXTRA, HANDLERS, OLDER, NEWER, SINCE = L.EXTRA, L.HANDLERS, L.OLDER, L.NEWER, L.SINCE

local co_create, co_resume, co_yield = coroutine.create, coroutine.resume, coroutine.yield
local co_running, isyieldable = coroutine.running, coroutine.isyieldable
local getfenv, pcall, select, setfenv, xpcall = getfenv, pcall, select, setfenv, xpcall
local globals = getfenv(0)
local raise_core, raise_detail = errors.raise_core, errors.raise_detail
local collect, vm, view = native.collect, native.vm, native.view

-- What a coroutine yields to its resumer when its fiber is suspended, when it asks whether the
-- levels above can yield, and when its fiber has returned or raised.
local SUSPENDED, PROBE, ENDED, BROKEN = newproxy(false), newproxy(false), newproxy(false), newproxy(false)

-- What a woken fiber finds in ON: false when it got what it waited for.
local CUT, ABORTED = newproxy(false), newproxy(false)

-- States of WAIT beside false and the kinds.
local DONE, FAILED = { name = "done" }, { name = "failed" }
-- Runnable after an external wait, which is still counted.
local WOKEN = { name = "its turn" }

-- States of HANDLE beside the fiber that joins.
local JOINABLE, JOINED, DETACHED, MAIN = { "joinable" }, { "joined" }, { "detached" }, { "main" }
local HELPER = { "helper" } -- of a fiber that runs in another's name

-- Slot of the fiber that tries in a direction; see core.operation.
local HEAD = 3

-- Fibers resumed by one step(): the driver looks for events between two. One that has used up its
-- budget counts for as many as it did operations.
local BATCH = 1024
-- Operations of one fiber that may be done at once before others get a turn.
local BUDGET = 128
-- Finished coroutines that are kept for reuse, at most.
local POOL = 1024

-- Results of step(), known to src/vm/drive.rs.
local NOTHING, MORE, IDLE = 0, 1, 2

-- The parts of a VM's state that several files share.
local S = {
    current = false, -- the fiber that runs
    thread = { [L.DEPTH] = 0, [L.HANDLERS] = false }, -- record of the running Lua thread's scopes
    entered = false, -- the Lua thread that the shims entered last
    budget = 0, -- operations that the current fiber may still do at once
    left = 0, -- fibers that this step may still resume
    -- Fibers in external waits. Counted by the scheduler when it suspends and resumes a fiber, not by
    -- the fiber: a hook that throws in between must not leave the VM waiting for ever.
    pending = 0,
    running = false,
    main = false, -- main fiber of the run
    newest = false, -- list of live fibers
    fatal = false, -- {error}: a cleanup handler failed, the run ends
    stop = false, -- the main fiber failed or a fiber called exit, the run ends
    exit = false, -- what exit was called with
}
local outside = S.thread

local now = 0 -- seconds, coarse; read once per step

local first, last = false, false -- the ready queue, linked by NEXT
local pool, pooled = {}, 0 -- coroutines that wait for a fiber

local scheduler = {
    state = S,
    HEAD = HEAD,
    pcall = pcall, -- of the interpreter: no scope and no interruption point
    SUSPENDED = SUSPENDED, PROBE = PROBE,
    CUT = CUT, ABORTED = ABORTED,
    DONE = DONE, FAILED = FAILED, WOKEN = WOKEN,
    JOINABLE = JOINABLE, JOINED = JOINED, DETACHED = DETACHED, MAIN = MAIN, HELPER = HELPER,
    directions = setmetatable({}, { __mode = "v" }), -- by token; weak: an object may be dropped
    sleepers = {}, -- fibers by timer token
    free_tokens = {}, -- timer tokens that nobody sleeps under
    on_end = false, -- called with a fiber that has ended, and whether it failed; set by core.fiber
    on_error = false, -- called with a fiber and its uncaught error, before unwinding; set by core.fiber
    on_main_end = false, -- called when the main fiber has ended; set by actor.class
    on_idle = false, -- called when nothing is left: whether something has come up; set by core.run
    unwind = false, -- runs cleanup handlers; set by core.scope
    levels = false, -- functions that resume coroutines; set by core.coroutine
}
local directions, sleepers, free_tokens = scheduler.directions, scheduler.sleepers, scheduler.free_tokens

-- Whether a fiber can run.
function scheduler.has_ready() return first ~= false end

-- Appends a fiber to the ready queue.
local function ready(f)
    f[WAIT] = false
    f[NEXT] = false
    if last then last[NEXT] = f else first = f end
    last = f
end
scheduler.ready = ready

-- Puts a fiber at the head of the ready queue.
local function ready_next(f)
    f[WAIT] = false
    f[NEXT] = first
    first = f
    if not last then last = f end
end
scheduler.ready_next = ready_next

-- Wakes a suspended fiber; `outcome` is what suspend() returns in it.
local function wake(f, outcome)
    f[ON] = outcome
    local kind = f[WAIT]
    ready(f)
    if kind and kind.external then f[WAIT] = WOKEN end
end
scheduler.wake = wake

-- The same, before all others.
function scheduler.wake_next(f, outcome)
    f[ON] = outcome
    local kind = f[WAIT]
    ready_next(f)
    if kind and kind.external then f[WAIT] = WOKEN end
end

-- Wakes a sleeper whose time has come. It takes turns with the fibers that the last batch has left, of which `left` is
-- the next: a hundred thousand fibers that start must not make every sleeper late. Returns the one after.
local function wake_behind(left, f)
    if not left then return wake(f, false) end
    local next = left[NEXT]
    f[ON], f[WAIT], f[NEXT] = false, WOKEN, next
    left[NEXT] = f
    if not next then last = f end
    return next
end

-- The fiber in whose name `f` runs.
function scheduler.identity(f)
    local x = f[EXTRA]
    return x and x.borrows or f
end

local function refuse()
    raise_detail("EPERM", "a suspending function was called outside of emilua.run")
end

-- The entry of every suspending function: checks what the chapters call "S" and "I" and returns
-- the current fiber.
function scheduler.enter()
    local f = S.current
    if not f then refuse() end
    if f[FORBID] > 0 then raise_core(12) end
    if f[INTERRUPTED] and f[MASK] == 0 then raise_core(13) end
    return f
end

-- The same for functions that suspend but are no interruption points.
function scheduler.enter_masked()
    local f = S.current
    if not f then refuse() end
    if f[FORBID] > 0 then raise_core(12) end
    return f
end

local function cannot_yield()
    local detail = "the fiber cannot be suspended here: "
    local running = co_running()
    if running ~= S.entered then
        detail = detail .. "this coroutine was not resumed by emilua's coroutine functions"
            .. " (take coroutine.resume and coroutine.wrap after require \"emilua\")"
    else
        detail = detail .. "a C function that cannot be suspended is on the stack"
            .. " (a callback of table.sort or string.gsub, a finaliser, a hook)"
    end
    raise_detail("EPERM", detail)
end

-- Whether `thread` runs and can yield to its resumer.
local can_yield = native.can_yield or function(thread)
    return co_running() == thread and isyieldable()
end
scheduler.can_yield = can_yield

-- Raises unless the current fiber can be suspended. To be called before anything is registered.
local function check_yieldable()
    local entered = S.entered
    if not can_yield(entered) then cannot_yield() end
    -- In a user's coroutine the levels above must be able to pass the suspension on.
    if entered ~= S.current[CO] and not co_yield(PROBE) then cannot_yield() end
end
scheduler.check_yieldable = check_yieldable

-- Suspends the current fiber, which is waiting for `on` by now. Returns the outcome.
local function suspend(f, kind, on)
    f[ON] = on
    f[WAIT] = kind
    co_yield(SUSPENDED)
    return f[ON]
end
scheduler.suspend = suspend

local suspend_thread = native.suspend or function(thread, value)
    if not can_yield(thread) then return false end
    co_yield(value)
end

-- What check_yieldable() has to ask before try_suspend() does the rest.
function scheduler.check_levels(f)
    if S.entered ~= f[CO] then check_yieldable() end
end

-- As suspend(), without check_yieldable(): a fiber that cannot be suspended is taken out of what it waits in, and the
-- error is raised.
function scheduler.try_suspend(f, kind, on)
    f[ON] = on
    f[WAIT] = kind
    if suspend_thread(S.entered, SUSPENDED) == false then
        kind.remove(f)
        f[WAIT] = false
        cannot_yield()
    end
    return f[ON]
end

-- Lets other fibers run; the caller has called check_yieldable().
local function pass(f)
    ready(f)
    co_yield(SUSPENDED)
end
scheduler.pass = pass

-- Called by operations that were done at once: a busy object must not keep others waiting.
function scheduler.charge(f)
    local budget = S.budget - 1
    S.budget = budget
    if budget <= 0 then
        S.budget = BUDGET
        S.left = S.left - BUDGET
        local entered = S.entered
        if can_yield(entered) and (entered == f[CO] or co_yield(PROBE)) then
            pass(f)
        end
    end
end

-- Asks a fiber that waits to give up.
function scheduler.interrupt(f)
    f[INTERRUPTED] = true
    local kind = f[WAIT]
    if not kind or kind.masked or f[MASK] > 0 then return end
    if kind.interrupt then return kind.interrupt(f) end
    if kind.remove then
        kind.remove(f)
        wake(f, CUT)
    end
end

-- Message handler of every fiber: the traceback must be taken before the stack is unwound.
local function on_error(e)
    scheduler.on_error(S.current, e)
    return e
end

-- Stores how a fiber's function ended and runs the cleanup handlers of its root scope. Nothing on
-- the stack refers to the fiber afterwards.
local function settle(ok, ...)
    local f = S.current
    if ok then
        local n = select("#", ...)
        f[FN] = n > 0 and { n = n, ... }
    else
        f[FN] = { (...) }
    end
    if f[HANDLERS] then scheduler.unwind(f, -1) end
    -- The next fiber of this coroutine must not find what setfenv(0, t) has left.
    if getfenv(0) ~= globals then setfenv(0, globals) end
    return co_yield(ok and ENDED or BROKEN)
end

-- Body of every fiber's coroutine, which serves one fiber after the other.
local function body()
    while true do settle(xpcall(S.current[FN], on_error)) end
end

-- Under the launcher, what makes a function that first takes over the globals of the running Lua thread.
local inherit = false

-- Coroutines serve many fibers, so the globals of the thread, by which load() compiles, have to be set.
function scheduler.set_inherit(f) inherit = f end

-- A new fiber, in no queue.
local function new(fn)
    if inherit then fn = inherit(fn) end
    local older = S.newest
    -- In the order of core.layout.
    local f = { false, false, false, fn, false, false, false, 0, 0, 0, false, JOINABLE, false, older, false }
    if older then older[NEWER] = f end
    f[SINCE] = now
    S.newest = f
    return f
end
scheduler.new = new

-- A new fiber at the tail of the queue, not started.
function scheduler.create(fn)
    local f = new(fn)
    ready(f)
    return f
end

-- Takes a fiber off the list of live ones.
local function bury(f)
    local older, newer = f[OLDER], f[NEWER]
    if older then older[NEWER] = newer end
    if newer then newer[OLDER] = older else S.newest = older end
    f[OLDER], f[NEWER] = false, false
end

-- Gives a fiber a coroutine when it starts, not when it is spawned: a thousand fibers that end at
-- once need one, and the stack that one has outgrown serves the next.
local function take(f)
    -- Consistent after each line, for a hook may throw.
    local co = pool[pooled]
    if co then
        pooled = pooled - 1
        pool[pooled + 1] = nil
    else
        co = co_create(body)
    end
    f[CO] = co
    return co
end

local function finish(f, outcome)
    f[WAIT], f[CO] = outcome, false
    bury(f)
    scheduler.on_end(f, outcome == FAILED)
end

local function resume(f)
    local co = f[CO] or take(f)
    if f[WAIT] == WOKEN then
        f[WAIT] = false
        S.pending = S.pending - 1
    end
    S.current, S.thread, S.entered, S.budget = f, f, co, BUDGET
    local ok, signal = co_resume(co)
    if signal == SUSPENDED then
        local kind = f[WAIT]
        if kind and kind.external then S.pending = S.pending + 1 end
        f[SINCE] = now
        return
    end
    if signal == ENDED or signal == BROKEN then
        if pooled < POOL then
            pool[pooled + 1] = co
            pooled = pooled + 1
        end
        return finish(f, signal == ENDED and DONE or FAILED)
    end
    if not ok then
        -- What xpcall does not catch: an error of a hook, or a want of memory, between two calls.
        f[FN] = { signal }
        return finish(f, FAILED)
    end
    -- coroutine.yield that was cached before this module replaced it.
    ready(f)
end

-- Called when a token without a direction becomes ready; few programs have any.
local watchers = false

function scheduler.watch(token, f)
    watchers = watchers or {}
    watchers[token] = f
end

-- Wakes the fibers whose direction became ready or whose time has come.
local function dispatch()
    local tokens = view.ready
    for i = 0, view.n_ready - 1 do
        local d = directions[tokens[i]]
        local f = d and d[HEAD]
        local kind = f and f[WAIT]
        if kind and kind.remove then
            wake(f, false)
        elseif watchers and not d and watchers[tokens[i]] then
            watchers[tokens[i]]()
        end
    end
    tokens = view.due
    local left = first
    for i = 0, view.n_due - 1 do
        local token = tokens[i]
        local f = sleepers[token]
        sleepers[token] = false
        free_tokens[#free_tokens + 1] = token
        if f then
            local due = f[WAIT].due
            if due then due(f) end
            left = wake_behind(left, f)
        end
    end
end

-- Fetches what has become ready, and what src/vm counts.
local function gather()
    if collect(vm) > 0 then dispatch() end
end
scheduler.gather = gather

-- Runs ready fibers until none is left or BATCH have run. The driver calls this with the coarse time.
function scheduler.step(time)
    now = time
    gather()
    S.left = BATCH
    while S.left > 0 do
        local f = first
        if not f then break end
        S.left = S.left - 1
        first = f[NEXT]
        if not first then last = false end
        resume(f)
        if S.fatal or S.stop then break end
    end
    S.current, S.thread, S.entered = false, outside, false
    if S.fatal or S.stop then return NOTHING end
    if first then return MORE end
    if S.pending > 0 then return IDLE end
    if scheduler.on_idle() then return MORE end
    return NOTHING
end

-- Forgets every fiber. Objects that they wait for stay usable. Allocates nothing: memory may be wanting.
function scheduler.reset()
    local f = S.newest
    while f do
        local kind = f[WAIT]
        -- It raises for a fiber that a hook struck on its way into the wait.
        if kind and kind.remove then pcall(kind.remove, f) end
        f = f[OLDER]
    end
    for _, d in pairs(directions) do
        d[1], d[2], d[HEAD] = false, false, false
    end
    first, last = false, false
    S.newest, S.current, S.thread, S.entered = false, false, outside, false
    S.pending, S.fatal, S.stop, S.exit, S.main = 0, false, false, false, false
    outside[L.DEPTH], outside[L.HANDLERS] = 0, false
end

return scheduler
