-- busted: test bodies that run as the main fiber of a run of their own, with a time limit and the check
-- that nothing is left behind.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local borrow = import("core.borrow")
local errors = import("core.errors")
local inspect = import("core.inspect")
local native = import("core.native")
local raw_run = import("core.run").run
local scope = import("core.scope")
local time = import("time")
local timer = import("core.timer")

local EXTRA, FN, ON, WAIT = L.EXTRA, L.FN, L.ON, L.WAIT
local DONE, FAILED = S.DONE, S.FAILED
local check_delay = import("time.clock").check_delay
local error, getfenv, ipairs, loadstring, pairs, pcall = error, getfenv, ipairs, loadstring, pairs, pcall
local rawget, require, type, unpack = rawget, require, type, unpack
local getinfo = debug.getinfo
local state = S.state

local LIMIT = 10 -- seconds of a test
local GRACE = 1 -- seconds to unwind when they are over

local module = {}

-- Functions of busted that install() replaces, and whether their bodies are tests. What surrounds tests may
-- open what they use.
local BODIES = {
    it = true, spec = true, test = true,
    before_each = false, after_each = false, setup = false, teardown = false,
    lazy_setup = false, lazy_teardown = false, strict_setup = false, strict_teardown = false,
}

local function check_options(opts, arg)
    if opts == nil then return {} end
    if type(opts) ~= "table" then errors.raise("EINVAL", arg) end
    if opts.timeout ~= nil then
        if type(opts.timeout) ~= "number" then errors.raise("EINVAL", "timeout") end
        check_delay(opts.timeout, "timeout", "timeout")
    end
    local leaks = opts.leaks
    if leaks ~= nil and leaks ~= "ignore" and leaks ~= "error" then errors.raise("EINVAL", "leaks") end
    return opts
end

-- Sources of busted, which are not where a test fails.
local INTERNAL = { "luassert[/\\][^\n]-%.lua", "busted[/\\]core%.lua" }

local function is_internal(source)
    return source:find("^%[emilua") or source:find(INTERNAL[1]) or source:find(INTERNAL[2])
end

