---@meta emilua.ip

-- Reference: docs/reference/ip.md

---@class emilua.ip.endpoint
---@field address emilua.ip.address
---@field port integer

---The module `require "emilua.ip"` returns.
---@class emilua.iplib
---@field address emilua.ip.addresslib
---@field tcp emilua.ip.tcplib
local ip = {}

---The name of this host.
---@return string
function ip.host_name() end

---`1.2.3.4:80`, `[::1]:80`; without a port the same as `tostring(address)`.
---@param address emilua.ip.address
---@param port? integer
---@return string
function ip.tostring(address, port) end

---The inverse of `ip.tostring(address, port)`. Numeric only.
---@param s string
---@return emilua.ip.address
---@return integer port
function ip.toendpoint(s) end

---Tries the endpoints in turn until one accepts the connection.
---@async
---@param sock emilua.ip.tcp.socket
---@param results emilua.ip.endpoint[]
---@param condition? fun(last_error: emilua.error_code?, address: emilua.ip.address, port: integer): boolean?
---@return emilua.ip.address
---@return integer port
function ip.connect(sock, results, condition) end

---@class emilua.ip.tcplib
---@field socket emilua.ip.tcp.socketlib
---@field acceptor emilua.ip.tcp.acceptorlib

---@class emilua.ip.addresslib
local addresslib = {}

---An address from its text; `0.0.0.0` without one.
---@param text? string IPv6 with an optional `%scope`, or dotted IPv4
---@return emilua.ip.address
function addresslib.new(text) end

---`0.0.0.0`
---@return emilua.ip.address
function addresslib.any_v4() end

---`::`
---@return emilua.ip.address
function addresslib.any_v6() end

---`127.0.0.1`
---@return emilua.ip.address
function addresslib.loopback_v4() end

---`::1`
---@return emilua.ip.address
function addresslib.loopback_v6() end

---`255.255.255.255`
---@return emilua.ip.address
function addresslib.broadcast_v4() end

---An IPv4 or IPv6 address.
---@class emilua.ip.address
---@field is_v4 boolean
---@field is_v6 boolean
---@field is_loopback boolean
---@field is_multicast boolean
---@field is_unspecified boolean
---@field is_link_local boolean IPv6 only
---@field is_site_local boolean IPv6 only
---@field is_v4_mapped boolean IPv6 only
---@field is_multicast_node_local boolean IPv6 only
---@field is_multicast_link_local boolean IPv6 only
---@field is_multicast_site_local boolean IPv6 only
---@field is_multicast_org_local boolean IPv6 only
---@field is_multicast_global boolean IPv6 only
---@field scope_id integer IPv6 only, writable; 0 = none
local address = {}

---The mapped address `::ffff:a.b.c.d` of an IPv4 one.
---@return emilua.ip.address
function address:to_v6() end

---The IPv4 address inside a mapped one.
---@return emilua.ip.address
function address:to_v4() end

---@alias emilua.ip.family "v4"|"v6"|emilua.ip.address

---@alias emilua.ip.tcp.socket_option
---| "debug"
---| "v6_only"
---| "tcp_no_delay"
---| "keep_alive"
---| "linger"
---| "out_of_band_inline"
---| "do_not_route"
---| "send_buffer_size"
---| "receive_buffer_size"
---| "send_low_watermark"
---| "receive_low_watermark"

---@alias emilua.ip.tcp.acceptor_option
---| "debug"
---| "reuse_address"
---| "v6_only"
---| "enable_connection_aborted"

---@class emilua.ip.tcp.socketlib
local socketlib = {}

---A closed socket.
---@return emilua.ip.tcp.socket
function socketlib.new() end

---@class emilua.ip.tcp.socket : emilua.read_stream, emilua.write_stream
---@field is_open boolean
---@field local_address emilua.ip.address
---@field local_port integer
---@field remote_address emilua.ip.address
---@field remote_port integer
local socket = {}

---Creates the socket of the operating system.
---@param family emilua.ip.family
function socket:open(family) end

---@param addr emilua.ip.address|string
---@param port integer
function socket:bind(addr, port) end

---Connects, opening the socket first if it is closed.
---@async
---@param addr emilua.ip.address
---@param port integer
function socket:connect(addr, port) end

---Reads 1 to `#bs` bytes. The end of the stream is the error `asio_error.misc.eof`.
---@async
---@param bs emilua.byte_span
---@return integer n
function socket:read_some(bs) end

---Writes a prefix of `bs`.
---@async
---@param bs emilua.byte_span
---@return integer n its length
function socket:write_some(bs) end

---@param what "receive"|"send"|"both"
function socket:shutdown(what) end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function socket:close() end

---Aborts pending operations.
function socket:cancel() end

---@param name emilua.ip.tcp.socket_option
---@param value boolean|integer
---@param timeout? integer seconds, for `"linger"`
function socket:set_option(name, value, timeout) end

---@param name emilua.ip.tcp.socket_option
---@return boolean|integer value
---@return integer? timeout seconds, for `"linger"`
function socket:get_option(name) end

---@class emilua.ip.tcp.acceptorlib
local acceptorlib = {}

---A closed acceptor.
---@return emilua.ip.tcp.acceptor
function acceptorlib.new() end

---@class emilua.ip.tcp.acceptor
---@field is_open boolean
---@field local_address emilua.ip.address
---@field local_port integer
local acceptor = {}

---Creates the socket of the operating system.
---@param family emilua.ip.family
function acceptor:open(family) end

---@param addr emilua.ip.address|string
---@param port integer `0`: any free port
function acceptor:bind(addr, port) end

---@param backlog? integer default: the system's maximum
function acceptor:listen(backlog) end

---Waits for a connection.
---@async
---@return emilua.ip.tcp.socket
function acceptor:accept() end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function acceptor:close() end

---Aborts pending operations.
function acceptor:cancel() end

---@param name emilua.ip.tcp.acceptor_option
---@param value boolean
function acceptor:set_option(name, value) end

---@param name emilua.ip.tcp.acceptor_option
---@return boolean
function acceptor:get_option(name) end

return ip
