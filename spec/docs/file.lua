-- The files, for docs_spec.lua.
local files = {}

files.structure = { "file.stream", "file.random_access" }

files.arguments = { "read_at", "write_at" }

function files.objects()
    local file = require "emilua.file"
    local path = require("emilua.filesystem").path.new("/dev/null")
    local stream, random_access = file.stream.new(), file.random_access.new()
    stream:open(path, { "read_only" })
    random_access:open(path, { "read_only" })
    return {
        file = { file },
        ["file.stream"] = { file.stream, class = stream },
        ["file.random_access"] = { file.random_access, class = random_access },
    }
end

function files.close(objects)
    objects["file.stream"].class:close()
    objects["file.random_access"].class:close()
end

return files
