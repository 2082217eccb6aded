---@meta emilua.unix

-- Reference: docs/reference/unix.md

---@alias emilua.unix.shutdown "receive"|"send"|"both"
---@alias emilua.unix.wait "read"|"write"|"error"
---@alias emilua.unix.flag "peek"
---@alias emilua.unix.buffer_option "debug"|"send_buffer_size"|"receive_buffer_size"
---@alias emilua.unix.watermark_option "send_low_watermark"|"receive_low_watermark"
---@alias emilua.unix.peer_option "remote_credentials"|"remote_security_label"|"remote_security_labels"
---@alias emilua.unix.option_value boolean|integer|string|emilua.unix.credentials

---@class emilua.unix.credentials
---@field uid integer
---@field groups integer[]
---@field pid integer

---The module `require "emilua.unix"` returns.
---@class emilua.unixlib
---@field stream emilua.unix.streamlib
---@field seqpacket emilua.unix.seqpacketlib
---@field datagram emilua.unix.datagramlib
local unix = {}

---@class emilua.unix.streamlib
---@field socket emilua.unix.stream.socketlib
---@field acceptor emilua.unix.stream.acceptorlib
local stream = {}

---Connects a new socket.
---@async
---@param ep string the name of a file, or `@` and an abstract name
---@return emilua.unix.stream.socket
function stream.dial(ep) end

---A new acceptor that listens.
---@param ep string the name of a file, or `@` and an abstract name
---@param mode? integer permissions of the file
---@return emilua.unix.stream.acceptor
function stream.listen(ep, mode) end

---@class emilua.unix.stream.socketlib
local stream_socketlib = {}

---A closed socket, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.unix.stream.socket
function stream_socketlib.new(fd) end

---Two sockets that are connected to each other.
---@return emilua.unix.stream.socket
---@return emilua.unix.stream.socket
function stream_socketlib.pair() end

---@class emilua.unix.stream.socket: emilua.read_stream, emilua.write_stream
---@field is_open boolean
---@field local_path emilua.filesystem.path
---@field remote_path emilua.filesystem.path
local stream_socket = {}

---Creates the socket of the operating system.
function stream_socket:open() end

---@param path emilua.filesystem.path empty on Linux: a free abstract name
function stream_socket:bind(path) end

---@async
---@param path emilua.filesystem.path
function stream_socket:connect(path) end

---Dissolves the association with the peer.
function stream_socket:disconnect() end

---@param what emilua.unix.shutdown
function stream_socket:shutdown(what) end

---@param command "bytes_readable"
---@return integer
function stream_socket:io_control(command) end

---Waits for bytes.
---@async
---@param bs emilua.byte_span
---@return integer n
function stream_socket:read_some(bs) end

---Writes a prefix of `bs`.
---@async
---@param bs emilua.byte_span
---@return integer n its length
function stream_socket:write_some(bs) end

---Receives bytes, and the descriptors that came with them.
---@async
---@param bs emilua.byte_span
---@param maxfds integer
---@return integer n
---@return emilua.file_descriptor[] fds
function stream_socket:receive_with_fds(bs, maxfds) end

---Sends bytes, and descriptors with the first of them.
---@async
---@param bs emilua.byte_span
---@param fds emilua.file_descriptor[]
---@return integer n
function stream_socket:send_with_fds(bs, fds) end

---@param name emilua.unix.buffer_option|emilua.unix.watermark_option
---@param value boolean|integer
function stream_socket:set_option(name, value) end

---@param name emilua.unix.buffer_option|emilua.unix.watermark_option|emilua.unix.peer_option
---@param filter? string|string[] of `remote_security_labels`
---@return emilua.unix.option_value
function stream_socket:get_option(name, filter) end

---Aborts pending operations.
function stream_socket:cancel() end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function stream_socket:close() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function stream_socket:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function stream_socket:release() end

---@class emilua.unix.stream.acceptorlib
local stream_acceptorlib = {}

---A closed acceptor, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.unix.stream.acceptor
function stream_acceptorlib.new(fd) end

---@class emilua.unix.stream.acceptor
---@field is_open boolean
---@field local_path emilua.filesystem.path
local stream_acceptor = {}

---Creates the socket of the operating system.
function stream_acceptor:open() end

---@param path emilua.filesystem.path empty on Linux: a free abstract name
function stream_acceptor:bind(path) end

---@param backlog? integer default: the system's maximum
function stream_acceptor:listen(backlog) end

