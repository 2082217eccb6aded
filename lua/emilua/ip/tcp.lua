-- ip.tcp: sockets and acceptors.
local import = ...
local errors = import("core.errors")
local flags = import("ip.flags")
local native = import("io.native")
local operation = import("core.operation")
local S = import("core.scheduler")
local socket = import("ip.socket")

local raise, raise_code = errors.raise, errors.raise_code
local getmetatable, type = getmetatable, type
local enter, charge, check_yieldable, pass = S.enter, S.charge, S.check_yieldable, S.pass
local await, perform = operation.await, operation.perform
local message_bits, MESSAGE, OUT_OF_BAND = flags.bits, flags.MESSAGE, flags.OUT_OF_BAND
local band = require("bit").band
local io_accept = native.accept
local PENDING = import("core.native").PENDING
local check = socket.check
local HEAD, TOKEN = S.HEAD, operation.TOKEN
local HANDLE, READ, WRITE, FLAGS = socket.HANDLE, socket.READ, socket.WRITE, socket.FLAGS

local methods, properties = {}, {}
local socket_mt = socket.class("ip.tcp.socket", 1, [[
    debug v6_only tcp_no_delay keep_alive linger out_of_band_inline do_not_route send_buffer_size
    receive_buffer_size send_low_watermark receive_low_watermark reuse_port tcp_keep_alive_idle
    tcp_keep_alive_interval tcp_keep_alive_count tcp_user_timeout ]], methods, properties)

-- An empty span is done at once, and is a suspension point all the same.
local function nothing(f, self)
    check_yieldable()
    pass(f)
    if native.is_open(self[HANDLE]) == 0 then errors.raise_system("EBADF") end
    return 0
end

-- read_some and write_some: `call` on the span in one direction. The common case, that nobody
-- waits and the call is done at once, is here and not in operation.perform(): it is compiled into one trace.
local function transfer(direction, call)
    return function(self, bs)
        local f = enter()
        if getmetatable(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
        if getmetatable(bs) ~= "byte_span" then raise("EINVAL", 2) end
        if #bs == 0 then return nothing(f, self) end
        local d, handle = self[direction], self[HANDLE]
        local n = PENDING
        if not d[HEAD] then
            n = call(handle, bs)
            if n > 0 then
                charge(f)
                return n
            end
        end
        if n == PENDING then n = await(d, f, call, handle, bs) end
        if n < 0 then raise_code(n) end
        return n
    end
end

methods.read_some = transfer(READ, native.read)
methods.write_some = transfer(WRITE, native.write)

function methods:receive(bs, list)
    if type(list) ~= "table" then raise("EINVAL", 3) end
    local f = enter()
    if getmetatable(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
    if getmetatable(bs) ~= "byte_span" then raise("EINVAL", 2) end
    local bits = message_bits(MESSAGE, list, 3)
    if #bs == 0 then return nothing(f, self) end
    local n
    if band(bits, OUT_OF_BAND) ~= 0 then
        local d = socket.exception(self)
        n = perform(d, f, native.receive_urgent, self[HANDLE], bs, bits, d[TOKEN])
    else
        n = perform(self[READ], f, native.receive, self[HANDLE], bs, bits)
    end
    if n == 0 then errors.raise_misc(2) end
    return check(n)
end

function methods:send(bs, list)
    if type(list) ~= "table" then raise("EINVAL", 3) end
    local f = enter()
    if getmetatable(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
    if getmetatable(bs) ~= "byte_span" then raise("EINVAL", 2) end
    local bits = message_bits(MESSAGE, list, 3)
    if #bs == 0 then return nothing(f, self) end
    return check(perform(self[WRITE], f, native.send, self[HANDLE], bs, bits))
end

function properties.at_mark(self) return check(native.at_mark(self[HANDLE])) == 1 end

socket.connecting("ip.tcp.socket", methods, properties)
socket.waiting("ip.tcp.socket", methods)

local acceptor_methods, acceptor_properties = {}, {}
local acceptor_mt = socket.class("ip.tcp.acceptor", 1, "debug reuse_address reuse_port v6_only",
    acceptor_methods, acceptor_properties)
socket.waiting("ip.tcp.acceptor", acceptor_methods)

local SOMAXCONN = 0x7fffffff

function acceptor_methods:listen(backlog)
    if getmetatable(self) ~= "ip.tcp.acceptor" then raise("EINVAL", 1) end
    if backlog == nil then
        backlog = SOMAXCONN
    elseif type(backlog) ~= "number" or backlog % 1 ~= 0 or backlog < -2 ^ 31 or backlog >= 2 ^ 31 then
        raise("EINVAL", 2)
    end
    check(native.listen(self[HANDLE], backlog))
end

-- Connections that died in the queue.
local ABORTED = {
    [-errors.system_number.ECONNABORTED] = true,
    [-errors.system_number.EPROTO] = true,
}

function acceptor_methods:accept()
    local f = enter()
    if getmetatable(self) ~= "ip.tcp.acceptor" then raise("EINVAL", 1) end
    -- The connection's owner exists before the connection does: no error in between can lose it.
    local new = socket.new(socket_mt)
    local d, handle, new_handle = self[READ], self[HANDLE], new[HANDLE]
    while true do
        local code = perform(d, f, io_accept, handle, new_handle)
        if code == 0 then return new end
        if not ABORTED[code] or self[FLAGS] then raise_code(code) end
    end
end

-- "enable_connection_aborted" is a flag of the object, not of the kernel.
local set_option, get_option = acceptor_methods.set_option, acceptor_methods.get_option

function acceptor_methods:set_option(name, value, ...)
    if name ~= "enable_connection_aborted" then return set_option(self, name, value, ...) end
    if getmetatable(self) ~= "ip.tcp.acceptor" then raise("EINVAL", 1) end
    if type(value) ~= "boolean" then raise("EINVAL", 3) end
    if native.is_open(self[HANDLE]) == 0 then errors.raise_system("EBADF") end
    self[FLAGS] = value
end

function acceptor_methods:get_option(name)
    if name ~= "enable_connection_aborted" then return get_option(self, name) end
    if getmetatable(self) ~= "ip.tcp.acceptor" then raise("EINVAL", 1) end
    if native.is_open(self[HANDLE]) == 0 then errors.raise_system("EBADF") end
    return self[FLAGS]
end

return {
    socket = { new = function() return socket.new(socket_mt) end },
    acceptor = { new = function() return socket.new(acceptor_mt) end },
}
