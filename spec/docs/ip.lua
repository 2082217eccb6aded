-- What of ip is not the foundation's, for docs_spec.lua.
local part = {}

part.structure = { "ip.udp", "ip.udp.socket" }
part.arguments = { "ip.address_info", "ip.name_info" }

function part.objects()
    local ip = require "emilua.ip"
    local socket = ip.udp.socket.new()
    socket:open("v4")
    socket:bind("127.0.0.1", 0)
    socket:connect(ip.address.loopback_v4(), socket.local_port)
    return { ["ip.udp"] = { ip.udp }, ["ip.udp.socket"] = { ip.udp.socket, class = socket } }
end

function part.close(objects) objects["ip.udp.socket"].class:close() end

return part
