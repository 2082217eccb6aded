-- Relays one TCP connection to a port of 127.0.0.1 by stream.copy. Prints its own port.

local emilua = require "emilua"
local ip = require "emilua.ip"
local stream = require "emilua.stream"

emilua.run(function()
    local acceptor = ip.tcp.listen("127.0.0.1:0")
    print(acceptor.local_port)
    io.flush()
    local from = acceptor:accept()
    local to = ip.tcp.dial("127.0.0.1:" .. arg[1])
    stream.copy(from, to)
    to:close()
    from:close()
end)
