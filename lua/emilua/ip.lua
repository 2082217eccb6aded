-- ip: addresses, endpoints and sockets.
local import = ...
local address = import("ip.address")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local native = import("core.native")
local host_name = import("io.native").host_name
local scope = import("core.scope")
local enter = import("core.scheduler").enter

local class_name = errors.class_name
local error, pairs, type = error, pairs, type

local ip = {
    address = address.public,
    tcp = import("ip.tcp"),
    udp = import("ip.udp"),
    tostring = endpoint.tostring,
    toendpoint = endpoint.toendpoint,
}

function ip.host_name()
    local name, code = native.text(host_name(native.buffer, 1024))
    return name or errors.raise_code(code)
end

-- connect(socket, results[, condition]): the first of the results that answers.
function ip.connect(socket, results, condition)
    local class = class_name(socket)
    if class ~= "ip.tcp.socket" and class ~= "ip.udp.socket" or type(results) ~= "table"
        or condition ~= nil and type(condition) ~= "function" then
        errors.raise("EINVAL")
    end
    enter()
    local last
    for _, entry in pairs(results) do
        if type(entry) ~= "table" then errors.raise("EINVAL") end
        local a, port = entry.address, entry.port
        if not condition or condition(last, a, port) then
            if socket.is_open then socket:close() end
            local ok, e = scope.pcall(socket.connect, socket, a, port)
            if ok then return a, port end
            -- An interruption ends the whole.
            if errors.is_interrupted(e) then error(e, 0) end
            last = e
        end
    end
    if last == nil then errors.raise_misc(3) end
    error(last, 0)
end

return ip
