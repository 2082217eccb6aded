-- TLS echo server on 127.0.0.1, one fiber per connection. A certificate for a test, made by openssl:
--     openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=localhost \
--         -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout server.key -out server.pem
-- usage: luajit tls_echo_server.lua server.pem server.key [port]     default: any free port
--     printf hello | SSL_CERT_FILE=server.pem luajit tls_client.lua localhost:PORT

local asio_error = require "emilua.asio_error"
local emilua = require "emilua"
local filesystem = require "emilua.filesystem"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local tls = require "emilua.tls"

local PATIENCE = 10 -- seconds for the handshake

local certificate, key, port = arg[1], arg[2], tonumber(arg[3] or 0)
assert(certificate and key and port, "usage: luajit tls_echo_server.lua certificate key [port]")

local function echo(sock)
    emilua.timeout(PATIENCE, sock.server_handshake, sock)
    local buffer = emilua.byte_span.new(16384)
    while true do stream.write_all(sock, buffer:first(sock:read_some(buffer))) end
end

local function serve(socket, ctx)
    local sock = tls.socket.new(socket, ctx)
    local _, e = pcall(echo, sock)
    if e == asio_error.misc.eof then
        pcall(sock.shutdown, sock)
    else
        io.stderr:write("connection lost: ", tostring(e), "\n")
    end
    sock:close()
end

emilua.run(function()
    local ctx = tls.context.new "tls_server"
    ctx:use_certificate_chain_file(filesystem.path.new(certificate))
    ctx:use_private_key_file(filesystem.path.new(key), "pem")

    local acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:set_option("reuse_address", true)
    acceptor:bind(ip.address.loopback_v4(), port)
    acceptor:listen()
    print("listening on " .. ip.tostring(acceptor.local_address, acceptor.local_port))
    io.stdout:flush()

    while true do
        local socket = acceptor:accept()
        emilua.spawn(function() serve(socket, ctx) end):detach()
    end
end)
