-- The worker of file_server.lua: all that touches what a client sends. It has one connection, and asks for files by
-- name.

local byte_span = require "emilua.byte_span"
local inbox = require "emilua.inbox"
local ip = require "emilua.ip"
local pipe = require "emilua.pipe"
local stream = require "emilua.stream"

local hello = inbox:receive()
local client = ip.tcp.socket.new()
client:assign("v4", hello.client)
local requests = stream.scanner.new { stream = client, max_record_size = 512 }
local buffer = byte_span.new(65536)

-- Sends a file up to its end.
local function send(fd)
    local file = pipe.read_stream.new(fd)
    while true do
        local ok, n = pcall(file.read_some, file, buffer)
        if not ok then break end
        stream.write_all(client, buffer:first(n))
    end
    file:close()
end

pcall(function()
    while true do
        local name = tostring(requests:get_line()):match "^GET (%S+)\r?$"
        if not name then
            stream.write_all(client, "what?\n")
        else
            hello.monitor:send { name = name:sub(1, 255), reply = inbox }
            local answer = inbox:receive()
            if answer.file then send(answer.file) else stream.write_all(client, "no such file\n") end
        end
    end
end)
client:close()
