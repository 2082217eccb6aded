-- Ids of the process, its groups, its session and its process group.
local import = ...
local errors = import("core.errors")
local check_master = import("core.master").check
local mirror = import("core.mirror")
local native = import("system.native")
local ffi = require("ffi")

local raise = errors.raise
local check, integer, identity = native.check, native.integer, native.identity
local type = type

local system = {}

for _, name in ipairs({ "getpid", "getppid", "getpgrp" }) do
    system[name] = function() return check(identity[name]()) end
end

for _, name in ipairs({ "getpgid", "getsid" }) do
    system[name] = function(pid) return check(identity[name](integer(pid, 1))) end
end

function system.setpgid(pid, group)
    check_master()
    check(identity.setpgid(integer(pid, 1), integer(group, 2)))
end

function system.setsid()
    check_master()
    return check(identity.setsid())
end

function system.kill(pid, signal)
    check_master()
    check(identity.kill(integer(pid, 1), integer(signal, 2)))
end

-- A user or group id; -1 is the greatest of C's.
local function id(n, arg)
    if type(n) ~= "number" or n % 1 ~= 0 or n < -1 or n > 0xffffffff then raise("EINVAL", arg) end
    return n % 0x100000000
end
system.id = id

local ids = ffi.new("uint32_t[3]")

for _, kind in ipairs({ "uid", "gid" }) do
    local get, set = "getres" .. kind, "setres" .. kind
    system[get] = function()
        check(identity[get](ids))
        return ids[0], ids[1], ids[2]
    end
    system[set] = function(real, effective, saved)
        check_master()
        real, effective, saved = id(real, 1), id(effective, 2), id(saved, 3)
        check(identity[set](real, effective, saved))
        mirror(set, real, effective, saved)
    end
end

function system.getgroups()
    local n = check(identity.getgroups(nil, 0))
    local groups = ffi.new("uint32_t[?]", n)
    -- Fewer when another thread has taken some away.
    n = check(identity.getgroups(groups, n))
    local list = {}
    for i = 1, n do list[i] = groups[i - 1] end
    return list
end

-- The ids of a list as an array of C, and their number; `arg` is that of a wrong element.
function system.id_array(list, arg)
    local array = ffi.new("uint32_t[?]", #list)
    for i = 1, #list do array[i - 1] = id(list[i], arg) end
    return array, #list
end

function system.setgroups(list)
    check_master()
    if type(list) ~= "table" then errors.expected(1, "setgroups", "table", list) end
    local array, n = system.id_array(list, 2)
    check(identity.setgroups(array, n))
    mirror("setgroups", 0, 0, 0, ffi.string(array, 4 * n))
end

return system
