-- Sends lines to an echo server and prints what comes back.
-- usage: luajit echo_client.lua ADDRESS PORT [LINE...]     without LINE: the lines of stdin

local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"

local host, port = arg[1], tonumber(arg[2])
if not host or not port then
    io.stderr:write("usage: luajit echo_client.lua ADDRESS PORT [LINE...]\n")
    os.exit(2)
end

local function exchange(sock, text)
    -- Write and read at once: a text larger than the socket buffers comes back before all of it is written.
    local writer = emilua.spawn(function() stream.write_all(sock, text) end)
    local reply = emilua.byte_span.new(#text)
    stream.read_all(sock, reply)
    writer:join()
    return tostring(reply)
end

local function arguments()
    local i = 2
    return function()
        i = i + 1
        return arg[i]
    end
end

emilua.run(function()
    local sock = ip.tcp.socket.new()
    sock:connect(ip.address.new(host), port)
    sock:set_option("tcp_no_delay", true)
    -- Reading stdin blocks the whole thread, which is fine while no other fiber has work.
    for line in arg[3] and arguments() or io.lines() do
        io.write(exchange(sock, line .. "\n"))
        io.flush()
    end
    sock:close()
end)
