-- A worker of an HTTP service whose workers share a port: start it as often as there are processors. The system gives
-- each connection to one of them (SO_REUSEPORT).
--
-- usage: luajit examples/shared_port.lua PORT NAME      then curl http://127.0.0.1:PORT/

local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"

local port, name = tonumber(arg[1] or 0), arg[2] or "worker"

local function serve(socket)
    local request, buffer = "", emilua.byte_span.new(4096)
    while not request:find("\r\n\r\n", 1, true) do
        request = request .. tostring(buffer:first(socket:read_some(buffer)))
    end
    local body = ("%s was asked for %s\n"):format(name, request:match "^%S+ (%S+)")
    local answer = "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
    stream.write_all(socket, answer:format(#body, body))
    socket:shutdown "send"
end

emilua.run(function()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open "v4"
    acceptor:set_option("reuse_port", true)
    acceptor:bind("127.0.0.1", port)
    acceptor:listen()
    print(name .. " listens on " .. ip.tostring(acceptor.local_address, acceptor.local_port))
    io.flush()

    while true do
        local socket = acceptor:accept()
        emilua.spawn(function()
            -- A client that goes away, or takes longer than this, is no reason to stop.
            pcall(emilua.timeout, 10, serve, socket)
            socket:close()
        end):detach()
    end
end)
