-- tx-channel, and what this VM's functions on actors need to know of its objects.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local errors = import("core.errors")
local operation = import("core.operation")
local raw = import("core.raw")

local WAIT = L.WAIT
local enter, check_yieldable, pass = S.enter, S.check_yieldable, S.pass
local raise, raise_core, bad_index = errors.raise, errors.raise_core, errors.bad_index
local getmetatable, package, select, type = getmetatable, package, select, type
local state = S.state

local class = {
    -- The inbox, once it has been required, as long as something refers to it.
    weak = setmetatable({}, { __mode = "v" }),
    -- Where the fiber queues that receives.
    direction = operation.direction(),
}

local weak = class.weak

-- What an object is in a message: "inbox", the handle of a descriptor, or the error of sending it.
local function describe(object)
    local name = getmetatable(object)
    if name == "rx-channel" and object == weak.inbox then return "inbox" end
    if name == "file_descriptor" then return import("io.descriptor").describe(object) end
    -- Error tables are tables for this.
    if type(object) == "userdata" or type(name) == "string" and name ~= "error_code" then return "ENOTSUP" end
    return "EINVAL"
end

-- A file_descriptor to fill.
local function make()
    local descriptor = import("io.descriptor")
    local fd = descriptor.new()
    return fd, fd[descriptor.HANDLE]
end

local mt = {}
local native = raw.functions.actor_class(raw.vm, mt, describe, make)
class.native = native
local native_send = native.send

local methods = {}

function methods.send(self, ...)
    if select("#", ...) == 0 then raise("EINVAL") end
    if getmetatable(self) ~= "tx-channel" then raise("EINVAL", 1) end
    local f = enter()
    check_yieldable()
    local refused = native_send(self, (...))
    if refused then
        if refused == "closed" then raise_core(errors.CHANNEL_CLOSED) end
        if type(refused) == "number" then errors.raise_code(refused) end
        raise(refused)
    end
    pass(f)
end

function methods.close(self)
    if getmetatable(self) ~= "tx-channel" then raise("EINVAL", 1) end
    native.close_channel(self)
end

function mt.__index(_, key) return methods[key] or bad_index() end

function mt.__newindex() raise("EPERM") end

function mt.__eq(a, b)
    local same = native.same(a, b)
    if same == nil then raise("ENOTSUP") end
    return same
end

mt.__metatable = "tx-channel"

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
