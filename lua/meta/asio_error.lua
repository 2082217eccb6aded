---@meta emilua.asio_error

-- Each access gives a new error table. Reference: docs/reference/asio_error.md

---Category `system`: errors of the operating system.
---@class emilua.asio_error.basiclib
---@field access_denied emilua.error_code EACCES
---@field address_family_not_supported emilua.error_code EAFNOSUPPORT
---@field address_in_use emilua.error_code EADDRINUSE
---@field already_connected emilua.error_code EISCONN
---@field already_started emilua.error_code EALREADY
---@field bad_descriptor emilua.error_code EBADF
---@field broken_pipe emilua.error_code EPIPE
---@field connection_aborted emilua.error_code ECONNABORTED
---@field connection_refused emilua.error_code ECONNREFUSED
---@field connection_reset emilua.error_code ECONNRESET
---@field fault emilua.error_code EFAULT
---@field host_unreachable emilua.error_code EHOSTUNREACH
---@field in_progress emilua.error_code EINPROGRESS
---@field interrupted emilua.error_code EINTR
---@field invalid_argument emilua.error_code EINVAL
---@field message_size emilua.error_code EMSGSIZE
---@field name_too_long emilua.error_code ENAMETOOLONG
---@field network_down emilua.error_code ENETDOWN
---@field network_reset emilua.error_code ENETRESET
---@field network_unreachable emilua.error_code ENETUNREACH
---@field no_buffer_space emilua.error_code ENOBUFS
---@field no_descriptors emilua.error_code EMFILE
---@field no_memory emilua.error_code ENOMEM
---@field no_permission emilua.error_code EPERM
---@field no_protocol_option emilua.error_code ENOPROTOOPT
---@field no_such_device emilua.error_code ENODEV
---@field not_connected emilua.error_code ENOTCONN
---@field not_socket emilua.error_code ENOTSOCK
---@field operation_aborted emilua.error_code ECANCELED
---@field operation_not_supported emilua.error_code EOPNOTSUPP
---@field shut_down emilua.error_code ESHUTDOWN
---@field timed_out emilua.error_code ETIMEDOUT
---@field try_again emilua.error_code EAGAIN
---@field would_block emilua.error_code EWOULDBLOCK

---Category `asio.misc`.
---@class emilua.asio_error.misclib
---@field already_open emilua.error_code Already open
---@field eof emilua.error_code End of file
---@field not_found emilua.error_code Element not found
---@field fd_set_failure emilua.error_code The descriptor does not fit into the select call's fd_set

---Category `asio.netdb`: name lookup, <netdb.h> `h_errno`.
---@class emilua.asio_error.netdblib
---@field host_not_found emilua.error_code Host not found (authoritative)
---@field host_not_found_try_again emilua.error_code Host not found (non-authoritative), try again later
---@field no_recovery emilua.error_code A non-recoverable error occurred during database lookup
---@field no_data emilua.error_code The query is valid, but it does not have associated data

---Category `asio.addrinfo`: name lookup, getaddrinfo(3).
---@class emilua.asio_error.addrinfolib
---@field service_not_found emilua.error_code Service not found
---@field socket_type_not_supported emilua.error_code Socket type not supported

---The module `require "emilua.asio_error"` returns.
---@class emilua.asio_errorlib
---@field basic emilua.asio_error.basiclib
---@field misc emilua.asio_error.misclib
---@field netdb emilua.asio_error.netdblib
---@field addrinfo emilua.asio_error.addrinfolib
local asio_error = {}

return asio_error
