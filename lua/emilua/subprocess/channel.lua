-- ipc_actor_channel: the sending end of a channel to an actor in another process.
local import = ...
local S = import("core.scheduler")
local class = import("actor.class")
local core = import("core.native")
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local io = import("io.native")
local object = import("io.object")
local operation = import("core.operation")

local HANDLE, WRITE = object.HANDLE, object.WRITE
-- Beside what every object has: the limit of texts (0 in the first format), and of the direct parent the child,
-- {number, pid}, else false.
local LIMIT, CHILD = 5, 6
local NUMBER, PID = 1, 2
local CLASS = "ipc_actor_channel"
local SIGKILL, ESRCH = 9, errors.number.ESRCH
local SHORT = import("subprocess.limits").limits.ipc_string

local enter, perform = S.enter, operation.perform
local class_name, raise, raise_code, raise_core = errors.class_name, errors.raise, errors.raise_code, errors.raise_core
local rawset, select, tostring, type = rawset, select, tostring, type
local encode = class.native.encode
local pcall = import("core.scope").stock_pcall
local error = error
local is_open, io_close, check = io.is_open, io.close, object.check

local native = core.bind("ipc", [[
    int32_t send(void *, const void *);
    int32_t send_string(void *, double, const char *, size_t);
    int32_t send_number(void *, double);
    int32_t send_boolean(void *, int32_t);
    int32_t close_descriptors(const void *);
    int32_t add_child(const void *vm, int32_t);
    int32_t kill_child(int32_t, int32_t);
    int32_t forget_child(int32_t); ]])

local channel = {}

local methods = {}

local function check_self(self)
    if class_name(self) ~= CLASS then raise("EINVAL", 1) end
    return self[HANDLE]
end

-- The descriptors of the message that is being made: they are locked until it is sent.
local locked = {}

-- What stands in a message to another process for an object; see src/actor/class.rs.
function channel.describe(value)
    local name = class_name(value)
    if name == "rx-channel" and value == class.weak.inbox then return "inbox" end
    if name == "file_descriptor" then
        local handle = descriptor.describe(value)
        if type(handle) == "cdata" then
            descriptor.lock(value)
            locked[#locked + 1] = value
        end
        return handle
    end
    if name == CLASS then
        if is_open(value[HANDLE]) == 0 then return "EBADF" end
        return value[HANDLE], value[LIMIT]
    end
    if name == "byte_span" then return "bytes", tostring(value) end
    return "EINVAL"
end

local mt

-- A received address with the limit `what`, to fill; or the byte_span of a text.
function channel.make(what)
    if type(what) == "string" then return import("byte_span").append(what) end
    local self = channel.new(what)
    return self, self[HANDLE]
end

-- A closed channel.
function channel.new(limit)
    local self = object.new(mt)
    rawset(self, LIMIT, limit)
    rawset(self, CHILD, false)
    return self
end

local function unlock(list)
    for i = 1, #list do descriptor.unlock(list[i]) end
end

-- The message of a value, how many descriptors go along, and the list of those that are locked for it.
local function make(value, limit)
    locked = {}
    local message, more = encode(value, limit)
    local list = locked
    locked = {}
    if message then return message, more, list end
    unlock(list)
    if type(more) == "number" then raise_code(more) end
    raise(more, more == "EINVAL" and 2 or nil)
end

-- Passes the outcome of a send on. Addresses that nobody has are closed at once: they count as senders.
local function finish(message, list, ok, code)
    unlock(list)
    native.close_descriptors(message)
    if not ok then error(code, 0) end
    check(code)
end

function methods.send(self, ...)
    if select("#", ...) == 0 then raise("EINVAL") end
    local handle = check_self(self)
    local f = enter()
    if is_open(handle) == 0 then raise_core(errors.CHANNEL_CLOSED) end
    local value = (...)
    local kind, limit, direction = type(value), self[LIMIT], self[WRITE]
    local code
    -- Most messages are made and sent by one call, in compiled code.
    if kind == "string" and #value <= (limit == 0 and SHORT or limit) then
        code = perform(direction, f, native.send_string, handle, limit, value, #value)
    elseif kind == "number" then
        code = perform(direction, f, native.send_number, handle, value)
    elseif kind == "boolean" then
        code = perform(direction, f, native.send_boolean, handle, value and 1 or 0)
    else
        local message, descriptors, list = make(value, limit)
        if descriptors > 0 then
            return finish(message, list, pcall(perform, direction, f, native.send, handle, message))
        end
        code = perform(direction, f, native.send, handle, message)
    end
    check(code)
end

local function disown(self)
    local child = self[CHILD]
    self[CHILD] = false
    return child
end

function methods.close(self)
    local handle = check_self(self)
    operation.abort(self[WRITE])
    check(io_close(handle))
    -- The child still ends with this VM.
    disown(self)
end

function methods.detach(self)
    check_self(self)
    local child = disown(self)
    if not child then raise("EINVAL", 1) end
    native.forget_child(child[NUMBER])
end

function methods.kill(self, signo)
    local handle = check_self(self)
    if is_open(handle) == 0 then raise_core(errors.CHANNEL_CLOSED) end
    if not self[CHILD] then raise("EPERM") end
    if signo == nil then signo = SIGKILL end
    if type(signo) ~= "number" then raise("EINVAL", 2) end
    local code = native.kill_child(self[CHILD][NUMBER], signo)
    -- To have ended before is as good as to be killed.
    if signo ~= SIGKILL or code ~= -ESRCH then check(code) end
    if signo == SIGKILL then
        native.forget_child(self[CHILD][NUMBER])
        methods.close(self)
    end
end

mt = errors.class(CLASS)

function mt.__index(self, key)
    local method = methods[key]
    if method then return method end
    if key == "child_pid" then
        if not self[CHILD] then raise("EINVAL") end
        return self[CHILD][PID]
    end
    errors.bad_index()
end

function mt.__newindex() raise("EPERM") end

-- The channel of a child's direct parent, which owns the two descriptors from now on.
function channel.adopt(socket, handle, pid, limit)
    local self = channel.new(limit)
    check(descriptor.native.adopt(self[HANDLE], socket))
    local number = check(native.add_child(core.vm, handle))
    self[CHILD] = { number, pid }
    return self
end

return channel
