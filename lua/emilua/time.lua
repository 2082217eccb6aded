-- time: sleeping, clocks and timers.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local clock = import("time.clock")
local errors = import("core.errors")
local list = import("core.list")
local native = import("core.native")
local timer = import("core.timer")
local ffi = require("ffi")

local CUT = S.CUT
local INTERRUPTED, MASK, ON = L.INTERRUPTED, L.MASK, L.ON
local enter, check_yieldable, wake = S.enter, S.check_yieldable, S.wake
local class_name, raise = errors.class_name, errors.raise
local raise_core, raise_system = errors.raise_core, errors.raise_system
local check_delay, NS = clock.check_delay, clock.NS
local timer_after, timer_at, vm = timer.operations.after, timer.operations.at, native.vm
local setmetatable = setmetatable
local ceil = math.ceil
local int64 = ffi.typeof("int64_t")

local time = {}

local function check(code)
    if code < 0 then errors.raise_code(code) end
end

-- sleep(seconds): by the monotonic clock.
function time.sleep(seconds)
    local ns = check_delay(seconds, "sleep", 1)
    local f = enter()
    check_yieldable()
    if ns == 0 then return S.pass(f) end
    local token = timer.token()
    check(timer_after(vm, seconds, token))
    if timer.wait(f, timer.SLEEP, token, token) == CUT then raise_core(13) end
end

local steady, steady_point = clock.new("steady_clock", clock.STEADY, true)
local system, system_point = clock.new("system_clock", clock.SYSTEM, true)
local high_resolution = clock.new("high_resolution_clock", clock.STEADY, false)
high_resolution.is_steady = true

time.steady_clock, time.system_clock, time.high_resolution_clock = steady, system, high_resolution

-- A timer is a list of the fibers that wait for it {first, last}, with its expiry in nanoseconds.
-- What such a fiber waits for is {timer, token}.
local EXPIRY = 3
local OF, TOKEN = 1, 2

local TIMER = { name = "timer", external = true }

function TIMER.remove(f)
    local on = f[ON]
    list.remove(on[OF], f)
    timer.cancel(on[TOKEN])
end

function TIMER.due(f) list.remove(f[ON][OF], f) end

-- Aborts the waits of a timer; how many there were.
local function cancel(self)
    local n = 0
    while self[1] do
        local f = self[1]
        TIMER.remove(f)
        wake(f, S.ABORTED)
        n = n + 1
    end
    return n
end

local function new_class(name, id, point, point_class)
    local methods = {}
    local mt = errors.class(name)

    function mt:__index(key)
        if key == "expiry" then return point(self[EXPIRY]) end
        return methods[key] or errors.bad_index()
    end

    function mt.__newindex() errors.bad_index() end

    function methods:expires_at(tp)
        if class_name(self) ~= name then raise("EINVAL", 1) end
        if class_name(tp) ~= point_class then raise("EINVAL", 2) end
        self[EXPIRY] = tp[NS]
        return cancel(self)
    end

    function methods:cancel()
        if class_name(self) ~= name then raise("EINVAL", 1) end
        return cancel(self)
    end

    function methods:wait()
        local f = enter()
        if class_name(self) ~= name then raise("EINVAL", 1) end
        check_yieldable()
        local token = timer.token()
        check(timer_at(vm, id, self[EXPIRY], token))
        list.push(self, f)
        local outcome = timer.wait(f, TIMER, { self, token }, token)
        if outcome == CUT then raise_core(13) end
        if outcome == S.ABORTED then
            if f[INTERRUPTED] and f[MASK] == 0 then raise_core(13) end
            raise_system("ECANCELED")
        end
    end

    return methods, function() return setmetatable({ false, false, int64(0) }, mt) end
end

local steady_methods, new_steady =
    new_class("steady_timer", clock.STEADY, steady_point, "steady_clock.time_point")
local _, new_system =
    new_class("system_timer", clock.SYSTEM, system_point, "system_clock.time_point")

function steady_methods:expires_after(seconds)
    if class_name(self) ~= "steady_timer" then raise("EINVAL", 1) end
    local ns = ceil(check_delay(seconds, "expires_after", 2))
    local expiry = steady.now()[NS] + int64(ns)
    if expiry < 0 then raise("EOVERFLOW") end
    self[EXPIRY] = expiry
    return cancel(self)
end

time.steady_timer = { new = new_steady }
time.system_timer = { new = new_system }

return time
