-- A server whose privileges are separated. This process, the monitor, has the files and accepts connections, and never
-- looks at what clients send; each connection is served in a sandbox, which asks the monitor for files by name.
-- `GET name` gives what the file of that name in DIRECTORY holds.
--
-- usage: luajit examples/sandbox/file_server.lua DIRECTORY [PORT]

package.path = arg[0]:match "^(.-)[^/]*$" .. "?.lua;" .. package.path

local emilua = require "emilua"
local file = require "emilua.file"
local filesystem = require "emilua.filesystem"
local inbox = require "emilua.inbox"
local ip = require "emilua.ip"
local sandbox = require "emilua.sandbox"

local directory, port = arg[1], tonumber(arg[2] or 0)

-- The descriptor of a file of the directory. Workers are hostile: nothing in a name leads elsewhere.
local function open(name)
    if type(name) ~= "string" or not name:find "^[%w_-][%w_.-]*$" then return nil end
    local stream = file.random_access.new()
    local opened = pcall(stream.open, stream, filesystem.path.new(directory .. "/" .. name), { "read_only" })
    return opened and stream:release() or nil
end

local monitored = false

-- Answers the workers, whatever they ask, until none is left.
local function monitor()
    monitored = true
    while true do
        local ok, request = pcall(inbox.receive, inbox)
        if not ok then break end
        if type(request) == "table" and getmetatable(request.reply) == "ipc_actor_channel" then
            local fd = open(request.name)
            pcall(request.reply.send, request.reply, { name = "answer", file = fd })
            if fd then fd:close() end
            request.reply:close()
        end
    end
    monitored = false
end

emilua.run(function()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:bind(ip.address.loopback_v4(), port)
    acceptor:listen()
    print("listening on 127.0.0.1:" .. acceptor.local_port)
    io.stdout:flush()
    local box = sandbox.new { memory = "64M", cpu = 10, files = 32 }
    while true do
        local client = acceptor:accept():release()
        local worker = emilua.spawn_vm(box:context "file_worker")
        pcall(worker.send, worker, { client = client, monitor = inbox })
        client:close()
        worker:close()
        if not monitored then emilua.spawn(monitor):detach() end
    end
end)
