-- An acceptor that passes its connections to a worker over a UNIX socket. Both run here, each with one end of a
-- socketpair; in real life the worker is another process.
--
-- usage: luajit examples/socket_worker.lua [PORT]

local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local unix = require "emilua.unix"

local port = tonumber((...)) or 0

-- Serves every connection that arrives on `control`.
local function work(control)
    local note = byte_span.new(64)
    while true do
        local n, fds = control:receive_with_fds(note, 1)
        local peer, fd = tostring(note:slice(1, n)), fds[1]
        emilua.spawn(function()
            local connection = ip.tcp.socket.new()
            connection:assign("v4", fd)
            stream.write_all(connection, "hello, " .. peer .. "\n")
            connection:close()
        end):detach()
    end
end

-- Accepts, and gives what was accepted away: this process cannot read it.
local function accept(acceptor, control)
    while true do
        local connection = acceptor:accept()
        local peer = ip.tostring(connection.remote_address, connection.remote_port)
        local fd = connection:release()
        control:send_with_fds(byte_span.append(peer), { fd })
        fd:close()
    end
end

emilua.run(function()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:bind("127.0.0.1", port)
    acceptor:listen()
    print("listening on " .. ip.tostring(acceptor.local_address, acceptor.local_port))
    io.stdout:flush()
    local here, there = unix.seqpacket.socket.pair()
    emilua.spawn(function() work(there) end):detach()
    accept(acceptor, here)
end)
