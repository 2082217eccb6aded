-- tls.socket: a session and what is below it.
local import = ...
local context = import("tls.context")
local errors = import("core.errors")
local native = import("tls.native")
local core = import("core.native")
local S = import("core.scheduler")
local socket_wire = import("tls.socket_wire")
local stream_wire = import("tls.stream_wire")
local tls_errors = import("tls.errors")
local pcall = import("core.scope").stock_pcall

local class_name, raise = errors.class_name, errors.raise
local error, setmetatable, type = error, setmetatable, type
local check_yieldable, enter, pass = S.check_yieldable, S.enter, S.pass

-- What is below it is its handle.
local WIRE = core.HANDLE
local STATE, ROLE, MODE, NAME, SERVER_NAME = 1, 2, 3, 4, 5

-- States. SHUT: this side has said that it has finished.
local NEW, HANDSHAKING, OPEN, SHUT, BROKEN, CLOSED = 1, 2, 3, 4, 5, 6

local methods = {}
local mt = errors.class("tls.socket")

local properties = native.PROPERTIES

function mt.__index(self, key)
    local method = methods[key]
    if method then return method end
    local property = properties[key]
    if not property then errors.bad_index() end
    local session = self[WIRE].session
    if key == "resumed" then return native.property(session, property, nil, 0) == 1 end
    local n = native.property(session, property, core.buffer, 1024)
    if n > 0 then return core.text(n) end
end

function mt.__newindex() error("attempt to index a tls.socket value: it has no fields to write", 2) end

-- Classes whose descriptor the Rust half knows.
local SOCKETS = { ["ip.tcp.socket"] = true, ["unix.stream.socket"] = true }

local function has_streams(value) return value.read_some and value.write_some end

local function is_stream(value)
    local kind = type(value)
    if kind ~= "table" and kind ~= "userdata" and kind ~= "cdata" then return false end
    local ok, found = pcall(has_streams, value)
    return ok and found
end

local socket = {}

function socket.new(stream, ctx)
    if ctx ~= nil and class_name(ctx) ~= "tls.context" then raise("EINVAL", 2) end
    if not is_stream(stream) then raise("EINVAL", 1) end
    ctx = ctx or context.default()
    local wire = SOCKETS[class_name(stream)] and socket_wire or stream_wire
    return (setmetatable({
        ["\0handle"] = wire.new(ctx[context.HANDLE], stream),
        NEW, ctx[context.ROLE], ctx[context.MODE], ctx[context.NAME], false,
    }, mt))
end

local function check_self(self)
    if class_name(self) ~= "tls.socket" then raise("EINVAL", 1) end
end

-- Raises why nothing can be transferred in a state that is not OPEN.
local function refuse(self)
    local state = self[STATE]
    if state == CLOSED then errors.raise_system("EBADF") end
    if state == HANDSHAKING then raise("EBUSY") end
    if state == SHUT then errors.raise_system("EPIPE") end
    if state == NEW then tls_errors.raise_no_handshake("there has been no handshake") end
    -- It has failed, or was interrupted.
    tls_errors.raise(native.failed(self[WIRE].session))
end

-- The handshake in a role: start(self, session) gives the code of its beginning.
local function handshake(role, start)
    return function(self)
        local f = enter()
        check_self(self)
        if self[ROLE] and self[ROLE] ~= role then raise("EINVAL") end
        local state, wire = self[STATE], self[WIRE]
        if state == OPEN or state == SHUT then raise("EALREADY") end
        if state ~= NEW then refuse(self) end
        check_yieldable()
        self[STATE] = HANDSHAKING
        local code = start(self, wire.session)
        local ok = true
        if code == 0 then ok, code = pcall(wire.handshake, wire, f) end
        if self[STATE] == HANDSHAKING then self[STATE] = ok and code == 0 and OPEN or BROKEN end
        if not ok then error(code, 0) end
        tls_errors.check(code)
    end
end

methods.client_handshake = handshake("client", function(self, session)
    local name, server_name = self[NAME] or "", self[SERVER_NAME] or ""
    return native.start_client(session, self[MODE], name, #name, server_name, #server_name)
end)

methods.server_handshake = handshake("server", function(self, session)
    local name = self[NAME] or ""
    return native.start_server(session, self[MODE], name, #name)
end)

-- An empty span is done at once, and is a suspension point all the same.
local function nothing(f)
    check_yieldable()
    pass(f)
    return 0
end

function methods:read_some(bs)
    local f = enter()
    check_self(self)
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
    local state = self[STATE]
    if state ~= OPEN and state ~= SHUT then refuse(self) end
    if #bs == 0 then return nothing(f) end
    local n = self[WIRE]:read(f, bs)
    if n < 0 then tls_errors.raise(n) end
    return n
end

function methods:write_some(bs)
    local f = enter()
    check_self(self)
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
    if self[STATE] ~= OPEN then refuse(self) end
    if #bs == 0 then return nothing(f) end
    local n = self[WIRE]:write(f, bs)
    if n < 0 then tls_errors.raise(n) end
    return n
end

-- With "send" the other direction stays as it is; without, the peer's end is waited for.
function methods:shutdown(what)
    local f = enter()
    check_self(self)
    if what ~= nil and what ~= "send" then raise("EINVAL", 2) end
    local state = self[STATE]
    if state ~= OPEN and state ~= SHUT then refuse(self) end
    check_yieldable()
    local wire = self[WIRE]
    if wire:is_writing() or not what and wire:is_reading() then raise("EBUSY") end
    self[STATE] = SHUT
    tls_errors.check(wire:finish(f))
    if not what then tls_errors.check(wire:drain(f)) end
end

function methods:close()
    check_self(self)
    if self[STATE] == CLOSED then return end
    self[STATE] = CLOSED
    native.close(self[WIRE].session)
    self[WIRE]:close()
end

function methods:set_server_name(host)
    check_self(self)
    if type(host) ~= "string" or native.name_kind(host, #host) == 0 then raise("EINVAL", 2) end
    self[SERVER_NAME] = host
end

context.add_verification(methods, "tls.socket", MODE, NAME)

return socket