-- The stack of the running function as a list of {source, line, short_src}, the innermost first: Lua functions
-- of users.
local function stack()
    local frames = {}
    for level = 3, 200 do
        local info = getinfo(level, "Sl")
        if not info then break end
        local short = info.short_src
        if info.what ~= "C" and info.currentline > 0 and not is_internal(short) then
            frames[#frames + 1] = { info.source, info.currentline, short }
        end
    end
    return frames
end

-- The position in the message of an assertion is that of a caller at a certain level, which is another one
-- below our pcall.
local function correct(e, frames)
    local message = type(e) == "table" and rawget(e, "message")
    if type(message) ~= "string" or not frames[1] then return end
    for _, pattern in ipairs(INTERNAL) do
        local _, last = message:find("^[^\n]-" .. pattern .. ":%d+: ")
        if last then
            e.message = ("%s:%d: %s"):format(frames[1][3], frames[1][2], message:sub(last + 1))
            return
        end
    end
end

-- Raises `e` in calls that stand where those of `frames` stood. busted looks at the stack for the line of a
-- failure, and the fiber's own is gone when the run has ended.
local function raise_at(frames, e)
    -- Each calls the next with what is left, the last one error(e, 0).
    local calls, n = {}, #frames
    for i, frame in ipairs(frames) do
        calls[n + 1 - i] = loadstring(("\n"):rep(frame[2] - 1) .. "local f = ... f(select(2, ...))", frame[1])
    end
    calls[n + 1], calls[n + 2], calls[n + 3] = error, e, 0
    calls[1](unpack(calls, 2, n + 3))
end

-- Makes the test fail with a text of ours, at its first line.
local function fail(f, text)
    local info = getinfo(f, "S")
    local _, e = pcall(require("busted").fail or error, text, 0)
    raise_at({ { info.source, info.linedefined } }, e)
end

-- As that of timeout(), but who does not unwind in time is given up.
local LIMITED = { name = "the test", external = true }

function LIMITED.inner(f) return f[ON] end

function LIMITED.remove(f) timer.cancel(f[ON][EXTRA].token) end

local function ended(helper)
    local x = helper[EXTRA]
    local caller = x.caller
    if caller[WAIT] == LIMITED and caller[ON] == helper then
        timer.cancel(x.token)
        S.wake_next(caller, false)
    end
end

-- Waits `seconds` for the helper; whether it has ended.
local function wait(f, helper, seconds)
    local token = timer.token()
    helper[EXTRA].token = token
    local code = timer.operations.after(native.vm, seconds, token)
    if code < 0 then errors.raise_code(code) end
    timer.wait(f, LIMITED, helper, token)
    return helper[WAIT] == DONE or helper[WAIT] == FAILED
end

local function seconds_now() return time.steady_clock.now().seconds_since_epoch end

-- Waits until the fibers that the test left have ended, or can never end; whether that came before `deadline`.
local function drain(f, deadline)
    local pause = 0.0002
    while state.newest ~= f or f[L.OLDER] do
        if not S.has_ready() and state.pending == 0 then return true end
        if seconds_now() > deadline then return false end
        time.sleep(pause)
        pause = pause * 2 < 0.02 and pause * 2 or 0.02
    end
    return true
end

-- Why f() failed as a test: nil, or {text =} or {frames =, e =}.
local function judge(f, limit)
    local main = state.current
    local deadline = seconds_now() + limit
    local frames, failed, e
    local helper = borrow.new(main, function()
        local function on_error(value)
            frames = stack()
            correct(value, frames)
            return value
        end
        local ok, value = scope.xpcall(f, on_error)
        failed, e = not ok, value
    end, ended)
    S.ready_next(helper)
    if not wait(main, helper, limit) then
        local list = inspect.fibers()
        S.interrupt(helper)
        wait(main, helper, GRACE)
        return { text = ("the test did not end within %g s\n%s"):format(limit, inspect.text(list)) }
    end
    if helper[WAIT] == FAILED then return { frames = {}, e = helper[FN][1] } end
    if failed then return { frames = frames or {}, e = e } end
    if not drain(main, deadline) then
        local list = inspect.fibers()
        for i = #list, 1, -1 do
            if list[i].state == "running" then table.remove(list, i) end
        end
        return { text = ("the test left fibers behind that do not end\n%s"):format(inspect.text(list)) }
    end
end

-- What judge() found, thrown through emilua.run: as an error of main it drops the fibers that are left.
local function run_test(f, opts, leaks)
    local verdict
    local ok, e = pcall(raw_run, function()
        verdict = judge(f, opts.timeout or LIMIT)
        if verdict then error(verdict, 0) end
    end, { leaks = opts.leaks or leaks })
    if verdict then
        if verdict.text then return fail(f, verdict.text) end
        return raise_at(verdict.frames, verdict.e)
    end
    if ok then return end
    if type(e) == "table" and e.fibers then
        local text = inspect.text(e.fibers)
        return fail(f, ("%s%s%s"):format(e.detail, text ~= "" and "\n" or "", text))
    end
    error(e, 0)
end

local function wrap(f, opts, leaks)
    return function() run_test(f, opts, leaks) end
end

-- fiber(f[, opts]): a function that runs f() as a test.
function module.fiber(f, opts)
    if type(f) ~= "function" then errors.expected(1, "fiber", "function", f) end
    return wrap(f, check_options(opts, 2), "error")
end

-- One of busted's functions, for bodies that are fibers. Tail calls: busted looks at its caller for the line.
local function replacement(name, opts, leaks)
    local function body(f)
        if type(f) ~= "function" then return f end
        return wrap(f, opts, leaks)
    end
    return function(description, f)
        local original = require("busted")[name]
        if type(description) == "function" then return original(body(description)) end
        if f == nil then
            -- it "description" (function() end)
            local publish = original(description)
            return function(g) return publish(body(g)) end
        end
        return original(description, body(f))
    end
end

for _, name in ipairs { "it", "before_each", "after_each", "setup", "teardown" } do
    module[name] = replacement(name, {}, BODIES[name] and "error" or "ignore")
end

-- install([opts]): replaces busted's functions in the caller's file or block.
function module.install(opts)
    opts = check_options(opts, 1)
    local environment = getfenv(2)
    for name, is_test in pairs(BODIES) do
        if require("busted")[name] then
            environment[name] = replacement(name, is_test and opts or { timeout = opts.timeout },
                is_test and "error" or "ignore")
        end
    end
end

return module
