-- An echo server that ends gracefully: on SIGTERM or SIGINT it accepts nobody any more, lets the connections that
-- it has finish for a while, and then closes them. A second signal ends it at once.
-- usage: luajit graceful_shutdown.lua [port [seconds]]     defaults 0 (any free port), 10

local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"
local system = require "emilua.system"
local time = require "emilua.time"

local signal = system.signal
local port, grace = tonumber(arg[1] or 0), tonumber(arg[2] or 10)

local connections, count = {}, 0

local function serve(sock)
    local buffer = emilua.byte_span.new(4096)
    -- The end of the stream is an error, and so is a lost connection: both end this one.
    pcall(function()
        while true do stream.write_all(sock, buffer:first(sock:read_some(buffer))) end
    end)
    sock:close()
end

local function accept(acceptor)
    while true do
        local sock = acceptor:accept()
        connections[sock], count = true, count + 1
        emilua.spawn(function()
            serve(sock)
            connections[sock], count = nil, count - 1
        end):detach()
    end
end

local function drain()
    while count > 0 do time.sleep(0.01) end
end

emilua.run(function()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:bind("127.0.0.1", port)
    acceptor:listen()
    print("listening on " .. ip.tostring(acceptor.local_address, acceptor.local_port))
    io.stdout:flush()

    local accepting = emilua.spawn(function() accept(acceptor) end)
    local signals = signal.set.new(signal.SIGTERM, signal.SIGINT)
    signals:wait()
    accepting:interrupt()
    accepting:join()
    acceptor:close()
    -- From here on the signals do what they did before.
    signals:clear()
    print(("closing, %d open"):format(count))
    io.stdout:flush()
    if not pcall(emilua.timeout, grace, drain) then
        for sock in pairs(connections) do sock:close() end
    end
    print "bye"
end)
