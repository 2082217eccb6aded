-- Forwards every connection to another host and port, both ways, until both sides have ended.
--
-- usage: luajit examples/port_forwarder.lua HOST PORT [LOCAL_PORT]

local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"

local host, port, local_port = ...
assert(host and port, "usage: port_forwarder.lua HOST PORT [LOCAL_PORT]")

-- Copies one way; the end goes on as the end.
local function forward(from, to)
    stream.copy(from, to)
    to:shutdown("send")
end

local function serve(client)
    emilua.scope_cleanup_push(function() client:close() end)
    local server = ip.tcp.dial(host .. ":" .. port)
    emilua.scope_cleanup_push(function() server:close() end)
    local ok, e = pcall(emilua.group, function(g)
        g:spawn(function() forward(client, server) end)
        g:spawn(function() forward(server, client) end)
    end)
    if not ok then io.stderr:write("connection ended: ", tostring(e), "\n") end
end

emilua.run(function()
    local acceptor = ip.tcp.listen("127.0.0.1:" .. (local_port or 0))
    print("listening on " .. ip.tostring(acceptor.local_address, acceptor.local_port))
    io.stdout:flush()
    while true do
        local client = acceptor:accept()
        emilua.spawn(function() serve(client) end):detach()
    end
end)
