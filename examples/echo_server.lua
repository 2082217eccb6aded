-- TCP echo server on 127.0.0.1, one fiber per connection.
-- usage: luajit echo_server.lua [port]     default 7; 0 = any free port

local asio_error = require "emilua.asio_error"
local emilua = require "emilua"
local generic_error = require "emilua.generic_error"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local time = require "emilua.time"

local BUFFER_SIZE = 16384

local port = assert(tonumber(arg[1] or 7), "usage: luajit echo_server.lua [port]")

local function echo(sock)
    sock:set_option("tcp_no_delay", true)
    local buffer = emilua.byte_span.new(BUFFER_SIZE)
    while true do
        local n = sock:read_some(buffer)
        stream.write_all(sock, buffer:first(n))
    end
end

local function serve(sock)
    local _, e = pcall(echo, sock)
    if e ~= asio_error.misc.eof then io.stderr:write("connection lost: ", tostring(e), "\n") end
    sock:close()
end

local function accept(acceptor)
    local ok, sock = pcall(acceptor.accept, acceptor)
    if ok then return sock end

    local reason = type(sock) == "table" and sock.togeneric and sock:togeneric()
    if reason ~= generic_error.EMFILE and reason ~= generic_error.ENFILE then error(sock, 0) end
    io.stderr:write("cannot accept: ", tostring(sock), "\n")
    time.sleep(0.1) -- until some connection has given its descriptor back
end

emilua.run(function()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:set_option("reuse_address", true)
    acceptor:bind(ip.address.loopback_v4(), port)
    acceptor:listen()

    print("listening on " .. ip.tostring(acceptor.local_address, acceptor.local_port))
    io.stdout:flush()

    while true do
        local sock = accept(acceptor)
        if sock then emilua.spawn(function() serve(sock) end):detach() end
    end
end)
