-- Which ports of a host accept connections: some fibers share the work, and no connection may take long.
--
-- usage: luajit port_scan.lua ADDRESS FIRST LAST

local emilua = require "emilua"
local ip = require "emilua.ip"

local AT_ONCE = 50
local PATIENCE = 1 -- seconds for a connection

local address, first, last = ip.address.new(arg[1] or "127.0.0.1"), tonumber(arg[2]), tonumber(arg[3])
if not first or not last then
    io.stderr:write "usage: luajit port_scan.lua ADDRESS FIRST LAST\n"
    os.exit(2)
end

local function is_open(port)
    local socket = ip.tcp.socket.new()
    local ok = pcall(emilua.timeout, PATIENCE, socket.connect, socket, address, port)
    socket:close()
    return ok
end

emilua.run(function()
    local open, next_port = {}, first
    emilua.group(function(g)
        for _ = 1, AT_ONCE do
            g:spawn(function()
                while next_port <= last do
                    local port = next_port
                    next_port = port + 1
                    if is_open(port) then table.insert(open, port) end
                end
            end)
        end
    end)
    table.sort(open)
    for _, port in ipairs(open) do print(port .. " is open") end
    print(("%d of %d ports are open"):format(#open, last - first + 1))
end)
