-- The inbox of this VM.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local class = import("actor.class")
local core = import("core.native")
local errors = import("core.errors")
local operation = import("core.operation")
local ffi = require("ffi")

local CO, INTERRUPTED, MASK = L.CO, L.INTERRUPTED, L.MASK
local HEAD, CUT = S.HEAD, S.CUT
local charge, check_yieldable, enter, suspend = S.charge, S.check_yieldable, S.enter, S.suspend
local can_yield, has_ready, state = S.can_yield, S.has_ready, S.state
local class_name, raise, raise_core = errors.class_name, errors.raise, errors.raise_core
local getmetatable, newproxy = getmetatable, newproxy
local native, weak, direction = class.native, class.weak, class.direction
local token = class.direction[operation.TOKEN]

-- Required anew after the main fiber has ended.
if weak.inbox then return weak.inbox end

local RECEIVE = { name = "a message", external = true }

function RECEIVE.remove() direction[HEAD] = false end

local function fail(reason)
    raise_core(reason == "closed" and errors.CHANNEL_CLOSED or errors.NO_SENDERS)
end

local native_receive, receive_alone = native.receive, false
local scalar = class.scalar
if scalar then
    -- Codes of src/actor/scalar.rs.
    local FALSE, TRUE, NUMBER, STRING, TREE, CLOSED = 0, 1, 2, 3, 4, -1
    local take, vm, PENDING = native.take, core.vm, core.PENDING
    local received = ffi.new("struct { const char *data; size_t length; double number; }")

    -- What a function of src/actor/scalar.rs gives, as native.receive does.
    local function receive(how)
        local code = how(vm, token, received)
        if code == STRING then return ffi.string(received.data, received.length) end
        if code == NUMBER then return received.number end
        if code == PENDING then return nil end
        if code == TREE then return take() end
        if code == TRUE then return true end
        if code == FALSE then return false end
        return nil, code == CLOSED and "closed" or "no senders"
    end

    function native_receive() return receive(scalar.receive) end
    function receive_alone() return receive(scalar.receive_alone) end
end

-- Whether fiber `f`, which could wait now, is the only one that can get something to do.
local function is_alone(f)
    local co = f[CO]
    return state.pending == 0 and not has_ready() and state.entered == co and can_yield(co)
end

local function wait(f)
    check_yieldable()
    direction[HEAD] = f
    while true do
        if suspend(f, RECEIVE, direction) == CUT then raise_core(errors.INTERRUPTED) end
        local value, reason = native_receive(token)
        if value ~= nil then
            direction[HEAD] = false
            return value
        end
        if reason or f[INTERRUPTED] and f[MASK] == 0 then
            direction[HEAD] = false
            if not reason then raise_core(errors.INTERRUPTED) end
            fail(reason)
        end
    end
end

local methods = {}

function methods.receive(self)
    if class_name(self) ~= "rx-channel" then raise("EINVAL", 1) end
    local f = enter()
    local head = direction[HEAD]
    -- One without a coroutine was struck by a hook that throws, and waits no more.
    if head and head[CO] then
        if native.inbox_is_open() then raise("EBUSY") end
        fail("closed")
    end
    local value, reason = (receive_alone and is_alone(f) and receive_alone or native_receive)(token)
    if value ~= nil then
        charge(f)
        return value
    end
    if reason then fail(reason) end
    return wait(f)
end

function methods.close(self)
    if class_name(self) ~= "rx-channel" then raise("EINVAL", 1) end
    native.close_inbox()
end

local inbox = newproxy(true)
local mt = errors.class("rx-channel", getmetatable(inbox))

function mt.__index(_, key) return methods[key] or errors.bad_index() end

function mt.__newindex() raise("EPERM") end

function mt.__gc()
    if class.main_has_ended() then native.close_inbox() end
end

weak.inbox = inbox

return inbox
