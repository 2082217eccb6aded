-- system.signal: numbers, dispositions, and sets of signals that fibers wait for.
local import = ...
local errors = import("core.errors")
local core = import("core.native")
local master = import("core.master")
local native = import("system.native")
local operation = import("core.operation")
local S = import("core.scheduler")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local check, integer, signals = native.check, native.integer, native.signal
local enter, perform = S.enter, operation.perform
local error, pcall, select, setmetatable, type = error, pcall, select, setmetatable, type

local EPERM = -errors.number.EPERM
local RAISE_ERROR = 18

local signal = core.signal_numbers()

-- A number that may be a signal's, argument `arg` of a function with stock argument errors.
local function number(n, arg, name)
    if type(n) ~= "number" then errors.expected(arg, name, "number", n) end
    return integer(n, arg)
end

-- Signals that harm nobody at their default.
local HARMLESS = {}
for _, name in ipairs({ "SIGCONT", "SIGCHLD", "SIGURG", "SIGWINCH" }) do
    if signal[name] then HARMLESS[signal[name]] = true end
end

-- What a VM other than the master may not raise: it would stop or end the whole process.
local function check_raise(n)
    if jit.os == "Windows" or n == signal.SIGKILL or n == signal.SIGSTOP then raise("EPERM") end
    if check(signals.is_default(n)) == 1 and not HARMLESS[n] then raise("EPERM") end
end

function signal.raise(n)
    n = number(n, 1, "raise")
    if not master.is_master then check_raise(n) end
    local code = signals.raise(n)
    if code == 0 then return end
    if not master.is_master then errors.raise_system("EINVAL") end
    local e = errors.new(errors.core, RAISE_ERROR)
    e.ret = code
    error(e, 0)
end

-- ignore() and default().
local function disposition(name)
    local set = signals[name]
    return function(n)
        master.check()
        local code = set(number(n, 1, name))
        if code == EPERM then raise("EPERM") end
        check(code)
    end
end

if jit.os ~= "Windows" then
    signal.ignore, signal.default = disposition("ignore"), disposition("default")
end

-- A set is a table of a handle and the direction of its waiting fibers.
local HANDLE, WAITING = core.HANDLE, 1

local methods = {}
local mt = errors.class("system.signal.set", { __index = errors.strict(methods), __newindex = errors.bad_index })

local function this(self)
    if class_name(self) ~= "system.signal.set" then raise("EINVAL", 1) end
    return self[HANDLE]
end

function methods:add(n)
    local handle = this(self)
    master.check()
    check(signals.add(handle, integer(n, 2)))
end

function methods:remove(n) check(signals.remove(this(self), integer(n, 2))) end

function methods:clear() check(signals.clear(this(self))) end

function methods:cancel()
    this(self)
    operation.abort(self[WAITING])
end

local function take(handle) return signals.take(handle) end

function methods:wait()
    local f = enter()
    local handle = this(self)
    return check(perform(self[WAITING], f, take, handle))
end

local function new(...)
    master.check()
    local n = select("#", ...)
    for i = 1, n do integer(select(i, ...), i) end
    local d, other = operation.direction(), operation.direction()
    local a, b = d[operation.TOKEN], other[operation.TOKEN]
    local handle = ffi.gc(signals.new(core.vm, a, b), function(p)
        signals.free(p)
        operation.recycle(a, b)
    end)
    for i = 1, n do
        local ok, e = pcall(check, signals.add(handle, (select(i, ...))))
        if not ok then
            if type(e) == "table" then e.arg = i end
            error(e, 0)
        end
    end
    return setmetatable({ ["\0handle"] = handle, d }, mt)
end

signal.set = { new = new }

return signal
