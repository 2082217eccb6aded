-- The bytes of a session over any value that has read_some and write_some. Functions return codes of native
-- operations and raise the errors of that stream.
local import = ...
local byte_span = import("byte_span")
local condition_variable = import("condition_variable")
local errors = import("core.errors")
local mutex = import("mutex")
local native = import("tls.native")
local charge = import("core.scheduler").charge
local pcall = import("core.scope").stock_pcall

local class_name, raise = errors.class_name, errors.raise
local error, setmetatable, type = error, setmetatable, type
local is_interrupted, misc = errors.is_interrupted, errors.misc
local PENDING = import("core.native").PENDING

-- A record with its overhead fits (RFC 8446 §5.2).
local SIZE = 16640

local wire = {}
wire.__index = wire

function wire.new(context, stream)
    return setmetatable({
        session = native.new_session(context, nil),
        stream = stream,
        incoming = byte_span.new(SIZE),
        outgoing = byte_span.new(SIZE),
        from = 1, to = 0, -- the part of `outgoing` that the stream has not taken yet
        reading = false, writing = false,
        -- A fiber that reads may have to send too.
        sending = false, lock = mutex.new(), sent = condition_variable.new(),
    }, wire)
end

-- body(self, ...) unless it is running already.
local function exclusive(self, flag, body, ...)
    if self[flag] then raise("EBUSY") end
    self[flag] = true
    local ok, result = pcall(body, self, ...)
    self[flag] = false
    if not ok then error(result, 0) end
    return result
end

local function check_count(n, most, name)
    if type(n) ~= "number" or n % 1 ~= 0 or n < 0 or n > most then
        errors.raise_detail("EINVAL", name .. " of the stream has not returned a count of bytes that it was given")
    end
    return n
end

-- Writes all that the session has for the peer. What an interruption leaves is still there the next time.
local function send(self)
    local stream, outgoing = self.stream, self.outgoing
    while true do
        if self.from > self.to then
            self.from, self.to = 1, native.take(self.session, outgoing)
            if self.to <= 0 then return self.to end
        end
        local rest = outgoing:slice(self.from, self.to)
        self.from = self.from + check_count(stream:write_some(rest), #rest, "write_some")
    end
end

-- Waits until nobody else sends. A mutex that is held while its owner sends would not do: who waits for the peer must
-- be able to give up.
local function take_turn(self)
    local ok, e = true, nil
    self.lock:lock()
    while ok and self.sending do ok, e = pcall(self.sent.wait, self.sent, self.lock) end
    if ok then self.sending = true end
    self.lock:unlock()
    if not ok then error(e, 0) end
end

local function flush(self)
    take_turn(self)
    local ok, result = pcall(send, self)
    self.sending = false
    self.sent:notify_one()
    if not ok then error(result, 0) end
    return result
end

-- The same where it does not decide about the outcome; while a fiber writes, that one does it.
local function try_flush(self)
    if not self.writing then pcall(flush, self) end
end

local function is_eof(e)
    return class_name(e) == "error_code" and e.category == misc and e.code == 2
end

-- Reads what there is from the peer.
local function receive(self)
    local stream = self.stream
    local ok, n = pcall(stream.read_some, stream, self.incoming)
    if ok then
        check_count(n, SIZE, "read_some")
        -- None would mean the end.
        if n == 0 then return end
    elseif is_eof(n) then
        n = 0
    else
        error(n, 0)
    end
    native.feed(self.session, self.incoming, n)
end

-- call(session, bs) until it does not wait for the peer.
local function pump(self, call, bs)
    while true do
        local code = call(self.session, bs)
        -- What an interrupted write has left, or an answer to the peer; the alert.
        if code == PENDING or code == native.FAILED then try_flush(self) end
        if code ~= PENDING then return code end
        receive(self)
    end
end

local function handshake(self)
    while true do
        local code = native.handshake(self.session)
        if code == PENDING or code == 0 then
            flush(self)
        else
            try_flush(self)
        end
        if code ~= PENDING then return code end
        receive(self)
    end
end

function wire:handshake()
    return exclusive(self, "reading", handshake)
end

function wire:read(f, bs)
    local n = exclusive(self, "reading", pump, native.read, bs)
    charge(f)
    return n
end

local function write(self, bs)
    local code = flush(self)
    if code < 0 then return code end
    local n = native.write(self.session, bs)
    local ok, e = pcall(flush, self)
    -- The session has taken the bytes: that is the result of an interrupted write.
    if not ok and (n < 0 or not is_interrupted(e)) then error(e, 0) end
    return n
end

function wire:write(f, bs)
    local n = exclusive(self, "writing", write, bs)
    charge(f)
    return n
end

function wire:is_reading() return self.reading end

function wire:is_writing() return self.writing end

-- Says that nothing follows.
function wire:finish()
    native.send_close(self.session)
    return exclusive(self, "writing", flush)
end

local function drain(session) return native.drain(session) end

-- Waits until the peer says so; what it still sends is dropped.
function wire:drain()
    return exclusive(self, "reading", pump, drain)
end

function wire:close()
    local stream = self.stream
    local ok, close = pcall(function() return stream.close end)
    if ok and close then close(stream) end
end

return wire
