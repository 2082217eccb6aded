---@meta emilua.ip.tcp

-- Reference: docs/reference/ip_tcp.md

---@class emilua.ip.tcplib
---@field socket emilua.ip.tcp.socketlib
---@field acceptor emilua.ip.tcp.acceptorlib
local tcp = {}

---The addresses of a host, of both families.
---@async
---@param host string|emilua.ip.address
---@param service string|integer
---@param flags? emilua.ip.lookup_flag[]
---@return emilua.ip.address_info[]
function tcp.get_address_info(host, service, flags) end

---The IPv4 addresses of a host.
---@async
---@param host string|emilua.ip.address
---@param service string|integer
---@param flags? emilua.ip.lookup_flag[]
---@return emilua.ip.address_info[]
function tcp.get_address_v4_info(host, service, flags) end

---The IPv6 addresses of a host.
---@async
---@param host string|emilua.ip.address
---@param service string|integer
---@param flags? emilua.ip.lookup_flag[]
---@return emilua.ip.address_info[]
function tcp.get_address_v6_info(host, service, flags) end

---The names of an address and a port.
---@async
---@param addr emilua.ip.address
---@param port integer
---@return emilua.ip.name_info[]
function tcp.get_name_info(addr, port) end

---Connects to `HOST:SERVICE`; its addresses race (RFC 8305).
---@async
---@param endpoint string
---@return emilua.ip.tcp.socket
function tcp.dial(endpoint) end

---An acceptor that listens at `HOST:SERVICE`.
---@param endpoint string
---@return emilua.ip.tcp.acceptor
function tcp.listen(endpoint) end

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
---| "reuse_port"
---| "tcp_keep_alive_idle"
---| "tcp_keep_alive_interval"
---| "tcp_keep_alive_count"
---| "tcp_user_timeout"

---@alias emilua.ip.tcp.acceptor_option
---| "debug"
---| "reuse_address"
---| "reuse_port"
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
---@field at_mark boolean whether the next read begins with urgent data
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

---As `read_some`, with flags. `"out_of_band"` waits for urgent data.
---@async
---@param bs emilua.byte_span
---@param flags emilua.ip.message_flag[]
---@return integer n
function socket:receive(bs, flags) end

---As `write_some`, with flags.
---@async
---@param bs emilua.byte_span
---@param flags emilua.ip.message_flag[]
---@return integer n
function socket:send(bs, flags) end

---Sends bytes of a file, between two spans; `size` 0 is all to its end.
---@async
---@param file emilua.file.random_access
---@param offset integer from 0
---@param size integer
---@param head? emilua.byte_span
---@param tail? emilua.byte_span
---@param n_per_send? integer
---@return integer n bytes sent
function socket:send_file(file, offset, size, head, tail, n_per_send) end

---Waits until a read or a write would not, or for urgent data or a broken connection.
---@async
---@param kind "read"|"write"|"error"
function socket:wait(kind) end

---Dissolves the connection.
function socket:disconnect() end

---@param command "bytes_readable"
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

---Waits as `ip.tcp.socket:wait`; accepts nothing.
---@async
---@param kind "read"|"write"|"error"
function acceptor:wait(kind) end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function acceptor:close() end

---Aborts pending operations.
function acceptor:cancel() end

---Adopts a descriptor, which is dead afterwards.
---@param family emilua.ip.family
---@param fd emilua.file_descriptor
function acceptor:assign(family, fd) end

---Aborts pending operations and hands the descriptor over.
---@return emilua.file_descriptor
function acceptor:release() end

---@param name emilua.ip.tcp.acceptor_option
---@param value boolean
function acceptor:set_option(name, value) end

---@param name emilua.ip.tcp.acceptor_option
---@return boolean
function acceptor:get_option(name) end
