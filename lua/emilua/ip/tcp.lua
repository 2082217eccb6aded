-- ip.tcp: sockets and acceptors.
local import = ...
local address = import("ip.address")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local native = import("io.native")
local operation = import("core.operation")
local S = import("core.scheduler")
local socket = import("ip.socket")

local raise, raise_code = errors.raise, errors.raise_code
local getmetatable, type = getmetatable, type
local enter, charge, check_yieldable, pass = S.enter, S.charge, S.check_yieldable, S.pass
local await, perform = operation.await, operation.perform
local io_accept, io_connect, io_connected = native.accept, native.connect, native.connected
local PENDING = import("core.native").PENDING
local check = socket.check
local HEAD = S.HEAD
local HANDLE, READ, WRITE, FLAGS = socket.HANDLE, socket.READ, socket.WRITE, socket.FLAGS
local from_endpoint, to_endpoint = address.from_endpoint, address.to_endpoint

local scratch = native.new_endpoint()

local methods, properties = {}, {}
local socket_mt = socket.class("ip.tcp.socket", 1, [[
    debug v6_only tcp_no_delay keep_alive linger out_of_band_inline do_not_route send_buffer_size
    receive_buffer_size send_low_watermark receive_low_watermark ]], methods, properties)

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

function methods:connect(a, port)
    if type(port) ~= "number" then endpoint.check_port(port, 3) end
    local f = enter()
    if getmetatable(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
    if getmetatable(a) ~= "ip.address" then raise("EINVAL", 2) end
    endpoint.check_port(port, 3)
    check_yieldable()
    local handle = self[HANDLE]
    if native.is_open(handle) == 0 then self:open(a) end
    -- Its own, for the attempt goes on while others use the scratch one.
    local peer = to_endpoint(a, port, native.new_endpoint())
    local waited = (self[READ][HEAD] or self[WRITE][HEAD]) and 1 or 0
    local code = io_connect(handle, peer, waited)
    if code == PENDING then code = await(self[WRITE], f, io_connected, handle, peer) end
    check(code)
    charge(f)
end

local SHUTDOWN = { receive = 0, send = 1, both = 2 }

function methods:shutdown(what)
    if getmetatable(self) ~= "ip.tcp.socket" then raise("EINVAL", 1) end
    local how = SHUTDOWN[what]
    if not how then raise("EINVAL", 2) end
    check(native.shutdown(self[HANDLE], how))
end

local function remote_endpoint(self)
    check(native.remote_endpoint(self[HANDLE], scratch))
    return scratch
end

function properties.remote_address(self) return from_endpoint(remote_endpoint(self)) end

function properties.remote_port(self) return remote_endpoint(self).port end

local acceptor_methods, acceptor_properties = {}, {}
local acceptor_mt = socket.class("ip.tcp.acceptor", 1, "debug reuse_address v6_only",
    acceptor_methods, acceptor_properties)

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
