-- ip.udp: sockets. An empty span is an empty datagram here, and there is no end of a stream.
local import = ...
local address = import("ip.address")
local dial = import("ip.dial")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local flags = import("ip.flags")
local native = import("io.native")
local object = import("io.object")
local operation = import("core.operation")
local S = import("core.scheduler")
local resolve = import("ip.resolve")
local socket = import("ip.socket")

local class_name, raise = errors.class_name, errors.raise
local type = type
local enter, charge, HEAD = S.enter, S.charge, S.HEAD
local await, perform = operation.await, operation.perform
local flag_list, message_bits, MESSAGE = flags.list, flags.bits, flags.MESSAGE
local io_receive, io_send = native.receive_from, native.send
local new_endpoint, PENDING = native.new_endpoint, import("core.native").PENDING
local check = object.check
local HANDLE, READ, WRITE = object.HANDLE, object.READ, object.WRITE
local from_endpoint, to_endpoint = address.from_endpoint, address.to_endpoint

-- Read and written without a suspension in between.
local scratch = new_endpoint()

local methods, properties = {}, {}
local mt = socket.class("ip.udp.socket", 2, [[
    debug reuse_address reuse_port v6_only do_not_route send_buffer_size receive_buffer_size broadcast
    multicast_loop multicast_hops unicast_hops join_multicast_group leave_multicast_group
    multicast_interface ]], methods, properties)
socket.connecting("ip.udp.socket", methods, properties)

-- The system reports errors of what was sent when there is a peer.
local connect, assign = methods.connect, methods.assign

function methods:connect(a, port)
    connect(self, a, port)
    native.expect_errors(self[HANDLE])
end

function methods:assign(family, fd)
    assign(self, family, fd)
    native.expect_errors(self[HANDLE])
end

local function check_list(list, arg)
    if list ~= nil then flag_list(MESSAGE, list, arg) end
end

-- What begins every transfer: the fiber and the bits of the flags, which are argument `arg`.
local function begin(self, bs, list, arg)
    local f = enter()
    if class_name(self) ~= "ip.udp.socket" then raise("EINVAL", 1) end
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
    return f, list and message_bits(MESSAGE, list, arg) or 0
end

function methods:receive(bs, list)
    check_list(list, 3)
    local f, bits = begin(self, bs, list, 3)
    return check(perform(self[READ], f, io_receive, self[HANDLE], bs, bits))
end

function methods:receive_from(bs, list)
    check_list(list, 3)
    local f, bits = begin(self, bs, list, 3)
    local n = check(perform(self[READ], f, io_receive, self[HANDLE], bs, bits, scratch))
    return n, from_endpoint(scratch), scratch.port
end

function methods:send(bs, list)
    check_list(list, 3)
    local f, bits = begin(self, bs, list, 3)
    return check(perform(self[WRITE], f, io_send, self[HANDLE], bs, bits))
end

function methods:send_to(bs, a, port, list)
    if type(port) ~= "number" then raise("EINVAL", 4) end
    check_list(list, 5)
    local f, bits = begin(self, bs, list, 5)
    if class_name(a) ~= "ip.address" then raise("EINVAL", 3) end
    endpoint.check_port(port, 4)
    local d, handle = self[WRITE], self[HANDLE]
    local n = PENDING
    if not d[HEAD] then n = io_send(handle, bs, bits, to_endpoint(a, port, scratch)) end
    if n == PENDING then
        -- Its own, for others use the scratch one while this waits.
        n = await(d, f, io_send, handle, bs, bits, to_endpoint(a, port, new_endpoint()))
    else
        charge(f)
    end
    return check(n)
end

local function new_socket() return object.new(mt) end

return resolve.install({
    socket = { new = new_socket },
    dial = dial.udp(new_socket),
}, resolve.DATAGRAM)
