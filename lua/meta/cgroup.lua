---@meta emilua.cgroup

-- Reference: docs/reference/cgroup.md

---@class emilua.cgroup_options
---@field name? string of the directory; by default one that is free
---@field parent? string|emilua.filesystem.path what it is made in; by default beside this process's own group
---@field limits? table<string, string|integer> by file, as "memory.max"

---The module `require "emilua.cgroup"` returns.
---@class emilua.cgrouplib
local cgroup = {}

---A new group, which is removed when it is collected or this process ends. Linux only.
---@param options? emilua.cgroup_options
---@return emilua.cgroup
function cgroup.new(options) end

---A directory that was delegated to this process, in which groups have some of these controllers.
---@param controllers? string[] those are handed on if they can be
---@return emilua.filesystem.path? parent
---@return table<string, true>? set
function cgroup.delegated(controllers) end

---Processes whose resources are bounded and counted.
---@class emilua.cgroup
---@field path emilua.filesystem.path
local group = {}

---Puts a process into the group.
---@param pid integer
function group:add(pid) end

---What is in a file, without the end of its last line.
---@param file string
---@return string
function group:get(file) end

---Writes a file.
---@param file string
---@param value string|integer
function group:set(file, value) end

---Kills every process in the group.
function group:kill() end

---Kills what is in the group and removes it. May be repeated.
---@async
function group:close() end

return cgroup
