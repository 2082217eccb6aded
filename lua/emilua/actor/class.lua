-- tx-channel, and what this VM's functions on actors need to know of its objects.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local core = import("core.native")
local errors = import("core.errors")
local operation = import("core.operation")
local raw = import("core.raw")
local ffi = require("ffi")

local WAIT = L.WAIT
local enter, check_yieldable, pass = S.enter, S.check_yieldable, S.pass
local charge, has_ready = S.charge, S.has_ready
local class_name, raise, raise_core, bad_index = errors.class_name, errors.raise, errors.raise_core, errors.bad_index
local package, select, type = package, select, type
local state, vm = S.state, core.vm

local class = {
    -- The inbox, once it has been required, as long as something refers to it.
    weak = setmetatable({}, { __mode = "v" }),
    -- Where the fiber queues that receives.
    direction = operation.direction(),
}

local weak = class.weak

-- What an object is in a message: "inbox", the handle of a descriptor, or the error of sending it; see
-- src/actor/class.rs. What goes to another process is `outside`.
local function describe(object, outside)
    if outside then return import("subprocess.channel").describe(object) end
    local name = class_name(object)
    if name == "rx-channel" and object == weak.inbox then return "inbox" end
    if name == "file_descriptor" then return import("io.descriptor").describe(object) end
    -- Error tables are tables for this.
    if type(object) == "userdata" or name and name ~= "error_code" then return "ENOTSUP" end
    return "EINVAL"
end

-- A file_descriptor to fill, or what only comes from another process.
local function make(what)
    if what then return import("subprocess.channel").make(what) end
    local descriptor = import("io.descriptor")
    local fd = descriptor.new()
    return fd, fd[descriptor.HANDLE]
end

local mt = errors.class("tx-channel")
local native = raw.functions.actor_class(raw.vm, mt, describe, make)
class.native = native
local native_send = native.send

-- Scalars through the FFI, which is faster where the code is compiled.
class.scalar = require("jit").status() and core.bind("actor", [[
    int32_t send_string(void *vm, uint32_t channel, const char *, size_t);
    int32_t send_number(void *vm, uint32_t channel, double);
    int32_t send_boolean(void *vm, uint32_t channel, int32_t);
    int32_t receive(void *vm, uint32_t token, void *received);
    int32_t receive_alone(void *vm, uint32_t token, void *received); ]])
local scalar, number_of = class.scalar, ffi.typeof("const uint32_t * /* number of a channel */")

-- Posts a message; the name of an error, or the code of the system's.
local function post(channel, message)
    local kind = scalar and type(message)
    local code
    if kind == "string" then
        code = scalar.send_string(vm, ffi.cast(number_of, channel)[0], message, #message)
    elseif kind == "number" then
        code = scalar.send_number(vm, ffi.cast(number_of, channel)[0], message)
    elseif kind == "boolean" then
        code = scalar.send_boolean(vm, ffi.cast(number_of, channel)[0], message and 1 or 0)
    else
        return native_send(channel, message)
    end
    if code ~= 0 then return "closed" end
end

local function refuse(refused)
    if refused == "closed" then raise_core(errors.CHANNEL_CLOSED) end
    if type(refused) == "number" then errors.raise_code(refused) end
    raise(refused)
end

local methods = {}

function methods.send(self, ...)
    if select("#", ...) == 0 then raise("EINVAL") end
    if class_name(self) ~= "tx-channel" then raise("EINVAL", 1) end
    local f = enter()
    -- Where no other fiber is ready, giving the turn up changes nothing.
    local others = has_ready()
    if others then check_yieldable() end
    local refused = post(self, (...))
    if refused then refuse(refused) end
    if others then pass(f) else charge(f) end
end

function methods.close(self)
    if class_name(self) ~= "tx-channel" then raise("EINVAL", 1) end
    native.close_channel(self)
end

function mt.__index(_, key) return methods[key] or bad_index() end

function mt.__newindex() raise("EPERM") end

function mt.__eq(a, b)
    local same = native.same(a, b)
    if same == nil then raise("ENOTSUP") end
    return same
end

-- Whether the main fiber has ended, or there is no run.
function class.main_has_ended()
    local main = state.main
    return not main or main[WAIT] == S.DONE or main[WAIT] == S.FAILED
end

-- From the end of the main fiber on only the program's own references keep the inbox open.
function S.on_main_end()
    raw.forget("inbox")
    package.loaded["emilua.inbox"] = nil
    if weak.inbox then native.weaken_inbox() else native.close_inbox() end
end

return class
