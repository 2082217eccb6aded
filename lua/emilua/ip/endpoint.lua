-- Texts of an address with a port: `1.2.3.4:80`, `[::1]:80`.
local import = ...
local address = import("ip.address")
local errors = import("core.errors")

local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local select, tonumber, tostring, type = select, tonumber, tostring, type

local endpoint = {}

local function check_port(port, arg)
    if type(port) ~= "number" or port % 1 ~= 0 or not (port >= 0 and port <= 65535) then
        raise("EINVAL", arg)
    end
    return port
end
endpoint.check_port = check_port

function endpoint.tostring(a, port, ...)
    if class_name(a) ~= "ip.address" then raise("EINVAL", 1) end
    if select("#", ...) > 0 then raise("EINVAL", 3) end
    if port == nil then return tostring(a) end
    check_port(port, 2)
    return (a.is_v6 and "[%s]:%d" or "%s:%d"):format(tostring(a), port)
end

function endpoint.toendpoint(text)
    if type(text) ~= "string" then raise("EINVAL", 1) end
    local host, port = text:match("^(.*):([^:]*)$")
    if not host or not port:find("^%d+$") or port:find("^0%d") then raise("EINVAL", 1) end
    local inner = host:match("^%[(.*)%]$")
    local a, code = address.parse(inner or host)
    if not inner and host:find("[", 1, true) == 1 then raise("EINVAL", 1) end
    if not inner and host:find(":", 1, true) then raise("EINVAL", 1) end
    if inner and a and a.is_v4 then raise("EINVAL", 1) end
    if #port > 5 or tonumber(port) > 65535 then raise("ERANGE", 1) end
    if not a then raise_code(code) end
    return a, tonumber(port)
end

-- Host and service of the text `HOST:SERVICE`, and the address that the host is, if any.
function endpoint.split(text)
    if type(text) ~= "string" then raise("EINVAL", 1) end
    local host, service = text:match("^(.*):([^:]*)$")
    if not host or service:find("^0.") or text:find("%z") then raise("EINVAL", 1) end
    if service:find("^%d+$") and tonumber(service) > 65535 then raise("EINVAL", 1) end
    local inner = host:match("^%[(.*)%]$")
    local a = address.parse(inner or host)
    if inner then
        if not a or a.is_v4 then raise("EINVAL", 1) end
    elseif host:find("[%[:]") then
        raise("EINVAL", 1)
    end
    return inner or host, service, a
end

return endpoint
