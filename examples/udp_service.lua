-- A service for datagrams: answers `time`, `echo TEXT` and `count`, one socket for all clients.
--
-- usage: luajit examples/udp_service.lua [PORT]      then e.g. echo time | socat - UDP:127.0.0.1:PORT

local emilua = require "emilua"
local ip = require "emilua.ip"

local byte_span = emilua.byte_span

local COMMANDS = {
    time = function() return os.date "!%Y-%m-%dT%H:%M:%SZ" end,
    echo = function(text) return text end,
    count = function(_, count) return tostring(count) end,
}

emilua.run(function()
    local socket = ip.udp.socket.new()
    socket:open "v4"
    socket:bind("127.0.0.1", tonumber(arg[1] or 0))
    print("listening on " .. ip.tostring(socket.local_address, socket.local_port))
    io.flush()

    -- The largest datagram that UDP carries, so that none is cut.
    local buffer, count = byte_span.new(65507), 0
    while true do
        local n, address, port = socket:receive_from(buffer)
        count = count + 1
        local name, text = tostring(buffer:first(n)):match "^(%w*)%s*(.-)%s*$"
        local command = COMMANDS[name] or function() return "unknown command" end
        socket:send_to(byte_span.append(command(text, count), "\n"), address, port)
    end
end)
