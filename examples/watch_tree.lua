-- Prints what happens in a tree until nothing has happened for a while.
--
-- usage: luajit watch_tree.lua DIRECTORY SECONDS

local emilua = require "emilua"
local filesystem = require "emilua.filesystem"
local generic_error = require "emilua.generic_error"

local root, patience = filesystem.path.new(arg[1] or "."), tonumber(arg[2] or "60")

emilua.run(function()
    local watcher = filesystem.watch(root, { recursive = true })
    io.stdout:setvbuf "line"
    print("watching " .. tostring(root))
    while true do
        local ok, event = pcall(emilua.timeout, patience, watcher.read, watcher)
        if not ok then
            if event ~= generic_error.ETIMEDOUT then error(event, 0) end
            break
        end
        print(event.type, event.path and event.path:lexically_proximate(root) or "")
    end
    watcher:close()
end)
