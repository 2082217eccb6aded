-- Echo on UNIX sockets of the kind `stream` or `seqpacket`: one fiber per connection, 1 KiB buffer each. Prints the
-- number N of its abstract name "bench-N".

local emilua = require "emilua"
local unix = require "emilua.unix"
local ffi = require "ffi"

ffi.cdef "int getpid(void);"

local byte_span, spawn = emilua.byte_span, emilua.spawn

local ECHO = {}

function ECHO.stream(socket)
    local write_all = require("emilua.stream").write_all
    local buffer = byte_span.new(1024)
    while true do
        local length = socket:read_some(buffer)
        write_all(socket, buffer:slice(1, length))
    end
end

function ECHO.seqpacket(socket)
    local buffer = byte_span.new(1024)
    while true do
        local length = socket:receive(buffer)
        socket:send(buffer:slice(1, length))
    end
end

local kind = arg[1]
local echo = ECHO[kind]

emilua.run(function()
    local number = ffi.C.getpid()
    local acceptor = unix[kind].listen("@bench-" .. number)
    print(number)
    io.flush()

    while true do
        local socket = acceptor:accept()
        spawn(function()
            pcall(echo, socket)
            socket:close()
        end)
    end
end)