---Waits for a connection.
---@async
---@return emilua.unix.stream.socket
function stream_acceptor:accept() end

---Waits until an operation of that kind would not wait.
---@async
---@param kind emilua.unix.wait
function stream_acceptor:wait(kind) end

---@param name "debug"|"enable_connection_aborted"
---@param value boolean
function stream_acceptor:set_option(name, value) end

---@param name "debug"|"enable_connection_aborted"
---@return boolean
function stream_acceptor:get_option(name) end

---Aborts pending operations.
function stream_acceptor:cancel() end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function stream_acceptor:close() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function stream_acceptor:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function stream_acceptor:release() end

---@class emilua.unix.seqpacketlib
---@field socket emilua.unix.seqpacket.socketlib
---@field acceptor emilua.unix.seqpacket.acceptorlib
local seqpacket = {}

---Connects a new socket.
---@async
---@param ep string the name of a file, or `@` and an abstract name
---@return emilua.unix.seqpacket.socket
function seqpacket.dial(ep) end

---A new acceptor that listens.
---@param ep string the name of a file, or `@` and an abstract name
---@param mode? integer permissions of the file
---@return emilua.unix.seqpacket.acceptor
function seqpacket.listen(ep, mode) end

---@class emilua.unix.seqpacket.socketlib
local seqpacket_socketlib = {}

---A closed socket, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.unix.seqpacket.socket
function seqpacket_socketlib.new(fd) end

---Two sockets that are connected to each other.
---@return emilua.unix.seqpacket.socket
---@return emilua.unix.seqpacket.socket
function seqpacket_socketlib.pair() end

---@class emilua.unix.seqpacket.socket
---@field is_open boolean
---@field local_path emilua.filesystem.path
---@field remote_path emilua.filesystem.path
local seqpacket_socket = {}

---Creates the socket of the operating system.
function seqpacket_socket:open() end

---@param path emilua.filesystem.path empty on Linux: a free abstract name
function seqpacket_socket:bind(path) end

---@async
---@param path emilua.filesystem.path
function seqpacket_socket:connect(path) end

---Dissolves the association with the peer.
function seqpacket_socket:disconnect() end

---@param what emilua.unix.shutdown
function seqpacket_socket:shutdown(what) end

---@param command "bytes_readable"
---@return integer
function seqpacket_socket:io_control(command) end

---Waits for a message.
---@async
---@param bs emilua.byte_span
---@param flags? emilua.unix.flag[]
---@return integer n
function seqpacket_socket:receive(bs, flags) end

---Sends a message.
---@async
---@param bs emilua.byte_span
---@param flags? emilua.unix.flag[]
---@return integer n
function seqpacket_socket:send(bs, flags) end

---Receives bytes, and the descriptors that came with them.
---@async
---@param bs emilua.byte_span
---@param maxfds integer
---@return integer n
---@return emilua.file_descriptor[] fds
function seqpacket_socket:receive_with_fds(bs, maxfds) end

---Sends bytes, and descriptors with the first of them.
---@async
---@param bs emilua.byte_span
---@param fds emilua.file_descriptor[]
---@return integer n
function seqpacket_socket:send_with_fds(bs, fds) end

---@param name emilua.unix.buffer_option
---@param value boolean|integer
function seqpacket_socket:set_option(name, value) end

---@param name emilua.unix.buffer_option|emilua.unix.peer_option
---@param filter? string|string[] of `remote_security_labels`
---@return emilua.unix.option_value
function seqpacket_socket:get_option(name, filter) end

---Aborts pending operations.
function seqpacket_socket:cancel() end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function seqpacket_socket:close() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function seqpacket_socket:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function seqpacket_socket:release() end

---@class emilua.unix.seqpacket.acceptorlib
local seqpacket_acceptorlib = {}

---A closed acceptor, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.unix.seqpacket.acceptor
function seqpacket_acceptorlib.new(fd) end

---@class emilua.unix.seqpacket.acceptor
---@field is_open boolean
---@field local_path emilua.filesystem.path
local seqpacket_acceptor = {}

---Creates the socket of the operating system.
function seqpacket_acceptor:open() end

---@param path emilua.filesystem.path empty on Linux: a free abstract name
function seqpacket_acceptor:bind(path) end

---@param backlog? integer default: the system's maximum
function seqpacket_acceptor:listen(backlog) end

---Waits for a connection.
---@async
---@return emilua.unix.seqpacket.socket
function seqpacket_acceptor:accept() end

