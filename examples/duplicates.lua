-- Files below a directory that have the same content. The tree is walked here; the workers of a pool compare files of
-- one size piece by piece.
--
-- usage: luajit duplicates.lua DIRECTORY

local emilua = require "emilua"
local filesystem = require "emilua.filesystem"

-- Gets a list of paths and answers with the lists of those that are equal.
local WORKER = [[
    local PIECE = 2 ^ 16

    local function same(a, b)
        local x, y = io.open(a, "rb"), io.open(b, "rb")
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

    return function(paths)
        local groups = {}
        for _, path in ipairs(paths) do
            local found
            for _, group in ipairs(groups) do found = found or same(group[1], path) and group end
            if found then table.insert(found, path) else table.insert(groups, { path }) end
        end
        return groups
    end
]]

local function prune(entry) return entry.path.filename == ".git" end

-- The files below `root` by size; links and empty files are left out.
local function files_by_size(root)
    local by_size = {}
    for entry in filesystem.walk(root, { prune = prune, skip_permission_denied = true }) do
        if entry.symlink_status.type == "regular" and entry.file_size > 0 then
            local list = by_size[entry.file_size] or {}
            by_size[entry.file_size] = list
            table.insert(list, tostring(entry.path))
        end
    end
    return by_size
end

emilua.run(function()
    local root = filesystem.path.new(arg[1] or ".")
    local pool = emilua.pool { vms = 4, threads = 2, source = WORKER }
    emilua.group(function(g)
        for size, paths in pairs(files_by_size(root)) do
            table.sort(paths)
            if #paths > 1 then g:spawn(function()
                for _, group in ipairs(pool:call(paths)) do
                    if #group > 1 then
                        print(("%d files of %d bytes:"):format(#group, size))
                        for _, path in ipairs(group) do
                            print("  " .. tostring(filesystem.path.new(path):lexically_proximate(root)))
                        end
                    end
                end
            end) end
        end
    end)
    pool:close()
end)
