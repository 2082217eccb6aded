-- ip.tcp: sockets and acceptors.
local import = ...
local errors = import("core.errors")
local flags = import("ip.flags")
local native = import("io.native")
local object = import("io.object")
local operation = import("core.operation")
local enter = import("core.scheduler").enter
local socket = import("ip.socket")

local raise, raise_code = errors.raise, errors.raise_code
local getmetatable, type = getmetatable, type
local perform, TOKEN = operation.perform, operation.TOKEN
local message_bits, MESSAGE, OUT_OF_BAND = flags.bits, flags.MESSAGE, flags.OUT_OF_BAND
local band = require("bit").band
local io_accept = native.accept
local check, nothing = object.check, object.nothing
local HANDLE, READ, WRITE, FLAGS = object.HANDLE, object.READ, object.WRITE, object.FLAGS

local methods, properties = {}, {}
local socket_mt = socket.class("ip.tcp.socket", 1, [[
    debug v6_only tcp_no_delay keep_alive linger out_of_band_inline do_not_route send_buffer_size
    receive_buffer_size send_low_watermark receive_low_watermark reuse_port tcp_keep_alive_idle
    tcp_keep_alive_interval tcp_keep_alive_count tcp_user_timeout ]], methods, properties)

methods.read_some = object.transfer("ip.tcp.socket", READ, native.read)
methods.write_some = object.transfer("ip.tcp.socket", WRITE, native.write)

function methods:receive(bs, list)
    if type(list) ~= "table" then raise("EINVAL", 3) end
    local f = enter()
    if getmetatable(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
    if getmetatable(bs) ~= "byte_span" then raise("EINVAL", 2) end
    local bits = message_bits(MESSAGE, list, 3)
    if #bs == 0 then return nothing(f, self) end
    local n
    if band(bits, OUT_OF_BAND) ~= 0 then
        local d = object.exception(self)
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
    local new = object.new(socket_mt)
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
    socket = { new = function() return object.new(socket_mt) end },
    acceptor = { new = function() return object.new(acceptor_mt) end },
}
