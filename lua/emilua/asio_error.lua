-- asio_error.GROUP.NAME: a new error for each access.
local import = ...
local errors = import("core.errors")

local number, resolver = errors.system_number, errors.resolver_number

local basic = {}
for name, errno in ([[
    access_denied=EACCES address_family_not_supported=EAFNOSUPPORT address_in_use=EADDRINUSE
    already_connected=EISCONN already_started=EALREADY bad_descriptor=EBADF broken_pipe=EPIPE
    connection_aborted=ECONNABORTED connection_refused=ECONNREFUSED connection_reset=ECONNRESET
    fault=EFAULT host_unreachable=EHOSTUNREACH in_progress=EINPROGRESS interrupted=EINTR
    invalid_argument=EINVAL message_size=EMSGSIZE name_too_long=ENAMETOOLONG network_down=ENETDOWN
    network_reset=ENETRESET network_unreachable=ENETUNREACH no_buffer_space=ENOBUFS
    no_descriptors=EMFILE no_memory=ENOMEM no_permission=EPERM no_protocol_option=ENOPROTOOPT
    no_such_device=ENODEV not_connected=ENOTCONN not_socket=ENOTSOCK operation_aborted=ECANCELED
    operation_not_supported=EOPNOTSUPP shut_down=ESHUTDOWN timed_out=ETIMEDOUT try_again=EAGAIN
    would_block=EWOULDBLOCK ]]):gmatch("([%w_]+)=(%w+)") do
    basic[name] = number[errno]
end

local netdb = errors.category_of("asio.netdb", {
    "Host not found (authoritative)",
    "Host not found (non-authoritative), try again later",
    "A non-recoverable error occurred during database lookup",
    "The query is valid, but it does not have associated data",
})

local addrinfo = errors.category_of("asio.addrinfo", {
    [resolver.EAI_SERVICE] = "Service not found",
    [resolver.EAI_SOCKTYPE] = "Socket type not supported",
})

local groups = {
    basic = errors.namespace("asio_error.basic", errors.system, basic),
    misc = errors.namespace("asio_error.misc", errors.misc, {
        already_open = 1, eof = 2, not_found = 3, fd_set_failure = 4,
    }),
    netdb = errors.namespace("asio_error.netdb", netdb, {
        host_not_found = 1, host_not_found_try_again = 2, no_recovery = 3, no_data = 4,
    }),
    addrinfo = errors.namespace("asio_error.addrinfo", addrinfo, {
        service_not_found = resolver.EAI_SERVICE,
        socket_type_not_supported = resolver.EAI_SOCKTYPE,
    }),
}

return setmetatable({}, errors.class("asio_error", {
    __index = function(_, group)
        -- Decision 8: an unknown group is bad_index, like an unknown name.
        return groups[group] or errors.bad_index()
    end,
    __newindex = function() errors.raise("EPERM") end,
}))
