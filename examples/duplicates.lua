-- Files below a directory that have the same content: files of one size are compared piece by piece.
--
-- usage: luajit duplicates.lua DIRECTORY

local emilua = require "emilua"
local filesystem = require "emilua.filesystem"

local PIECE = 2 ^ 16

local function prune(entry) return entry.path.filename == ".git" end

-- The files below `root` by size; links and empty files are left out.
local function files_by_size(root)
    local by_size = {}
    for entry in filesystem.walk(root, { prune = prune, skip_permission_denied = true }) do
        if entry.symlink_status.type == "regular" and entry.file_size > 0 then
            local list = by_size[entry.file_size] or {}
            by_size[entry.file_size] = list
            table.insert(list, entry.path)
        end
    end
    return by_size
end

local function same(a, b)
    if filesystem.equivalent(a, b) then return true end
    local x, y = io.open(tostring(a), "rb"), io.open(tostring(b), "rb")
    local equal = x ~= nil and y ~= nil
    while equal do
        local piece = x:read(PIECE)
        equal = piece == y:read(PIECE)
        if not piece then break end
    end
    if x then x:close() end
    if y then y:close() end
    return equal
end

-- The lists of equal files among `paths`.
local function partition(paths)
    table.sort(paths)
    local groups = {}
    for _, path in ipairs(paths) do
        local found
        for _, group in ipairs(groups) do found = found or same(group[1], path) and group end
        if found then table.insert(found, path) else table.insert(groups, { path }) end
    end
    return groups
end

emilua.run(function()
    local root = filesystem.path.new(arg[1] or ".")
    for size, paths in pairs(files_by_size(root)) do
        for _, group in ipairs(#paths > 1 and partition(paths) or {}) do
            if #group > 1 then
                print(("%d files of %d bytes:"):format(#group, size))
                for _, path in ipairs(group) do print("  " .. tostring(path:lexically_proximate(root))) end
            end
        end
    end
end)
