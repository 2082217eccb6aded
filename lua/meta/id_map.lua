---@meta emilua.id_map

-- Reference: docs/reference/id_map.md

---Which ids there are in a user namespace: lists of `{inside, outside, count}`.
---@class emilua.id_map_lists
---@field uid integer[][]
---@field gid integer[][]

---The module `require "emilua.id_map"` returns.
---@class emilua.id_maplib
local id_map = {}

---This process's user and group alone. Linux only.
---@param inside? integer what both are in the namespace; by default 0
---@return emilua.id_map_lists
function id_map.single(inside) end

---65,536 ids: the host's if this is its root, else this user as root and the ids of subuid(5). Linux only.
---@return emilua.id_map_lists
function id_map.range() end

---Gives the user namespace of a process its ids. Linux only.
---@async
---@param pid integer
---@param map emilua.id_map_lists
function id_map.write(pid, map) end

return id_map
