-- What the specs of UNIX sockets share.

local emilua = require "emilua"
local filesystem = require "emilua.filesystem"
local unix = require "emilua.unix"
local fds = require "spec.fd_helper"
local helper = require "spec.helper"

local spawn = emilua.spawn
local keep = fds.keep

local sockets = { KINDS = { "stream", "seqpacket", "datagram" }, CONNECTED = { "stream", "seqpacket" } }

local count = 0

--- A path of an abstract name that nobody uses.
function sockets.abstract()
    count = count + 1
    return filesystem.path.new(("\0emilua-spec-%s-%d"):format(helper.pid(), count))
end

--- The same as dial() and listen() take it.
function sockets.endpoint() return (tostring(sockets.abstract()):gsub("^%z", "@")) end

--- A name in the file system that nobody uses.
function sockets.file()
    local path = os.tmpname()
    os.remove(path)
    return path
end

--- A path object.
sockets.path = filesystem.path.new

--- Two connected sockets that are closed at the end of the test.
function sockets.pair(kind)
    local a, b = unix[kind].socket.pair()
    return keep(a), keep(b)
end

--- An acceptor that listens, and its path.
function sockets.listening(kind)
    local acceptor = keep(unix[kind].listen(sockets.endpoint()))
    return acceptor, acceptor.local_path
end

--- A socket of that kind that is open and bound to an abstract name.
function sockets.bound(kind)
    local sock = keep(unix[kind].socket.new())
    sock:open()
    sock:bind(sockets.abstract())
    return sock
end

--- Every class: {name, function that makes a closed object, function that makes an open one}.
sockets.CLASSES = {}
for _, kind in ipairs(sockets.KINDS) do
    for _, class in ipairs{ "socket", "acceptor" } do
        local make = unix[kind][class]
        if make then
            table.insert(sockets.CLASSES, { ("unix.%s.%s"):format(kind, class), make.new, function()
                local io = keep(make.new())
                io:open()
                return io
            end })
        end
    end
end

--- A fiber that receives one message and returns it, or how that failed.
function sockets.receiver(sock, n)
    return spawn(function()
        local bs = require("emilua.byte_span").new(n or 100)
        local result = fds.outcome(sock.receive, sock, bs)
        return type(result) == "number" and tostring(bs:slice(1, result)) or result
    end)
end

--- True if `f` was cut short in a fiber that is interrupted already.
function sockets.interruption_caught(f)
    local interrupted
    interrupted = spawn(function()
        interrupted:interrupt()
        f()
    end)
    interrupted:join()
    return interrupted.interruption_caught
end

return sockets
