-- Every file below a directory with a stat each, as `find DIRECTORY -printf %s` does it.
--
-- usage: filesystem.lua iterate|walk DIRECTORY

local emilua = require "emilua"
local filesystem = require "emilua.filesystem"

local how, root = arg[1], filesystem.path.new(arg[2])

emilua.run(function()
    local modes, files = 0, 0
    local iterator = how == "walk" and filesystem.walk(root) or filesystem.recursive_directory_iterator(root)
    for entry in iterator do
        files = files + 1
        modes = modes + entry.symlink_status.mode
    end
    io.stderr:write(("%d files, sum of the modes %d\n"):format(files, modes))
end)
