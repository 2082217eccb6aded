-- Files and directories, for docs_spec.lua.
local filesystem = {}

filesystem.structure = { "filesystem.path", "filesystem.clock" }

filesystem.arguments = {
    "filesystem.iterator_options", "filesystem.copy_options", "filesystem.walk_options", "filesystem.watch_options",
    "filesystem.event",
}

function filesystem.objects()
    local fs = require "emilua.filesystem"
    local here = fs.path.new "."
    return {
        filesystem = { fs },
        ["filesystem.path"] = { fs.path, class = here },
        ["filesystem.clock"] = { fs.clock },
        ["filesystem.clock.time_point"] = { class = fs.clock.now() },
        ["filesystem.directory_entry"] = { class = fs.directory_iterator(here)() },
        ["filesystem.recursive_directory_iterator"] = { class = select(2, fs.recursive_directory_iterator(here)) },
        ["filesystem.file_status"] = { class = fs.status(here) },
        ["filesystem.space_info"] = { class = fs.space(here) },
        ["filesystem.watcher"] = { class = fs.watch(here) },
    }
end

function filesystem.close(objects) objects["filesystem.watcher"].class:close() end

return filesystem
