---@meta emilua.ip.udp

-- Reference: docs/reference/ip_udp.md

---@class emilua.ip.udplib
---@field socket emilua.ip.udp.socketlib
local udp = {}

---The addresses of a host, of both families.
---@async
---@param host string|emilua.ip.address
---@param service string|integer
---@param flags? emilua.ip.lookup_flag[]
---@return emilua.ip.address_info[]
function udp.get_address_info(host, service, flags) end

---The IPv4 addresses of a host.
---@async
---@param host string|emilua.ip.address
---@param service string|integer
---@param flags? emilua.ip.lookup_flag[]
---@return emilua.ip.address_info[]
function udp.get_address_v4_info(host, service, flags) end

---The IPv6 addresses of a host.
---@async
---@param host string|emilua.ip.address
---@param service string|integer
---@param flags? emilua.ip.lookup_flag[]
---@return emilua.ip.address_info[]
function udp.get_address_v6_info(host, service, flags) end

---The names of an address and a port.
---@async
---@param addr emilua.ip.address
---@param port integer
---@return emilua.ip.name_info[]
function udp.get_name_info(addr, port) end

---A socket whose peer is `HOST:SERVICE`.
---@async
---@param endpoint string
---@return emilua.ip.udp.socket
function udp.dial(endpoint) end

---@alias emilua.ip.udp.option
---| "debug"
---| "reuse_address"
---| "reuse_port"
---| "v6_only"
---| "do_not_route"
---| "send_buffer_size"
---| "receive_buffer_size"
---| "broadcast"
---| "multicast_loop"
---| "multicast_hops"
---| "unicast_hops"
---| "join_multicast_group" set only
---| "leave_multicast_group" set only
---| "multicast_interface" set only

---@class emilua.ip.udp.socketlib
local socketlib = {}

---A closed socket.
---@return emilua.ip.udp.socket
function socketlib.new() end

---@class emilua.ip.udp.socket
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
---@param port integer `0`: any free port
function socket:bind(addr, port) end

---Fixes the peer, opening the socket first if it is closed. Sends nothing.
---@async
---@param addr emilua.ip.address
---@param port integer
function socket:connect(addr, port) end

---Forgets the peer.
function socket:disconnect() end

---Receives one datagram; what does not fit is dropped.
---@async
---@param bs emilua.byte_span
---@param flags? emilua.ip.message_flag[]
---@return integer n
function socket:receive(bs, flags) end

---Receives one datagram and says who sent it.
---@async
---@param bs emilua.byte_span
---@param flags? emilua.ip.message_flag[]
---@return integer n
---@return emilua.ip.address
---@return integer port
function socket:receive_from(bs, flags) end

---Sends a datagram to the peer.
---@async
---@param bs emilua.byte_span
---@param flags? emilua.ip.message_flag[]
---@return integer n
function socket:send(bs, flags) end

---Sends a datagram.
---@async
---@param bs emilua.byte_span
---@param addr emilua.ip.address
---@param port integer
---@param flags? emilua.ip.message_flag[]
---@return integer n
function socket:send_to(bs, addr, port, flags) end

---@param command "bytes_readable" the size of the next datagram
---@return integer
function socket:io_control(command) end

---@param what "receive"|"send"|"both"
function socket:shutdown(what) end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function socket:close() end

---Aborts pending operations.
function socket:cancel() end

---Adopts a descriptor, which is dead afterwards.
---@param family emilua.ip.family
---@param fd emilua.file_descriptor
function socket:assign(family, fd) end

---Aborts pending operations and hands the descriptor over.
---@return emilua.file_descriptor
function socket:release() end

---@param name emilua.ip.udp.option
---@param value boolean|integer|emilua.ip.address
function socket:set_option(name, value) end

---@param name emilua.ip.udp.option
---@return boolean|integer
function socket:get_option(name) end
