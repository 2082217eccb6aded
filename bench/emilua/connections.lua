-- A TCP connection for each request: accept, answer, close. Prints its port.

local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"

local byte_span, spawn = emilua.byte_span, emilua.spawn

emilua.run(function()
    local acceptor = ip.tcp.listen "127.0.0.1:0"
    print(acceptor.local_port)
    io.flush()

    while true do
        local socket = acceptor:accept()
        spawn(function()
            local buffer = byte_span.new(64)
            stream.read_all(socket, buffer)
            stream.write_all(socket, buffer)
            socket:close()
        end):detach()
    end
end)
