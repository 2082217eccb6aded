-- Names to addresses and back, by the system's resolver. A lookup runs on the process's pool; who is interrupted
-- leaves it to its end, unheard.
local import = ...
local S = import("core.scheduler")
local address = import("ip.address")
local asio_error = import("asio_error")
local core = import("core.native")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local flags = import("ip.flags")
local new_endpoint = import("io.native").new_endpoint
local operation = import("core.operation")
local ffi = require("ffi")

local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local error, tonumber, tostring, type = error, tonumber, tostring, type
local bor = require("bit").bor
local enter, check_yieldable = S.enter, S.check_yieldable
local await, direction, recycle, TOKEN = operation.await, operation.direction, operation.recycle, operation.TOKEN
local from_endpoint, to_endpoint = address.from_endpoint, address.to_endpoint
local PENDING, buffer, vm = core.PENDING, core.buffer, core.vm
local LOOKUP = flags.LOOKUP

local query_type = ffi.typeof([[
    struct { const char *host, *service; size_t host_length, service_length; int32_t family, kind, flags; } ]])
local endpoint_pointer = ffi.typeof("$ * /* of a name */", new_endpoint)

local native = core.bind("resolve", [[
    void *addresses(void *vm, uint32_t, const $ *);
    void *names(void *vm, uint32_t, $, int32_t);
    int32_t poll(void *, int32_t *);
    int32_t entry(const void *, int32_t, $, char *, int32_t);
    void free(void *); ]], query_type, endpoint_pointer, endpoint_pointer)

-- Kinds of sockets.
local resolve = { STREAM = 1, DATAGRAM = 2 }

local scratch = new_endpoint()
local refusal = ffi.new("int32_t[1]")

-- What the numbers of src/resolve mean.
local REFUSALS = {
    function() return asio_error.netdb.host_not_found end,
    function() return asio_error.netdb.host_not_found_try_again end,
    function() return asio_error.netdb.no_recovery end,
    function() return asio_error.addrinfo.service_not_found end,
    function() return asio_error.addrinfo.socket_type_not_supported end,
}

-- The lookup that start(vm, token) begins, and how many entries it gave. Without a fiber it is done at once.
local function perform(f, start)
    local d = f and direction()
    local token = f and d[TOKEN] or 0
    local lookup = ffi.gc(start(f and vm or nil, token), function(p)
        native.free(p)
        if f then recycle(token) end
    end)
    local code = native.poll(lookup, refusal)
    if code == PENDING then code = await(d, f, native.poll, lookup, refusal) end
    if code < 0 then raise_code(code) end
    if refusal[0] ~= 0 then error(REFUSALS[refusal[0]](), 0) end
    return lookup, code
end

-- The list of addresses of texts, which may be empty. `f`: the fiber that waits, or false.
function resolve.addresses(f, host, service, family, kind, bits)
    local query = query_type(host, service, #host, #service, family, kind, bits)
    local lookup, n = perform(f, function(state, token) return native.addresses(state, token, query) end)
    local list, canonical_name = {}, nil
    for i = 1, n do
        local length = native.entry(lookup, i - 1, scratch, buffer, 1024)
        -- The resolver tells it once.
        if i == 1 and bor(bits, LOOKUP.canonical_name) == bits then canonical_name = ffi.string(buffer, length) end
        list[i] = { address = from_endpoint(scratch), port = scratch.port, canonical_name = canonical_name }
    end
    return list
end

-- Host and service as texts, with the flags that their types imply.
local function texts(host, service, bits)
    if class_name(host) == "ip.address" then
        host, bits = tostring(host), bor(bits, LOOKUP.numeric_host)
    elseif host:find("%z") then
        raise("EINVAL", 1)
    end
    if type(service) == "number" then
        endpoint.check_port(service, 2)
        service, bits = ("%d"):format(service), bor(bits, LOOKUP.numeric_service)
    elseif service:find("%z") or service:find("^%d+$") and tonumber(service) > 65535 then
        raise("EINVAL", 2)
    end
    return host, service, bits
end

-- get_address_info of a kind of sockets, for one family or both (0), with the flags that are set without a list.
local function get_address_info(kind, family, default)
    return function(host, service, list)
        if type(host) ~= "string" and class_name(host) ~= "ip.address" then raise("EINVAL", 1) end
        if type(service) ~= "string" and type(service) ~= "number" then raise("EINVAL", 2) end
        local bits = list == nil and default or flags.bits(LOOKUP, list, 3)
        local f = enter()
        host, service, bits = texts(host, service, bits)
        check_yieldable()
        return resolve.addresses(f, host, service, family, kind, bits)
    end
end

-- Flags of lookups without a list: for both families, for v6.
local BOTH, V6 = bor(LOOKUP.address_configured, LOOKUP.v4_mapped), LOOKUP.v4_mapped
resolve.DEFAULT = BOTH

-- Adds the functions of a kind of sockets to its module.
function resolve.install(module, kind)
    module.get_address_info = get_address_info(kind, 0, BOTH)
    module.get_address_v4_info = get_address_info(kind, 4, 0)
    module.get_address_v6_info = get_address_info(kind, 6, V6)

    function module.get_name_info(a, port)
        if type(port) ~= "number" then raise("EINVAL", 2) end
        local f = enter()
        if class_name(a) ~= "ip.address" then raise("EINVAL", 1) end
        endpoint.check_port(port, 2)
        check_yieldable()
        local of = to_endpoint(a, port, new_endpoint())
        local lookup = perform(f, function(state, token) return native.names(state, token, of, kind) end)
        local host = ffi.string(buffer, native.entry(lookup, 0, scratch, buffer, 1024))
        local service = ffi.string(buffer, native.entry(lookup, 1, scratch, buffer, 1024))
        return { { host_name = host, service_name = service } }
    end

    return module
end

return resolve
