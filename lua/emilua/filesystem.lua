-- filesystem: paths, files and directories. A part is parsed when one of its functions is first asked for.
local import = ...
local errors = import("core.errors")

local pairs = pairs

-- The functions of each part, which are in the field `functions` of its table.
local PARTS = {
    ["filesystem.status"] = [[
        equivalent exists file_size hard_link_count hardlink_count is_block_device is_block_file
        is_character_device is_character_file is_directory is_empty is_fifo is_other is_regular_file is_socket
        is_symlink last_write_time space status symlink_status ]],
    ["filesystem.directory"] = "directory_iterator recursive_directory_iterator",
    ["filesystem.resolve"] = [[
        absolute canonical proximate read_symlink relative temp_directory_path weakly_canonical ]],
    ["filesystem.copy"] = [[
        copy copy_file copy_symlink create_directory_symlink create_hard_link create_hardlink create_symlink ]],
    ["filesystem.change"] = [[
        chmod chown create_directories create_directory dev_major dev_minor lchmod lchown makedev mkdir mkfifo mknod
        mode open remove remove_all rename resize_file ]],
    ["filesystem.capabilities"] = "cap_get_file cap_set_file",
    ["filesystem.process"] = "chroot current_working_directory umask",
    ["filesystem.walk"] = "walk",
    ["filesystem.watch"] = "watch",
}

local part_of = {}
for part, names in pairs(PARTS) do
    for name in names:gmatch("%S+") do part_of[name] = part end
end

local fields = {}

local function load(_, key)
    local value
    if key == "path" or key == "clock" then
        value = import("filesystem." .. key).public
    else
        local part = part_of[key] or errors.bad_index()
        value = import(part).functions[key]
    end
    fields[key] = value
    return value
end

return setmetatable({}, errors.class("filesystem", {
    __index = setmetatable(fields, { __index = load }),
    __newindex = function() errors.raise("EPERM") end,
}))
