-- UDP echo: one socket. Prints its port.

local emilua = require "emilua"
local ip = require "emilua.ip"

emilua.run(function()
    local socket = ip.udp.socket.new()
    socket:open "v4"
    socket:bind("127.0.0.1", 0)
    print(socket.local_port)
    io.flush()

    local buffer = emilua.byte_span.new(1500)
    while true do
        local length, address, port = socket:receive_from(buffer)
        socket:send_to(buffer:slice(1, length), address, port)
    end
end)
