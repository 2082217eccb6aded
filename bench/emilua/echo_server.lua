-- TCP echo: one fiber per connection, TCP_NODELAY, 1 KiB buffer each. Prints its port. Run in a fiber.

local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"

local byte_span, spawn, write_all = emilua.byte_span, emilua.spawn, stream.write_all

local function echo(socket)
    local buffer = byte_span.new(1024)
    while true do
        local length = socket:read_some(buffer)
        write_all(socket, buffer:slice(1, length))
    end
end

local acceptor = ip.tcp.acceptor.new()
acceptor:open("v4")
acceptor:set_option("reuse_address", true)
acceptor:bind("127.0.0.1", 0)
acceptor:listen()
print(acceptor.local_port)
io.flush()

while true do
    local socket = acceptor:accept()
    spawn(function()
        socket:set_option("tcp_no_delay", true)
        pcall(echo, socket)
        socket:close()
    end)
end
