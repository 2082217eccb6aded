-- TLS on one thread, both ends in this process: `SCALE bulk|full|resumed CERTIFICATE KEY`.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local filesystem = require "emilua.filesystem"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local tls = require "emilua.tls"
local measure = require "measure"

local BUFFER = 65536

local byte_span, spawn = emilua.byte_span, emilua.spawn
local mode, certificate, key = arg[2], filesystem.path.new(arg[3]), filesystem.path.new(arg[4])

local acceptor, client_ctx, server_ctx

local function connect(name)
    local socket = ip.tcp.socket.new()
    socket:connect(ip.address.loopback_v4(), acceptor.local_port)
    socket:set_option("tcp_no_delay", true)
    local client = tls.socket.new(socket, client_ctx)
    client:set_server_name(name)
    client:set_verify_callback("host_name_verification", name)
    client:client_handshake()
    return client
end

local function accept()
    local socket = acceptor:accept()
    socket:set_option("tcp_no_delay", true)
    local server = tls.socket.new(socket, server_ctx)
    server:server_handshake()
    return server
end

local function send(socket, count)
    local buffer = byte_span.new(BUFFER)
    for _ = 1, count do stream.write_all(socket, buffer) end
end

local function receive(socket, count)
    local buffer, left = byte_span.new(BUFFER), count * BUFFER
    while left > 0 do left = left - socket:read_some(left < BUFFER and buffer:first(left) or buffer) end
end

local function transfer(from, to, count)
    local sending = spawn(function() send(from, count) end)
    receive(to, count)
    sending:join()
end

local function bulk()
    local accepting = spawn(accept)
    local client = connect "a.bench.test"
    local server = accepting:join()
    local function both_ways(count)
        transfer(client, server, count)
        transfer(server, client, count)
    end
    local count = measure.scaled(16384)
    both_ways(math.ceil(count / 10))
    local start = measure.cpu()
    both_ways(count)
    measure.report("cpu_s_per_gib", (measure.cpu() - start) / (2 * count * BUFFER / 2 ^ 30))
    client:close()
    server:close()
end

local function handshakes(count, first)
    local serving = spawn(function()
        local text = byte_span.append("x")
        for _ = 1, count do
            local server = accept()
            server:write_some(text)
            server:close()
        end
    end)
    local buffer = byte_span.new(1)
    for i = first, first + count - 1 do
        local client = connect(mode == "resumed" and "a.bench.test" or ("n%d.bench.test"):format(i))
        -- The tickets come with the data.
        client:read_some(buffer)
        client:close()
    end
    serving:join()
end

emilua.run(function()
    acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:bind("127.0.0.1", 0)
    acceptor:listen()
    client_ctx, server_ctx = tls.context.new "tls_client", tls.context.new "tls_server"
    client_ctx:load_verify_file(certificate)
    client_ctx:set_verify_mode "peer"
    server_ctx:use_certificate_file(certificate, "pem")
    server_ctx:use_private_key_file(key, "pem")
    if mode == "bulk" then
        bulk()
    else
        local count = measure.scaled(4000)
        handshakes(math.ceil(count / 10), 0)
        local start = measure.wall()
        handshakes(count, count)
        measure.report("per_s", count / (measure.wall() - start))
    end
    acceptor:close()
end)
