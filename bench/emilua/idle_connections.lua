-- Idle connections, each with a fiber that reads: memory of the process for each. Their other ends are in a child.

package.path = "bench/lib/?.lua;" .. package.path

local emilua = require "emilua"
local ip = require "emilua.ip"
local measure = require "measure"

local count = measure.scaled(15000)

-- The child: connects `count` times to a port and waits for the end of its input.
if arg[2] then
    return emilua.run(function()
        local sockets = {}
        for i = 1, count do sockets[i] = ip.tcp.dial("127.0.0.1:" .. arg[2]) end
        io.read "*a"
        for i = 1, count do sockets[i]:close() end
    end)
end

local function settle()
    collectgarbage()
    collectgarbage()
    return measure.resident()
end

emilua.run(function()
    local acceptor = ip.tcp.listen "127.0.0.1:0"
    local child = assert(io.popen(("luajit %s %s %d"):format(arg[0], arg[1] or 1, acceptor.local_port), "w"))
    -- The first costs what all share.
    local sockets, fibers, before = {}, {}, nil
    for i = 1, count do
        local socket = acceptor:accept()
        sockets[i] = socket
        fibers[i] = emilua.spawn(function()
            pcall(socket.read_some, socket, emilua.byte_span.new(1))
        end)
        if i == 1 then
            emilua.this_fiber.yield()
            before = settle()
        end
    end
    emilua.this_fiber.yield()
    measure.report("kib", (settle() - before) / math.max(1, count - 1))

    for i = 1, count do
        sockets[i]:close()
        fibers[i]:join()
    end
    child:close()
end)