---Waits until an operation of that kind would not wait.
---@async
---@param kind emilua.unix.wait
function seqpacket_acceptor:wait(kind) end

---@param name "debug"|"enable_connection_aborted"
---@param value boolean
function seqpacket_acceptor:set_option(name, value) end

---@param name "debug"|"enable_connection_aborted"
---@return boolean
function seqpacket_acceptor:get_option(name) end

---Aborts pending operations.
function seqpacket_acceptor:cancel() end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function seqpacket_acceptor:close() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function seqpacket_acceptor:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function seqpacket_acceptor:release() end

---@class emilua.unix.datagramlib
---@field socket emilua.unix.datagram.socketlib
local datagram = {}

---Connects a new socket.
---@async
---@param ep string the name of a file, or `@` and an abstract name
---@return emilua.unix.datagram.socket
function datagram.dial(ep) end

---@class emilua.unix.datagram.socketlib
local datagram_socketlib = {}

---A closed socket, or one that takes `fd` over.
---@param fd? emilua.file_descriptor
---@return emilua.unix.datagram.socket
function datagram_socketlib.new(fd) end

---Two sockets that are connected to each other.
---@return emilua.unix.datagram.socket
---@return emilua.unix.datagram.socket
function datagram_socketlib.pair() end

---@class emilua.unix.datagram.socket
---@field is_open boolean
---@field local_path emilua.filesystem.path
---@field remote_path emilua.filesystem.path
local datagram_socket = {}

---Creates the socket of the operating system.
function datagram_socket:open() end

---@param path emilua.filesystem.path empty on Linux: a free abstract name
function datagram_socket:bind(path) end

---@async
---@param path emilua.filesystem.path
function datagram_socket:connect(path) end

---Dissolves the association with the peer.
function datagram_socket:disconnect() end

---@param what emilua.unix.shutdown
function datagram_socket:shutdown(what) end

---@param command "bytes_readable"
---@return integer
function datagram_socket:io_control(command) end

---Waits for a message.
---@async
---@param bs emilua.byte_span
---@param flags? emilua.unix.flag[]
---@return integer n
function datagram_socket:receive(bs, flags) end

---Sends a message.
---@async
---@param bs emilua.byte_span
---@param flags? emilua.unix.flag[]
---@return integer n
function datagram_socket:send(bs, flags) end

---Receives bytes, and the descriptors that came with them.
---@async
---@param bs emilua.byte_span
---@param maxfds integer
---@return integer n
---@return emilua.file_descriptor[] fds
function datagram_socket:receive_with_fds(bs, maxfds) end

---Sends bytes, and descriptors with the first of them.
---@async
---@param bs emilua.byte_span
---@param fds emilua.file_descriptor[]
---@return integer n
function datagram_socket:send_with_fds(bs, fds) end

---Waits for a datagram; also tells who sent it.
---@async
---@param bs emilua.byte_span
---@param flags? emilua.unix.flag[]
---@return integer n
---@return emilua.filesystem.path sender empty if it has no name
function datagram_socket:receive_from(bs, flags) end

---@async
---@param bs emilua.byte_span
---@param path emilua.filesystem.path
---@param flags? emilua.unix.flag[]
---@return integer n
function datagram_socket:send_to(bs, path, flags) end

---@async
---@param bs emilua.byte_span
---@param maxfds integer
---@return integer n
---@return emilua.filesystem.path? sender nil if it has no name
---@return emilua.file_descriptor[] fds
function datagram_socket:receive_from_with_fds(bs, maxfds) end

---@async
---@param bs emilua.byte_span
---@param path emilua.filesystem.path
---@param fds emilua.file_descriptor[]
---@return integer n
function datagram_socket:send_to_with_fds(bs, path, fds) end

---@param name emilua.unix.buffer_option
---@param value boolean|integer
function datagram_socket:set_option(name, value) end

---@param name emilua.unix.buffer_option
---@return boolean|integer
function datagram_socket:get_option(name) end

---Aborts pending operations.
function datagram_socket:cancel() end

---Aborts pending operations and closes. May be repeated; the object can be opened again.
function datagram_socket:close() end

---Takes `fd` over, which is dead afterwards.
---@param fd emilua.file_descriptor
function datagram_socket:assign(fd) end

---Aborts pending operations and hands the descriptor over; the object is closed.
---@return emilua.file_descriptor
function datagram_socket:release() end

return unix
