-- system.spawn and the handle that it returns.
local import = ...
local core = import("core.native")
local errors = import("core.errors")
local native = import("system.native")
local operation = import("core.operation")
local make_plan = import("system.plan")
local S = import("core.scheduler")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local check, integer = native.check, native.integer
local enter, perform, HEAD = S.enter, operation.perform, S.HEAD
local setmetatable, type = setmetatable, type

local process = native.bind("process", [[
    void *new(void *vm, uint32_t, uint32_t);
    void free(void *);
    int32_t start(void *, void *);
    int32_t wait(void *);
    int32_t kill(void *, int32_t);
    int32_t kill_group(void *);
    int32_t pid(const void *);
    int32_t exit_code(const void *);
    int32_t exit_signal(const void *); ]])

-- An object is a table {direction of the waiting fiber, streams of "pipe" by name, finaliser of its handle}.
local HANDLE, WAITING, STREAMS, FINALISER = core.HANDLE, 1, 2, 3

local methods, properties = {}, {}
local mt = errors.class("subprocess", { __newindex = errors.bad_index })

local function this(self)
    if class_name(self) ~= "subprocess" then raise("EINVAL", 1) end
    return self[HANDLE]
end

local function has_ended(handle) return process.exit_code(handle) >= 0 end

local function wait(handle) return process.wait(handle) end

function methods:wait()
    local f = enter()
    local handle = this(self)
    if has_ended(handle) then raise("ECHILD") end
    if self[WAITING][HEAD] then raise("EBUSY") end
    check(perform(self[WAITING], f, wait, handle))
end

function methods:kill(signal)
    local handle = this(self)
    if type(signal) ~= "number" then errors.expected(2, "kill", "number", signal) end
    integer(signal, 2)
    if has_ended(handle) then raise("ESRCH") end
    check(process.kill(handle, signal))
end

function methods:cap_get()
    local handle = this(self)
    if has_ended(handle) then raise("ESRCH") end
    return import("system.capabilities").of(process.pid(handle))
end

function properties.pid(handle)
    local pid = process.pid(handle)
    return pid > 0 and pid or nil
end

function properties.exit_code(handle)
    if not has_ended(handle) then raise("EINVAL") end
    return process.exit_code(handle)
end

function properties.exit_signal(handle)
    if not has_ended(handle) then raise("EINVAL") end
    local signal = process.exit_signal(handle)
    return signal > 0 and signal or nil
end

local STREAM = { stdin = "write_stream", stdout = "read_stream", stderr = "read_stream" }

function mt:__index(key)
    local method = methods[key]
    if method then return method end
    local property = properties[key]
    if property then return property(self[HANDLE]) end
    if STREAM[key] then return self[STREAMS][key] end
    errors.bad_index()
end

-- The streams of the pipes that `plan` has opened.
local function streams_of(plan)
    local streams = {}
    for i, name in ipairs({ "stdin", "stdout", "stderr" }) do
        local number = plan.descriptors[i - 1]
        if number >= 0 then
            local fd = import("io.descriptor").adopt(number)
            streams[name] = import("pipe")[STREAM[name]].new(fd)
        end
    end
    return streams
end

local function spawn(opts)
    if type(opts) ~= "table" then errors.expected(1, "spawn", "table", opts) end
    local plan, keep, slave = make_plan(opts)
    local d, other = operation.direction(), operation.direction()
    local a, b = d[operation.TOKEN], other[operation.TOKEN]
    local function finalise(p)
        process.free(p)
        operation.recycle(a, b)
    end
    local handle = ffi.gc(process.new(core.vm, a, b), finalise)
    if slave then import("libc_service.slave").send_filters(slave) end
    local code = process.start(handle, plan)
    if slave then import("libc_service.slave").consume(slave) end
    check(code)
    keep[1] = nil
    return setmetatable({ ["\0handle"] = handle, d, streams_of(plan), finalise }, mt)
end

-- Leaves a child as if its handle had been collected, which is not to be used any more.
local function disown(self)
    self[FINALISER](ffi.gc(self[HANDLE], nil))
    self[HANDLE] = nil
end

-- Kills what is left of the group of a child that is its first and has not been reaped.
local function kill_group(self) process.kill_group(self[HANDLE]) end

return { spawn = spawn, disown = disown, kill_group = kill_group }
