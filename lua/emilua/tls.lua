-- tls: connections that are encrypted and whose ends prove who they are.
local import = ...
local context = import("tls.context")
local errors = import("core.errors")
local ip = import("ip")
local native = import("tls.native")
local scope = import("core.scope")
local socket = import("tls.socket")

local error, type = error, type

local tls = {
    context = { new = context.new },
    socket = { new = socket.new },
}

local function secure(sock, host, ctx)
    sock:set_option("tcp_no_delay", true)
    local new = socket.new(sock, ctx)
    new:set_verify_mode("peer")
    new:set_verify_callback("host_name_verification", host)
    new:set_server_name(host)
    local ok, e = scope.stock_pcall(new.client_handshake, new)
    if ok then return new end
    new:close()
    error(e, 0)
end

-- A connection to "host:port" whose certificate is valid for the host.
function tls.dial(ep, ctx)
    if type(ep) ~= "string" then errors.raise("EINVAL", 1) end
    if ctx ~= nil and errors.class_name(ctx) ~= "tls.context" then errors.raise("EINVAL", 2) end
    local host = ep:match("^(.*):[^:]*$") or ""
    host = host:match("^%[(.*)%]$") or host
    host = host:match("^([^%%]*)%%") or host
    if native.name_kind(host, #host) == 0 then errors.raise("EINVAL", 1) end
    return secure(ip.tcp.dial(ep), host, ctx)
end

return tls
