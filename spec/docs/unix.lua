-- UNIX sockets, pipes and descriptors, for docs_spec.lua.
local unix = {}

unix.structure = {
    "pipe.read_stream", "pipe.write_stream", "unix.stream", "unix.seqpacket", "unix.datagram",
    "unix.stream.socket", "unix.seqpacket.socket", "unix.datagram.socket",
    "unix.stream.acceptor", "unix.seqpacket.acceptor",
}

unix.arguments = { "unix.credentials" }

local opened = {}

function unix.objects()
    local pipe = require "emilua.pipe"
    local reading, writing = pipe.pair()
    local other, fd = pipe.pair()
    other:close()
    local objects = {
        pipe = { pipe },
        ["pipe.read_stream"] = { pipe.read_stream, class = reading },
        ["pipe.write_stream"] = { pipe.write_stream, class = writing },
        file_descriptor = { class = fd:release() },
    }
    local sockets = require "emilua.unix"
    for _, kind in ipairs{ "stream", "seqpacket", "datagram" } do
        local name = "unix." .. kind
        local a, b = sockets[kind].socket.pair()
        opened[#opened + 1], opened[#opened + 2] = a, b
        objects[name] = { sockets[kind] }
        objects[name .. ".socket"] = { sockets[kind].socket, class = a }
        if kind ~= "datagram" then
            local acceptor = sockets[kind].acceptor.new()
            acceptor:open()
            opened[#opened + 1] = acceptor
            objects[name .. ".acceptor"] = { sockets[kind].acceptor, class = acceptor }
        end
    end
    return objects
end

function unix.close(objects)
    for _, name in ipairs{ "pipe.read_stream", "pipe.write_stream", "file_descriptor" } do
        objects[name].class:close()
    end
    for _, io in ipairs(opened) do io:close() end
end

return unix
