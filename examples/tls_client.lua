-- Sends its standard input over TLS and prints what comes back.
-- usage: luajit tls_client.lua host:port     SSL_CERT_FILE=ca.pem names other trust roots

local asio_error = require "emilua.asio_error"
local emilua = require "emilua"
local stream = require "emilua.stream"
local tls = require "emilua.tls"

local endpoint = assert(arg[1], "usage: luajit tls_client.lua host:port")

local function print_answer(sock)
    local buffer = emilua.byte_span.new(16384)
    while true do
        local ok, n = pcall(sock.read_some, sock, buffer)
        if not ok then
            if n == asio_error.misc.eof then return end
            error(n, 0)
        end
        io.write(tostring(buffer:first(n)))
    end
end

emilua.run(function()
    local ctx = tls.context.new "tls_client"
    local ok, sock = pcall(tls.dial, endpoint, ctx)
    if not ok then
        io.stderr:write("cannot connect: ", tostring(sock), "\n", sock.detail and sock.detail .. "\n" or "")
        os.exit(1)
    end
    io.stderr:write("connected with ", sock.version, "\n")
    local answer = emilua.spawn(function() print_answer(sock) end)
    stream.write_all(sock, io.read "*a")
    sock:shutdown "send"
    answer:join()
    sock:close()
end)
