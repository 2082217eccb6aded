-- cgroup v2: a group of its own for each guest, where this process may make one.
--
-- A group that has processes can give no controllers to others, so the groups of guests lie beside this process's, in a
-- parent that was delegated to it, or below it in the root of the hierarchy. What root may write to is not therefore
-- delegated to it: systemd marks what is.
local import = ...
local fs = import("filesystem.native")
local identity = import("system.identity")

local ffi = require("ffi")

local io_open, ipairs, pairs = io.open, ipairs, pairs

local cgroup = {}

local CONTROLLERS = { "memory", "pids" }

local function read(path)
    local file = io_open(path)
    local text = file and file:read("*a")
    if file then file:close() end
    return text or ""
end

-- Whether the kernel takes it.
local function write(path, text)
    local file = io_open(path, "w")
    if not file then return false end
    file:setvbuf("no")
    local written = file:write(text)
    file:close()
    return written ~= nil
end

-- Where the hierarchy is mounted.
local function mount_point()
    for root, point in read("/proc/self/mountinfo"):gmatch("%d+ %d+ %d+:%d+ (%S+) (%S+) [^\n]- %- cgroup2 ") do
        if root == "/" then return point end
    end
end

local function has(text, controller) return (" " .. text:gsub("\n", " ")):find(" " .. controller .. " ", 1, true) end

-- The controllers that groups below `directory` have, after those that it has are handed on.
local function controllers(directory)
    local set, any = {}, false
    for _, name in ipairs(CONTROLLERS) do
        if has(read(directory .. "/cgroup.subtree_control"), name)
            or has(read(directory .. "/cgroup.controllers"), name)
                and write(directory .. "/cgroup.subtree_control", "+" .. name) then
            set[name], any = true, true
        end
    end
    return any and set
end

local mark = ffi.new("uint8_t[8]")

-- Whether this process may make groups below, and move others into them. Nothing else is above the root that a
-- container sees.
local function is_delegated(directory, root)
    local file = io_open(directory .. "/cgroup.procs", "r+")
    if not file then return false end
    file:close()
    return directory == root or (select(2, identity.getresuid())) ~= 0
        or fs.attribute_get(directory, "user.delegate", mark, 8) > 0
end

-- Groups that this process has made; those without processes can be removed.
local made = {}

local function sweep()
    for directory in pairs(made) do
        if fs.remove(directory) >= 0 then made[directory] = nil end
    end
end

local known

-- {directory, memory, pids}: which controllers groups of guests can have, and where they are made.
function cgroup.find()
    if known then return known end
    known = {}
    local point = mount_point()
    local own = read("/proc/self/cgroup"):match("0::([^\n]*)")
    if not point or not own then return known end
    local directory = (point .. own):gsub("/$", "")
    for _, candidate in ipairs({ directory, #directory > #point and directory:match("^(.*)/") or nil }) do
        local set = is_delegated(candidate, point) and controllers(candidate)
        if set then
            known = set
            known.directory = candidate
            break
        end
    end
    return known
end

local count = 0

-- A new group with these limits, {memory, pids}; its directory.
function cgroup.new(limits)
    sweep()
    count = count + 1
    local directory = ("%s/emilua-%d-%d"):format(known.directory, identity.getpid(), count)
    local code = fs.make_directory(directory, 493)
    if code < 0 then import("core.errors").raise_code(code) end
    made[directory] = true
    for name, value in pairs(limits) do
        if not write(directory .. "/" .. name, tostring(value)) then
            import("core.errors").raise_detail("EPERM", directory .. "/" .. name .. " cannot be written")
        end
    end
    return directory
end

return cgroup
