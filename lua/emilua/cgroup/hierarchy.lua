-- The hierarchy of cgroup v2: where it is, where this process is in it, and the files of a group.
local import = ...
local errors = import("core.errors")
local fs = import("filesystem.native")
local identity = import("system.identity")
local new_path = import("filesystem.path.value").new
local ffi = require("ffi")

local error, io_open, ipairs = error, io.open, ipairs
local number = errors.system_number

local hierarchy = {}

-- What the system answers where nothing is delegated.
local DENIED = { [number.EACCES] = true, [number.EPERM] = true, [number.EROFS] = true }
hierarchy.DENIED = DENIED

-- Raises the error of a file or directory, with a text about it for people.
local function fail(code, path, text)
    local e = errors.new(errors.system, code)
    e.path1 = new_path(path)
    e.detail = text or DENIED[code] and path .. " is not delegated to this process" or nil
    error(e, 0)
end
hierarchy.fail = fail

-- What a file holds, without the end of its last line; nil and the number of an error.
local function read(path)
    local file, _, code = io_open(path)
    if not file then return nil, code end
    local text
    text, _, code = file:read("*a")
    file:close()
    return text and text:gsub("\n$", ""), code
end

function hierarchy.read(path)
    local text, code = read(path)
    return text or fail(code, path)
end

-- Writes by one system call, as files of groups need it: nil, or the number of an error.
local function write(path, text)
    local file, _, code = io_open(path, "w")
    if not file then
        -- Files cannot be made there, which is EACCES.
        local found = fs.stat(path, 1, fs.new_stat())
        return found < 0 and -found or code
    end
    file:setvbuf("no")
    local written
    written, _, code = file:write(text)
    file:close()
    return not written and code or nil
end
hierarchy.write = write

-- Where the hierarchy is mounted and the group of this process is. Both are nil without cgroup v2.
function hierarchy.own()
    local path = (read("/proc/self/cgroup") or ""):match("0::([^\n]*)")
    for root, point in ((read("/proc/self/mountinfo") or "") .. "\n")
        :gmatch("%d+ %d+ %d+:%d+ (%S+) (%S+) [^\n]- %- cgroup2 ") do
        if path and root == "/" then return point, (point .. path):gsub("/$", "") end
    end
end

-- Whether a directory is a group's.
function hierarchy.is_group(directory) return read(directory .. "/cgroup.controllers") ~= nil end

local function has(list, controller)
    return list and (" " .. list .. " "):find(" " .. controller .. " ", 1, true) ~= nil
end

-- Has the groups below a directory have a controller: nil, or the number of an error and a text.
function hierarchy.enable(directory, controller)
    if has(read(directory .. "/cgroup.subtree_control"), controller) then return nil end
    local there = read(directory .. "/cgroup.controllers")
    if not has(there, controller) then
        return number.ENOENT, ("the controller %s is not delegated to %s, which has %s"):format(controller, directory,
            there and there ~= "" and there or "none")
    end
    -- With some controllers the kernel makes it a group of threads then, below which groups of processes are of no use.
    -- Only the root may have both, and it has no type.
    if read(directory .. "/cgroup.type") and read(directory .. "/cgroup.procs") ~= "" then
        return number.EBUSY, ("%s cannot hand on the controller %s: there are processes in it"):format(directory,
            controller)
    end
    local code = write(directory .. "/cgroup.subtree_control", "+" .. controller)
    return code, code and ("the controller %s is not delegated in %s"):format(controller, directory)
end

local mark = ffi.new("uint8_t[8]")

-- Whether this process may make groups below, and move others into them. What root may write to is not therefore
-- delegated to it: systemd marks what is. Nothing else is above the root that a container sees.
local function is_delegated(directory, root)
    local file = io_open(directory .. "/cgroup.procs", "r+")
    if not file then return false end
    file:close()
    return directory == root or (select(2, identity.getresuid())) ~= 0
        or fs.attribute_get(directory, "user.delegate", mark, 8) > 0
end

-- The group in which new ones lie beside this process's own, or below that if it is the root.
local function above(root, own) return #own > #root and own:match("^(.*)/") or root end
hierarchy.above = above

-- The directory below which groups with all or some of these controllers may be made, and which as a set; nil without.
function hierarchy.delegated(controllers)
    local root, own = hierarchy.own()
    if not root then return nil end
    for _, directory in ipairs({ own, above(root, own) }) do
        if is_delegated(directory, root) then
            local set, any = {}, #controllers == 0
            for _, name in ipairs(controllers) do
                if not hierarchy.enable(directory, name) then set[name], any = true, true end
            end
            if any then return directory, set end
        end
    end
end

return hierarchy
