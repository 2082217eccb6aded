-- The options of sandbox.new.
local import = ...
local check = import("filesystem.check")
local errors = import("core.errors")
local native = import("filesystem.native")
local text_of = import("filesystem.path.value").text

local raise = errors.raise
local ipairs, pairs, tonumber, type = ipairs, pairs, tonumber, type

local options = {}

local DIRECTORY = 2
local UNITS = { [""] = 1, K = 2 ^ 10, M = 2 ^ 20, G = 2 ^ 30 }

-- A path without what does not matter in it. One that begins elsewhere than at the root, or climbs, is refused.
local function normal(path, arg)
    local text = type(path) == "string" and path or text_of(path)
    if not text or text:sub(1, 1) ~= "/" or text:find("\0", 1, true) then raise("EINVAL", arg) end
    local parts = {}
    for part in text:gmatch("[^/]+") do
        if part == ".." then raise("EINVAL", arg) end
        if part ~= "." then parts[#parts + 1] = part end
    end
    return "/" .. table.concat(parts, "/")
end

local stat = native.new_stat()

-- A table without holes or other keys, so that nothing of it goes unseen.
local function check_list(list, arg)
    if type(list) ~= "table" then raise("EINVAL", arg) end
    local count = 0
    for _ in pairs(list) do count = count + 1 end
    for i = 1, count do
        if list[i] == nil then raise("EINVAL", arg) end
    end
    return list
end
options.check_list = check_list

-- Adds the paths of one option to those by name.
local function add_paths(by_name, list, arg)
    if list == nil then return end
    for _, given in ipairs(check_list(list, arg)) do
        local name = normal(given, arg)
        local code = native.stat(name, 1, stat)
        if code < 0 then check.fail_posix(code, name) end
        local path = by_name[name] or { name = name, directory = stat.kind == DIRECTORY }
        path[arg] = true
        by_name[name] = path
    end
end

-- The paths in an order in which each comes behind those that it lies in.
local function paths(opts)
    local by_name, list = {}, {}
    for _, arg in ipairs({ "read", "write", "exec" }) do add_paths(by_name, opts[arg], arg) end
    for _, path in pairs(by_name) do list[#list + 1] = path end
    table.sort(list, function(a, b) return a.name < b.name end)
    return list
end

local function boolean(opts, arg, default)
    local value = opts[arg]
    if value == nil then return default end
    if type(value) ~= "boolean" then raise("EINVAL", arg) end
    return value
end

local function integer(value, arg, least, most)
    if type(value) ~= "number" or value % 1 ~= 0 or value < least or value > most then raise("EINVAL", arg) end
    return value
end

local function optional_integer(opts, arg, least, most)
    return opts[arg] ~= nil and integer(opts[arg], arg, least, most) or nil
end

-- Bytes: a number, or a text with a unit.
local LEAST_MEMORY, MOST_MEMORY = 2 ^ 25, 2 ^ 50

local function memory(value)
    if value == nil then return nil end
    if type(value) == "string" then
        local count, unit = value:match("^(%d+)([KMG]?)$")
        value = count and tonumber(count) * UNITS[unit]
    end
    return integer(value, "memory", LEAST_MEMORY, MOST_MEMORY)
end

-- How many processes and threads there may be; false if only the actor's own process.
local MANY = 64

local function processes(value)
    if value == nil or value == false then return false end
    if value == true then return MANY end
    return integer(value, "processes", 8, 2 ^ 22)
end

local function degraded(list, names)
    if list == nil then return {} end
    local set = {}
    for _, name in ipairs(check_list(list, "allow_degraded")) do
        if not names[name] then raise("EINVAL", "allow_degraded") end
        set[name] = true
    end
    return set
end

local KNOWN = {}
for name in ("read write exec net processes memory cpu files jit allow_degraded"):gmatch("%S+") do
    KNOWN[name] = true
end

-- The options checked; `names` are those of protections.
function options.read(opts, names)
    if opts == nil then opts = {} end
    if type(opts) ~= "table" then raise("EINVAL", 1) end
    for name in pairs(opts) do
        if not KNOWN[name] then raise("EINVAL", type(name) == "string" and name or 1) end
    end
    return {
        paths = paths(opts), net = boolean(opts, "net", false), processes = processes(opts.processes),
        memory = memory(opts.memory), cpu = optional_integer(opts, "cpu", 1, 2 ^ 31),
        files = optional_integer(opts, "files", 16, 2 ^ 20), jit = boolean(opts, "jit", true),
        degraded = degraded(opts.allow_degraded, names),
    }
end

return options
