-- ip.tcp: sockets and acceptors.
local import = ...
local dial = import("ip.dial")
local errors = import("core.errors")
local flags = import("ip.flags")
local native = import("io.native")
local object = import("io.object")
local operation = import("core.operation")
local enter = import("core.scheduler").enter
local io_socket = import("io.socket")
local resolve = import("ip.resolve")
local socket = import("ip.socket")

local class_name, raise = errors.class_name, errors.raise
local perform, TOKEN = operation.perform, operation.TOKEN
local flag_list, message_bits, MESSAGE, OUT_OF_BAND = flags.list, flags.bits, flags.MESSAGE, flags.OUT_OF_BAND
local band = require("bit").band
local accepting, waiting = io_socket.accepting, io_socket.waiting
local check, nothing = object.check, object.nothing
local HANDLE, READ, WRITE = object.HANDLE, object.READ, object.WRITE

local methods, properties = {}, {}
local socket_mt = socket.class("ip.tcp.socket", 1, [[
    debug v6_only tcp_no_delay keep_alive linger out_of_band_inline do_not_route send_buffer_size
    receive_buffer_size send_low_watermark receive_low_watermark reuse_port tcp_keep_alive_idle
    tcp_keep_alive_interval tcp_keep_alive_count tcp_user_timeout ]], methods, properties)

methods.read_some = object.transfer("ip.tcp.socket", READ, native.read)
methods.write_some = object.transfer("ip.tcp.socket", WRITE, native.write)

function methods:receive(bs, list)
    flag_list(MESSAGE, list, 3)
    local f = enter()
    if class_name(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
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
    flag_list(MESSAGE, list, 3)
    local f = enter()
    if class_name(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
    local bits = message_bits(MESSAGE, list, 3)
    if #bs == 0 then return nothing(f, self) end
    return check(perform(self[WRITE], f, native.send, self[HANDLE], bs, bits))
end

methods.send_file = import("ip.send_file")

function properties.at_mark(self) return check(native.at_mark(self[HANDLE])) == 1 end

socket.connecting("ip.tcp.socket", methods, properties)
waiting("ip.tcp.socket", methods)

local acceptor_methods, acceptor_properties = {}, {}
local acceptor_mt = socket.class("ip.tcp.acceptor", 1, "debug reuse_address reuse_port v6_only",
    acceptor_methods, acceptor_properties)
waiting("ip.tcp.acceptor", acceptor_methods)

accepting("ip.tcp.acceptor", acceptor_methods, socket_mt)

local function new_socket() return object.new(socket_mt) end

local function new_acceptor() return object.new(acceptor_mt) end

return resolve.install({
    socket = { new = new_socket },
    acceptor = { new = new_acceptor },
    dial = dial.tcp(new_socket),
    listen = dial.listen(new_acceptor),
}, resolve.STREAM)
