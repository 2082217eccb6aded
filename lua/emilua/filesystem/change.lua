-- Changing the filesystem: creating, renaming and removing, permissions and owners.
local import = ...
local check = import("filesystem.check")
local errors = import("core.errors")
local native = import("filesystem.native")
local path = import("filesystem.path")
local status = import("filesystem.status")
local ffi = require("ffi")

local check_integer, check_path, fail, fail_posix = check.integer, check.path, check.fail, check.fail_posix
local raise = errors.raise
local tonumber, type = tonumber, type
local make_directory = native.make_directory
local lexical = path.lexical
local number = errors.number
local EEXIST, ENOENT = -number.EEXIST, -number.ENOENT
local DEFAULT_MODE = 0x1ff -- 0777
local MAX32, MAX53 = 2 ^ 32 - 1, 2 ^ 53

local functions = {}

-- Makes a directory. Returns whether there was none; false and the code of a failure.
local function create(text, mode)
    local code = make_directory(text, mode)
    if code == 0 then return true end
    local there = native.new_stat()
    if code == EEXIST and native.stat(text, 1, there) == 0 and there.kind == status.DIRECTORY then return false end
    return false, code
end

function functions.create_directory(p, existing)
    local text = check_path(p, 1)
    local mode, pattern = DEFAULT_MODE, nil
    if existing ~= nil then
        pattern = check_path(existing, 2)
        local attributes = native.new_stat()
        local code = native.stat(pattern, 1, attributes)
        if code == 0 and attributes.kind ~= status.DIRECTORY then code = -number.ENOTDIR end
        if code < 0 then fail(code, text, pattern) end
        mode = attributes.mode
    end
    local created, code = create(text, mode)
    if code then fail(code, text, pattern) end
    return created
end

local function create_all(text)
    local name = lexical.filename(text)
    local parent = lexical.parent(text)
    if (name == "" or name == ".") and parent ~= text and parent ~= "" then return create_all(parent) end
    local created, code = create(text, DEFAULT_MODE)
    if code ~= ENOENT or parent == text or parent == "" then return created, code end
    created, code = create_all(parent)
    if code then return created, code end
    return create(text, DEFAULT_MODE)
end

function functions.create_directories(p)
    local text = check_path(p, 1)
    local created, code = create_all(text)
    if code then fail(code, text) end
    return created
end

function functions.mkdir(p, mode)
    local text = check_path(p, 1)
    local code = make_directory(text, check_integer(mode, 2, "mkdir", 0, MAX32))
    if code < 0 then fail_posix(code, text) end
end

function functions.rename(a, b)
    local from, to = check_path(a, 1), check_path(b, 2)
    local code = native.rename(from, to)
    if code < 0 then fail(code, from, to) end
end

function functions.remove(p)
    local text = check_path(p, 1)
    local code = native.remove(text)
    if code < 0 and not status.is_missing(code) then fail(code, text) end
    return code == 0
end

local counter = ffi.new("uint64_t[1]")

function functions.remove_all(p)
    local text = check_path(p, 1)
    local code = native.remove_tree(text, counter)
    if code < 0 then fail(code, text) end
    return tonumber(counter[0])
end

function functions.resize_file(p, n)
    local text = check_path(p, 1)
    local code = native.resize(text, check_integer(n, 2, "resize_file", -MAX53, MAX53))
    if code < 0 then fail(code, text) end
end

local function change_mode(name, follow)
    functions[name] = function(p, mode)
        local text = check_path(p, 1)
        local code = native.change_mode(text, check_integer(mode, 2, name, 0, MAX32), follow)
        if code < 0 then fail(code, text) end
    end
end

change_mode("chmod", 1)
change_mode("lchmod", 0)

local function change_owner(name, follow)
    functions[name] = function(p, owner, group)
        local text = check_path(p, 1)
        check_integer(owner, 2, name, -1, MAX32 - 1)
        check_integer(group, 3, name, -1, MAX32 - 1)
        local code = native.change_owner(text, owner, group, follow)
        if code < 0 then fail_posix(code, text) end
    end
end

change_owner("chown", 1)
change_owner("lchown", 0)

function functions.mkfifo(p, mode)
    local text = check_path(p, 1)
    local code = native.make_fifo(text, check_integer(mode, 2, "mkfifo", 0, MAX32))
    if code < 0 then fail_posix(code, text) end
end

-- Bits of a mode that say what a node is.
local NODE_TYPES = { character = 0x2000, block = 0x6000 }

function functions.mknod(p, mode, device, kind)
    local text = check_path(p, 1)
    check_integer(mode, 2, "mknod", 0, MAX32)
    check_integer(device, 3, "mknod", 0, MAX53)
    local bits = 0
    if kind ~= nil then bits = NODE_TYPES[kind] or raise("EINVAL", 4) end
    local code = native.make_node(text, bit.bor(mode, bits), device)
    if code < 0 then fail_posix(code, text) end
end

function functions.makedev(major, minor)
    check_integer(major, 1, "makedev", 0, MAX32)
    check_integer(minor, 2, "makedev", 0, MAX32)
    local code = native.make_device(major, minor, counter)
    if code < 0 then fail_posix(code) end
    return tonumber(counter[0])
end

local parts = ffi.new("uint32_t[2]")

local function device_part(name, index)
    functions[name] = function(device)
        check_integer(device, 1, name, 0, MAX53)
        local code = native.split_device(device, parts)
        if code < 0 then fail_posix(code) end
        return tonumber(parts[index])
    end
end

device_part("dev_major", 0)
device_part("dev_minor", 1)

-- open(p, flags[, mode]) -> file_descriptor
function functions.open(p, flags, mode)
    local text = check_path(p, 1)
    if mode ~= nil then check_integer(mode, 3, "open", 0, 0xfff) end
    local fd, code = import("io.descriptor").open(text, flags, 2, mode)
    return fd or fail_posix(code, text)
end

local SPECIAL = { set_uid = 0x800, set_gid = 0x400, sticky_bit = 0x200 }

-- mode(user, group, other), or the bit of a name.
function functions.mode(user, group, other)
    if type(user) == "string" then return SPECIAL[user] or raise("EINVAL", 1) end
    check_integer(user, 1, "mode", 0, MAX32)
    check_integer(group, 2, "mode", 0, MAX32)
    check_integer(other, 3, "mode", 0, MAX32)
    return bit.bor(bit.lshift(user, 6), bit.lshift(group, 3), other)
end

return { functions = functions }
