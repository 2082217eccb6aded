-- group: fibers that end before the function that began them does.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local borrow = import("core.borrow")
local errors = import("core.errors")
local fiber = import("core.fiber")
local report = import("core.lazy")("core.report")

local EXTRA, FN, ON, WAIT = L.EXTRA, L.FN, L.ON, L.WAIT
local enter, check_yieldable, interrupt, suspend = S.enter, S.check_yieldable, S.interrupt, S.suspend
local bind, has_ended = borrow.bind, borrow.has_ended
local class_name, is_interrupted, raise = errors.class_name, errors.is_interrupted, errors.raise
local state = S.state
local setmetatable, type = setmetatable, type

-- A group is a list of its members {first, last}, linked through their EXTRA, with more slots. The body
-- is a member too.
local FIRST, LAST = 1, 2
local SIZE = 3
local OWNER = 4 -- the fiber that called group()
local BODY = 5 -- its helper
local CUT = 6 -- whether the members have been interrupted
local FAILURE = 7 -- the member that failed first
local RUN = 8 -- the main fiber of the run; false when the group has ended

local GROUP = { name = "group" }

-- Interrupts every member that is left.
local function cut(g)
    g[CUT] = true
    local f = g[FIRST]
    while f do
        interrupt(f)
        f = f[EXTRA].next
    end
end

function GROUP.interrupt(f) cut(f[ON]) end

function GROUP.inner(f)
    local body = f[ON][BODY]
    return not has_ended(body) and body
end

function GROUP.describe(g) return ("group of %d fibers"):format(g[SIZE]) end

-- Called when a member has ended; whether the group raises its error.
local function ended(f, failed)
    local x = f[EXTRA]
    local g, previous, next = x.group, x.previous, x.next
    if previous then previous[EXTRA].next = next else g[FIRST] = next end
    if next then next[EXTRA].previous = previous else g[LAST] = previous end
    g[SIZE] = g[SIZE] - 1
    local taken = false
    if failed then
        local is_body = f == g[BODY]
        if not is_interrupted(f[FN][1]) then
            if not g[FAILURE] then
                g[FAILURE], taken = f, true
                cut(g)
            elseif is_body then
                report.panic(report.id(f), f[FN][1], fiber.trace_of(f))
            end
        elseif is_body and not g[CUT] then
            cut(g)
        end
    end
    local owner = g[OWNER]
    if not g[FIRST] and owner[WAIT] == GROUP and owner[ON] == g then S.wake_next(owner, false) end
    return taken
end

local function add(g, f, x)
    local last = g[LAST]
    x.group, x.previous, x.next = g, last, false
    if last then last[EXTRA].next = f else g[FIRST] = f end
    g[LAST] = f
    g[SIZE] = g[SIZE] + 1
end

local methods = {}
local mt = errors.class("group", { __index = errors.strict(methods) })

function mt.__newindex() errors.bad_index() end

function methods:spawn(f, ...)
    if class_name(self) ~= "group" then raise("EINVAL", 1) end
    if type(f) ~= "function" then errors.expected(2, "spawn", "function", f) end
    local run = self[RUN]
    if not run or run ~= state.main then errors.raise_detail("EPERM", "the group has ended") end
    local child = fiber.new(bind(f, ...))
    local x = { ended = ended, group = false, previous = false, next = false }
    child[EXTRA] = x
    add(self, child, x)
    if self[CUT] then interrupt(child) end
    return child
end

-- group(body): the values of body(g), when all fibers that g:spawn() began have ended.
local function group(fn)
    if type(fn) ~= "function" then errors.expected(1, "group", "function", fn) end
    local f = enter()
    check_yieldable()
    local budget = state.budget
    local g = setmetatable({ false, false, 0, f, false, false, false, state.main }, mt)
    local body = borrow.new(f, bind(fn, g), ended)
    g[BODY] = body
    add(g, body, body[EXTRA])
    borrow.start(body)
    suspend(f, GROUP, g)
    borrow.charge(budget)
    g[RUN] = false
    local failure = g[FAILURE] or body[WAIT] == S.FAILED and body
    if failure then borrow.raise(f, failure) end
    if g[CUT] then errors.raise_core(errors.INTERRUPTED) end
    return borrow.values(body)
end

return group
