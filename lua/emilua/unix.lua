-- unix: stream, seqpacket and datagram sockets of this machine (unix(7)).
local import = ...
if require("ffi").os == "Windows" then import("core.errors").raise("ENOSYS") end

local io = import("io.native")
local io_socket = import("io.socket")
local message = import("unix.message")
local native = import("unix.native")
local object = import("io.object")
local socket = import("unix.socket")

local BUFFERS = "debug send_buffer_size receive_buffer_size"

-- A type of socket: the table of its functions, its methods, and its metatable.
local function kind(name, number, options)
    local class, methods, properties = "unix." .. name .. ".socket", {}, {}
    local mt, new = socket.class(class, number, options, methods, properties)
    local pair, dial = socket.connecting(class, number, mt, methods, properties)
    return { socket = { new = new, pair = pair }, dial = dial }, class, methods, mt
end

-- Adds the acceptors of sockets with metatable `socket_mt`.
local function acceptors(public, name, number, socket_mt)
    local class, methods = "unix." .. name .. ".acceptor", {}
    local _, new = socket.class(class, number, "debug", methods, {})
    io_socket.accepting(class, methods, socket_mt)
    io_socket.waiting(class, methods)
    public.acceptor = { new = new }
    public.listen = socket.listen(new)
end

-- Numbers as SOCK_*, the same everywhere.
local STREAM, DATAGRAM, SEQPACKET = 1, 2, 5

local stream, class, methods, mt = kind("stream", STREAM, BUFFERS .. " send_low_watermark receive_low_watermark")
methods.read_some = object.transfer(class, object.READ, native.read)
methods.write_some = object.transfer(class, object.WRITE, io.write)
message.with_fds(class, methods, true, true)
socket.knowing_peer(class, methods)
acceptors(stream, "stream", STREAM, mt)

local seqpacket
seqpacket, class, methods, mt = kind("seqpacket", SEQPACKET, BUFFERS)
message.plain(class, methods, true)
message.with_fds(class, methods, true)
socket.knowing_peer(class, methods)
acceptors(seqpacket, "seqpacket", SEQPACKET, mt)

local datagram
datagram, class, methods = kind("datagram", DATAGRAM, BUFFERS)
message.plain(class, methods, false)
message.with_fds(class, methods, false)
message.named(class, methods)

return { stream = stream, seqpacket = seqpacket, datagram = datagram }
