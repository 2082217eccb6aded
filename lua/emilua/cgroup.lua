-- cgroup: groups of processes whose resources the kernel bounds and counts, by cgroup v2.
local import = ...
local errors = import("core.errors")
local fs = import("filesystem.native")
local hierarchy = import("cgroup.hierarchy")
local identity = import("system.identity")
local sweeper = import("cgroup.sweeper")
local value = import("filesystem.path.value")
local enter = import("core.scheduler").enter

local class_name, fail, raise = errors.class_name, hierarchy.fail, errors.raise
local ipairs, pairs, setmetatable = ipairs, pairs, setmetatable
local tostring, type = tostring, type
local number = errors.system_number
local stat = fs.new_stat()

local cgroup = {}

-- A group is {its directory, the one above, the streams of its sweeper, false when it is closed}.
local DIRECTORY, PARENT, STREAMS = 1, 2, 3

local methods = {}
local mt = errors.class("cgroup", { __newindex = errors.bad_index })

function mt.__index(self, key)
    if methods[key] then return methods[key] end
    if key ~= "path" then errors.bad_index() end
    return value.new(self[DIRECTORY])
end

local function check_self(self)
    if class_name(self) ~= "cgroup" then raise("EINVAL", 1) end
    return self
end

local function is_file(name) return type(name) == "string" and name:find("^[%w_]+%.[%w_.-]+$") ~= nil end

-- The path of a file of an open group.
local function file_of(self, name)
    check_self(self)
    if not is_file(name) then raise("EINVAL", 2) end
    if not self[STREAMS] then errors.raise_system("EBADF") end
    return self[DIRECTORY] .. "/" .. name
end

-- What is written for a value.
local function text_of(x, arg)
    if type(x) == "number" and x % 1 == 0 then return ("%.0f"):format(x) end
    if type(x) ~= "string" or x == "" or x:find("\0", 1, true) then raise("EINVAL", arg) end
    return x
end

-- Writes a file: nil, or the number of an error, the path and a text.
local function set(self, name, text)
    local path = self[DIRECTORY] .. "/" .. name
    local controller = name:match("^[^.]+")
    if controller ~= "cgroup" and fs.stat(path, 1, stat) < 0 then
        local code, detail = hierarchy.enable(self[PARENT], controller)
        if code then return code, path, detail end
    end
    local code = hierarchy.write(path, text)
    return code, path, code == number.ENOENT and path .. " does not exist" or nil
end

function methods:get(name) return hierarchy.read(file_of(self, name)) end

function methods:set(name, x)
    file_of(self, name)
    local code, path, detail = set(self, name, text_of(x, 3))
    if code then fail(code, path, detail) end
end

function methods:add(pid)
    local path = file_of(self, "cgroup.procs")
    if type(pid) ~= "number" or pid % 1 ~= 0 or pid < 1 or pid > 2 ^ 31 - 1 then raise("EINVAL", 2) end
    local code = hierarchy.write(path, text_of(pid))
    if code then
        fail(code, path, code == number.EACCES
            and ("process %d cannot be moved here: cgroup.procs of a group above both is not delegated"):format(pid)
            or nil)
    end
end

function methods:kill()
    local path = file_of(self, "cgroup.kill")
    local code = hierarchy.write(path, "1")
    if code then fail(code, path, code == number.ENOENT and "cgroup.kill is of Linux 5.14" or nil) end
end

function methods:close()
    enter()
    local streams = check_self(self)[STREAMS]
    if not streams then return end
    self[STREAMS] = false
    if not sweeper.finish(streams) then
        fail(number.EBUSY, self[DIRECTORY], "the process that removes the group was killed")
    end
end

local function check_name(name)
    if name == nil then return end
    if type(name) ~= "string" or name == "" or name == "." or name == ".." or name:find("[/\n%z]") then
        raise("EINVAL", "name")
    end
end

-- The limits as a list of {file, text}, in an order that is always the same.
local function read_limits(limits)
    local list = {}
    if limits == nil then return list end
    if type(limits) ~= "table" then raise("EINVAL", "limits") end
    for name, x in pairs(limits) do
        if not is_file(name) then raise("EINVAL", "limits", "no group has a file " .. tostring(name)) end
        list[#list + 1] = { name, text_of(x, "limits") }
    end
    table.sort(list, function(a, b) return a[1] < b[1] end)
    return list
end

local function read_parent(parent)
    if parent ~= nil then
        local text = type(parent) == "string" and parent or value.text(parent)
        if not text or text:sub(1, 1) ~= "/" or text:find("[\n%z]") then raise("EINVAL", "parent") end
        text = text:gsub("(.)/+$", "%1")
        if hierarchy.is_group(text) then return text end
        fail(number.ENOENT, text, text .. " is no group of cgroup v2")
    end
    local root, own = hierarchy.own()
    return root and hierarchy.above(root, own) or errors.raise_detail("ENOTSUP", "no hierarchy of cgroup v2 is mounted")
end

local KNOWN = { name = true, parent = true, limits = true }

local function check_options(opts)
    if opts == nil then return {} end
    if type(opts) ~= "table" then raise("EINVAL", 1) end
    for name in pairs(opts) do
        if not KNOWN[name] then raise("EINVAL", type(name) == "string" and name or 1) end
    end
    return opts
end

local function exists(directory) return fs.stat(directory, 1, stat) >= 0 end

local count = 0

-- The path of a group: with the name given, or with one that is free.
local function choose(parent, name)
    if name then
        local directory = parent .. "/" .. name
        if exists(directory) then fail(number.EEXIST, directory) end
        return directory
    end
    local directory
    repeat
        count = count + 1
        directory = ("%s/emilua-%d-%d"):format(parent, identity.getpid(), count)
    until not exists(directory)
    return directory
end

local FULL = "cgroup.max.depth or cgroup.max.descendants of a group above is reached"

-- Makes the directory. The sweeper is there before it, so that no moment is without.
local function make(parent, directory)
    local streams = sweeper.start(directory)
    local code = fs.make_directory(directory, 493)
    if code < 0 then
        sweeper.dismiss(streams)
        fail(-code, directory, -code == number.EAGAIN and FULL
            or hierarchy.DENIED[-code] and parent .. " is not delegated to this process" or nil)
    end
    return setmetatable({ directory, parent, streams }, mt)
end

local function check_platform()
    if jit.os ~= "Linux" then raise("ENOSYS") end
end

-- new([options]) -> group.
function cgroup.new(opts)
    check_platform()
    opts = check_options(opts)
    check_name(opts.name)
    local limits = read_limits(opts.limits)
    local parent = read_parent(opts.parent)
    local self = make(parent, choose(parent, opts.name))
    for _, limit in ipairs(limits) do
        local code, path, detail = set(self, limit[1], limit[2])
        if code then
            fs.remove(self[DIRECTORY])
            sweeper.dismiss(self[STREAMS])
            fail(code, path, detail)
        end
    end
    return self
end

-- delegated([controllers]) -> path, set of them; nil.
function cgroup.delegated(controllers)
    check_platform()
    if controllers == nil then controllers = {} end
    if type(controllers) ~= "table" then raise("EINVAL", 1) end
    for _, name in ipairs(controllers) do
        if type(name) ~= "string" then raise("EINVAL", 1) end
    end
    local directory, has = hierarchy.delegated(controllers)
    if not directory then return nil end
    return value.new(directory), has
end

return errors.module("cgroup", cgroup)
