-- id_map: which users and groups there are in a user namespace.
local import = ...
local enter = import("core.scheduler").enter
local errors = import("core.errors")
local identity = import("system.identity")
local new_path = import("filesystem.path.value").new
local run = import("system.run").run

local raise = errors.raise
local concat, error, io_open, ipairs, select = table.concat, error, io.open, ipairs, select
local tonumber, tostring, type = tonumber, tostring, type

local id_map = {}

-- 4294967295 is no id, but -1.
local LAST = 2 ^ 32 - 2
local KINDS = { "uid", "gid" }
local COUNT = 65536

local function check_platform()
    if jit.os ~= "Linux" then raise("ENOSYS") end
end

local function is_id(n) return type(n) == "number" and n % 1 == 0 and n >= 0 and n <= LAST end

-- Those of this process that the kernel compares.
local function own()
    return { uid = (select(2, identity.getresuid())), gid = (select(2, identity.getresgid())) }
end

local function is_root() return own().uid == 0 end

-- The user and the group of this process, and nobody else.
function id_map.single(inside)
    check_platform()
    if inside == nil then inside = 0 end
    if not is_id(inside) then raise("EINVAL", 1) end
    local ids = own()
    return { uid = { { inside, ids.uid, 1 } }, gid = { { inside, ids.gid, 1 } } }
end

local function read(path)
    local file = io_open(path)
    local text = file and file:read("*a")
    if file then file:close() end
    return text or ""
end

-- The first range of this user in a file of subuid(5), which names users by login or number.
local function subordinate(path)
    local user = tostring((identity.getresuid()))
    local login = ("\n" .. read("/etc/passwd")):match("\n([^:\n]+):[^:\n]*:" .. user .. ":")
    for name, first, count in read(path):gmatch("([^:\n]+):(%d+):(%d+)") do
        if name == login or name == user then return { 1, tonumber(first), tonumber(count) } end
    end
    errors.raise_detail("ENOENT", ("user %s has no range in %s"):format(user, path))
end

-- As many ids as programs expect: root's are the host's, others' are those that subuid(5) leaves to them.
function id_map.range()
    check_platform()
    local map = {}
    local ids = own()
    for _, kind in ipairs(KINDS) do
        map[kind] = is_root() and { { 0, 0, COUNT } } or { { 0, ids[kind], 1 }, subordinate("/etc/sub" .. kind) }
    end
    return map
end

-- The numbers of a map of one kind.
local function numbers(map, kind)
    if type(map) ~= "table" or type(map[kind]) ~= "table" or #map[kind] == 0 then raise("EINVAL", 2) end
    local list = {}
    for _, line in ipairs(map[kind]) do
        if type(line) ~= "table" or #line ~= 3 then raise("EINVAL", 2) end
        for _, n in ipairs(line) do
            if not is_id(n) then raise("EINVAL", 2) end
            list[#list + 1] = ("%d"):format(n)
        end
    end
    return list
end

-- The kernel takes a map by one write.
local function write(path, text)
    local file, message, code = io_open(path, "w")
    if file then
        file:setvbuf("no")
        local written
        written, message, code = file:write(text)
        file:close()
        if written then return end
    end
    local e = errors.new(errors.system, code)
    e.path1, e.detail = new_path(path), message
    error(e, 0)
end

-- newuidmap(1), newgidmap(1): what an ordinary user may map by them.
local function by_program(pid, kind, list)
    local program = ("new%smap"):format(kind)
    local arguments = { program, pid }
    for _, n in ipairs(list) do arguments[#arguments + 1] = n end
    local result = run { program = program, arguments = arguments }
    if result.status ~= 0 then errors.raise_detail("EPERM", (result.stderr:gsub("%s+$", ""))) end
end

-- Gives a user namespace, that of process `pid`, its ids. It takes them once.
function id_map.write(pid, map)
    enter()
    check_platform()
    if not is_id(pid) or pid == 0 then raise("EINVAL", 1) end
    local lists = { uid = numbers(map, "uid"), gid = numbers(map, "gid") }
    local process, ids = ("/proc/%d/"):format(pid), own()
    for _, kind in ipairs(KINDS) do
        local list = lists[kind]
        local is_own = #list == 3 and list[2] == tostring(ids[kind]) and list[3] == "1"
        if not is_root() and not is_own then
            by_program(("%d"):format(pid), kind, list)
        else
            -- Groups could be left to get at what is denied to their members: who may not set them has to give that up.
            if kind == "gid" and not is_root() then write(process .. "setgroups", "deny") end
            write(process .. kind .. "_map", concat(list, " "):gsub("(%S+ %S+ %S+) ?", "%1\n"))
        end
    end
end

return id_map
