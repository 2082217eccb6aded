-- Fibers as users see them: spawn, the handle, this_fiber, and what happens when one ends.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local report = import("core.lazy")("core.report")

local CO, FN, WAIT, ON = L.CO, L.FN, L.WAIT, L.ON
local MASK, FORBID, HANDLE, EXTRA = L.MASK, L.FORBID, L.HANDLE, L.EXTRA
local DONE, FAILED, CUT = S.DONE, S.FAILED, S.CUT
local JOINABLE, JOINED, DETACHED, MAIN = S.JOINABLE, S.JOINED, S.DETACHED, S.MAIN
local enter, suspend, check_yieldable = S.enter, S.suspend, S.check_yieldable
local create, identity, interrupt = S.create, S.identity, S.interrupt
local state = S.state
local class_name, raise = errors.class_name, errors.raise
local raise_core, is_interrupted = errors.raise_core, errors.is_interrupted
local error, getmetatable, rawequal, rawget, setmetatable = error, getmetatable, rawequal, rawget, setmetatable
local type, unpack = type, unpack

local fiber = {}

local mt = errors.class("fiber")

local function extra(f)
    local x = f[EXTRA]
    if not x then
        x = {}
        f[EXTRA] = x
    end
    return x
end
fiber.extra = extra

-- A new fiber with a handle.
function fiber.new(f) return setmetatable(create(f), mt) end

function fiber.spawn(f, opts)
    if type(f) ~= "function" then errors.expected(1, "spawn", "function", f) end
    if not state.running then
        errors.raise_detail("EPERM", "spawn was called outside of emilua.run")
    end
    local new = fiber.new(f)
    local name = type(opts) == "table" and rawget(opts, "name")
    if name then extra(new).name = name end
    return new
end

-- The main fiber has no handle.
function fiber.main(f)
    local new = create(f)
    new[HANDLE] = MAIN
    return new
end

-- The fiber of a module's body, for which `importer` waits: it ends as if joined by it, has no handle,
-- and shares its id and its storage.
function fiber.module(f, importer)
    local new = create(f)
    local x, shared = extra(new), extra(importer)
    new[HANDLE] = importer
    shared.local_ = shared.local_ or {}
    x.importer, x.local_ = importer, shared.local_
    return new
end

-- Whether a fiber is the main fiber or a module's body.
local function is_main(f)
    if f[HANDLE] == MAIN then return true end
    local x = f[EXTRA]
    return x and x.importer ~= nil or false
end
fiber.is_main = is_main

-- Failed fibers with a live handle, numbered in the order they failed: reported at the end of the run.
local unreported, failures = setmetatable({}, { __mode = "k" }), 0

-- Takes the traceback of an uncaught error, when somebody may want it. One that a scope has
-- passed on was taken there, where it was raised.
function S.on_error(f, e)
    local handle, x = f[HANDLE], f[EXTRA]
    if handle[HANDLE] and not (x and x.ended) or is_interrupted(e) and handle ~= MAIN then return end
    x = extra(f)
    local passed = x.passed
    x.trace = passed and rawequal(passed.error, e) and passed.trace or report.traceback()
end

-- There is none for an error that no message handler saw.
local function trace_of(f)
    local x = f[EXTRA]
    return x and x.trace or "stack traceback:"
end
fiber.trace_of = trace_of

-- Arms a sentinel in the fiber's table: the report is printed when the handle is collected.
local function arm(f)
    local sentinel = newproxy(true)
    local id, e, trace = report.id(f), f[FN][1], trace_of(f)
    getmetatable(sentinel).__gc = function() report.panic(id, e, trace) end
    f[CO] = sentinel
    failures = failures + 1
    unreported[f] = failures
end

-- Takes the sentinel away and returns the traceback.
local function disarm(f)
    local sentinel = f[CO]
    if not sentinel then return end
    getmetatable(sentinel).__gc = nil
    f[CO] = false
    unreported[f] = nil
    return trace_of(f)
end

