-- A server of lines: `luajit line_server.lua PORT` (0: any). Each line is a command: `upper TEXT`, `count`, `quit`.

local emilua = require "emilua"
local eof = require("emilua.asio_error").misc.eof
local ip = require "emilua.ip"
local stream = require "emilua.stream"

local port = tonumber((...) or 0)

local function serve(socket)
    local scanner = stream.scanner.new{ stream = socket, trim_record = "\r", max_record_size = 1000 }
    local commands = {
        upper = function(text) return text:upper() end,
        count = function() return tostring(scanner.record_number) end,
    }
    while true do
        local line = tostring(scanner:get_line())
        local name, text = line:match "^(%a+) ?(.*)$"
        if name == "quit" then return end
        local command = commands[name]
        stream.write_all(socket, (command and command(text) or "unknown command") .. "\n")
    end
end

emilua.run(function()
    local acceptor = ip.tcp.acceptor.new()
    acceptor:open("v4")
    acceptor:set_option("reuse_address", true)
    acceptor:bind("127.0.0.1", port)
    acceptor:listen()
    print("listening on 127.0.0.1:" .. acceptor.local_port)
    io.flush()
    while true do
        local socket = acceptor:accept()
        emilua.spawn(function()
            local ok, e = pcall(serve, socket)
            if not ok and e ~= eof then io.stderr:write("connection lost: ", tostring(e), "\n") end
            socket:close()
        end):detach()
    end
end)
