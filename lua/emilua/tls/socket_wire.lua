-- The bytes of a session over a socket of this module: the Rust half receives, decrypts, encrypts and sends in one
-- call. Functions return codes of native operations.
local import = ...
local errors = import("core.errors")
local io = import("io.native")
local native = import("tls.native")
local object = import("io.object")
local operation = import("core.operation")
local S = import("core.scheduler")
local pcall = import("core.scope").stock_pcall

local raise = errors.raise
local error, setmetatable = error, setmetatable
local abort, await = operation.abort, operation.await
local charge, HEAD = S.charge, S.HEAD
local PENDING = import("core.native").PENDING
local BLOCKED, UNSENT = native.BLOCKED, native.UNSENT
local tls_read, tls_write = native.read, native.write

local wire = {}
wire.__index = wire

-- await() passes two arguments on. In parentheses, as in io/object.lua.
local function handshake(session) return (native.handshake(session)) end

local function flush(session) return (native.flush(session)) end

local function drain(session) return (native.drain(session)) end

-- Takes over the connection of `sock`, which is closed afterwards.
function wire.new(context, sock)
    if object.is_waited_for(sock) then raise("EBUSY") end
    local handle, reads, writes = object.take(sock)
    local session = native.new_session(context, handle)
    return (setmetatable({ session = session, handle = handle, reads = reads, writes = writes }, wire))
end

function wire:handshake(f)
    local session = self.session
    local code = handshake(session)
    while code == PENDING or code == BLOCKED do
        if code == PENDING then
            code = await(self.reads, f, handshake, session)
        else
            code = await(self.writes, f, flush, session)
            if code == 0 then code = handshake(session) end
        end
    end
    return code
end

function wire:read(f, bs)
    local d, session = self.reads, self.session
    if d[HEAD] then raise("EBUSY") end
    local n = tls_read(session, bs)
    if n == PENDING then return await(d, f, tls_read, session, bs) end
    charge(f)
    return n
end

-- Waits until the socket has taken what the session holds. Who gives up leaves it to the next operation, and gets nil
-- and the error.
local function wait_for_room(self, f)
    local ok, code = pcall(await, self.writes, f, flush, self.session)
    if ok then return code end
    native.leave_unsent(self.session)
    return nil, code
end

function wire:write(f, bs)
    local session = self.session
    if self.writes[HEAD] then raise("EBUSY") end
    local n = tls_write(session, bs)
    if n == PENDING then
        local code, e = wait_for_room(self, f)
        if not code then error(e, 0) end
        if code < 0 then return code end
        n = tls_write(session, bs)
    end
    if n < UNSENT then
        charge(f)
        return n
    end
    -- The session has taken the bytes: that is the result, whatever happens to the fiber.
    local code = wait_for_room(self, f)
    if code and code < 0 then return code end
    return n - UNSENT
end

function wire:is_reading() return self.reads[HEAD] end

function wire:is_writing() return self.writes[HEAD] end

-- Says that nothing follows.
function wire:finish(f)
    native.send_close(self.session)
    local code = flush(self.session)
    if code ~= PENDING then return code end
    local e
    code, e = wait_for_room(self, f)
    if not code then error(e, 0) end
    return code
end

-- Waits until the peer says so; what it still sends is dropped.
function wire:drain(f)
    local code = drain(self.session)
    if code == PENDING then code = await(self.reads, f, drain, self.session) end
    return code
end

function wire:close()
    abort(self.reads)
    abort(self.writes)
    object.check(io.close(self.handle))
end

return wire