-- Prints what is left to print at the end of a run, in the order of failing.
function fiber.report_unjoined()
    local left = {}
    for f, n in pairs(unreported) do left[#left + 1] = { n, f } end
    table.sort(left, function(a, b) return a[1] < b[1] end)
    for i = 1, #left do
        local f = left[i][2]
        report.panic(report.id(f), f[FN][1], disarm(f))
    end
end

local JOIN = { name = "join", joins = true }

function JOIN.remove(f) f[ON][HANDLE] = JOINABLE end

function S.on_end(f, failed)
    local x = f[EXTRA]
    local ended = x and x.ended
    -- It may interrupt the fiber that joins, and says whether it takes the error.
    local taken = ended and ended(f, failed)
    local handle = f[HANDLE]
    if handle == JOINABLE then
        if failed and not taken and not is_interrupted(f[FN][1]) then arm(f) end
    elseif handle == DETACHED then
        if failed and not is_interrupted(f[FN][1]) then
            report.panic(report.id(f), f[FN][1], trace_of(f))
        end
        f[FN] = false
    elseif handle == MAIN then
        if failed then
            state.stop = true
            fiber.trace = trace_of(f)
        end
        if S.on_main_end then S.on_main_end() end
    elseif handle[WAIT] and handle[WAIT].joins and handle[ON] == f then
        -- Else a hook, or a want of memory, struck the other fiber on its way into the wait.
        handle[ON] = false
        S.ready_next(handle)
    end
end

local methods = {}

function methods:join()
    local f = enter()
    if class_name(self) ~= "fiber" or self[HANDLE] ~= JOINABLE then raise("EINVAL", 1) end
    if self == identity(f) then raise("EDEADLK") end
    if self[WAIT] ~= DONE and self[WAIT] ~= FAILED then
        check_yieldable()
        self[HANDLE] = f
        if suspend(f, JOIN, self) == CUT then raise_core(13) end
    end
    self[HANDLE] = JOINED
    local values = self[FN]
    self[FN] = false
    if self[WAIT] == FAILED then
        disarm(self)
        if is_interrupted(values[1]) then
            extra(self).caught = true
            return
        end
        error(values[1], 0)
    end
    if values then return unpack(values, 1, values.n) end
end

function methods:detach()
    if class_name(self) ~= "fiber" or self[HANDLE] ~= JOINABLE then raise("EINVAL", 1) end
    local x = self[EXTRA]
    if x and x.ended then raise("EINVAL", 1) end
    self[HANDLE] = DETACHED
    if self[WAIT] == FAILED then
        local trace = disarm(self)
        if trace then report.panic(report.id(self), self[FN][1], trace) end
    end
    if self[WAIT] == DONE or self[WAIT] == FAILED then self[FN] = false end
end

function methods:interrupt()
    if class_name(self) ~= "fiber" then raise("EINVAL", 1) end
    local handle = self[HANDLE]
    if handle ~= DETACHED and handle ~= JOINED then interrupt(self) end
end
methods.cancel = methods.interrupt

local function interruption_caught(self)
    if self[HANDLE] ~= JOINED then raise("EINVAL") end
    local x = self[EXTRA]
    return x and x.caught or false
end

function mt:__index(key)
    local method = methods[key]
    if method then return method end
    if key == "joinable" then return self[HANDLE] == JOINABLE end
    if key == "interruption_caught" or key == "cancellation_caught" then
        return interruption_caught(self)
    end
    errors.bad_index()
end

function mt.__newindex() errors.bad_index() end

-- The fiber that this_fiber is about; outside of a run there is none.
local function current()
    local f = state.current
    if not f then errors.raise_detail("EPERM", "this_fiber was used outside of emilua.run") end
    return f
end

local this = {}

function this.yield()
    local f = enter()
    check_yieldable()
    S.pass(f)
end

function this.forbid_suspend()
    local f = current()
    f[FORBID] = f[FORBID] + 1
end

function this.allow_suspend()
    local f = current()
    if f[FORBID] == 0 then raise_core(errors.SUSPENSION_ALLOWED) end
    f[FORBID] = f[FORBID] - 1
end

function this.disable_interruption()
    local f = current()
    f[MASK] = f[MASK] + 1
end
this.disable_cancellation = this.disable_interruption

function this.restore_interruption()
    local f = current()
    if f[MASK] == 0 then raise_core(errors.INTERRUPTION_ALLOWED) end
    f[MASK] = f[MASK] - 1
end
this.restore_cancellation = this.restore_interruption

-- The name in reports about waiting fibers; nil takes it away.
function this.set_name(name)
    local f = current()
    if name ~= nil and type(name) ~= "string" then errors.expected(1, "set_name", "string", name) end
    extra(identity(f)).name = name
end

setmetatable(this, {
    __index = function(_, key)
        if key == "is_main" then return is_main(identity(current())) end
        if key == "id" then return report.id(current()) end
        if key == "local_" then
            local x = extra(identity(current()))
            local storage = x.local_
            if not storage then
                storage = {}
                x.local_ = storage
            end
            return storage
        end
        errors.bad_index()
    end,
})

fiber.this_fiber = setmetatable({}, errors.class("this_fiber", {
    __index = this,
    __newindex = function() raise("EPERM") end,
}))

return fiber
