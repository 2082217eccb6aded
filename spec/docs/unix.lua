-- Pipes and descriptors, for docs_spec.lua.
local unix = {}

unix.structure = { "pipe.read_stream", "pipe.write_stream" }

function unix.objects()
    local pipe = require "emilua.pipe"
    local reading, writing = pipe.pair()
    local other, fd = pipe.pair()
    other:close()
    return {
        pipe = { pipe },
        ["pipe.read_stream"] = { pipe.read_stream, class = reading },
        ["pipe.write_stream"] = { pipe.write_stream, class = writing },
        file_descriptor = { class = fd:release() },
    }
end

function unix.close(objects)
    for _, name in ipairs{ "pipe.read_stream", "pipe.write_stream", "file_descriptor" } do
        objects[name].class:close()
    end
end

return unix
