-- What a guest may do to the paths that it is given, and what it is forbidden altogether.

local ipairs = ipairs

local rights = {}

-- Landlock's rights on files, by the version that knew them first.
local HANDLED = {
    {
        "execute", "write_file", "read_file", "read_dir", "remove_dir", "remove_file", "make_char", "make_dir",
        "make_reg", "make_sock", "make_fifo", "make_block", "make_sym",
    },
    { "refer" },
    { "truncate" },
    {},
    { "ioctl_dev" },
}

local READ = { "read_file", "read_dir" }
local WRITE = {
    "write_file", "remove_dir", "remove_file", "make_dir", "make_reg", "make_sock", "make_fifo", "make_sym", "refer",
    "truncate",
}

local function add(set, list)
    for _, name in ipairs(list) do set[name] = true end
end

-- The paths as the script has them: with their rights by name.
function rights.of(paths)
    local list = {}
    for i, path in ipairs(paths) do
        local granted = {}
        add(granted, READ)
        if path.write then add(granted, WRITE) end
        if path.exec then granted.execute = true end
        list[i] = {
            name = path.name, directory = path.directory, write = path.write, exec = path.exec, rights = granted,
        }
    end
    return list
end

-- The ruleset of a sandbox with the active protections; nil without Landlock.
function rights.ruleset(active, version)
    if not active.landlock then return nil end
    local handled = {}
    for known = 1, math.min(version, #HANDLED) do
        for _, name in ipairs(HANDLED[known]) do handled[#handled + 1] = name end
    end
    return {
        handled = handled,
        net = active.landlock_net and { "bind_tcp", "connect_tcp" } or nil,
        scoped = active.landlock_scope and { "abstract_unix_socket", "signal" } or nil,
    }
end

return rights
