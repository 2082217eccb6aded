-- What is known of files: types, file_status, and questions about a path.
local import = ...
local check = import("filesystem.check")
local errors = import("core.errors")
local native = import("filesystem.native")

local check_path, fail = check.path, check.fail
local ipairs, rawget, setmetatable, tonumber = ipairs, rawget, setmetatable, tonumber
local native_stat = native.stat
local number = errors.number

-- Numbers of src/fs/mod.rs.
local UNKNOWN, REGULAR, DIRECTORY, SYMLINK, BLOCK, CHARACTER, FIFO, SOCKET = 0, 1, 2, 3, 4, 5, 6, 7
local NAMES = {
    [UNKNOWN] = "unknown", "regular", "directory", "symlink", "block", "character", "fifo", "socket", "junction",
}

local ENOENT, ENOTDIR = -number.ENOENT, -number.ENOTDIR

local status = { REGULAR = REGULAR, DIRECTORY = DIRECTORY, SYMLINK = SYMLINK }

-- The constructor of a class whose values are lists, of which each element has a name.
local function record(class, names)
    local mt = errors.class(class)
    local slots = {}
    for slot, name in ipairs(names) do slots[name] = slot end

    function mt.__index(self, key)
        local slot = slots[key] or errors.bad_index()
        return rawget(self, slot)
    end

    function mt.__newindex() errors.bad_index() end

    function mt.__eq(a, b)
        for slot = 1, #names do
            if rawget(a, slot) ~= rawget(b, slot) then return false end
        end
        return true
    end

    return function(...) return setmetatable({ ... }, mt) end
end

local new_status = record("filesystem.file_status", { "type", "mode" })
local new_space = record("filesystem.space_info", { "capacity", "free", "available" })

-- The file_status in attributes.
function status.of(attributes)
    return new_status(NAMES[attributes.kind], attributes.mode)
end

local scratch = native.new_stat()

-- The attributes of a path, which the next call overwrites. 1: links are followed, 0: they are not.
local function stat(text, follow)
    local code = native_stat(text, follow, scratch)
    if code < 0 then fail(code, text) end
    return scratch
end
status.stat = stat

-- Whether a code says that there is no such file.
local function is_missing(code) return code == ENOENT or code == ENOTDIR end
status.is_missing = is_missing

-- The size of a file with these attributes; a negative code for what has none.
function status.size(attributes)
    if attributes.kind == REGULAR then return tonumber(attributes.size) end
    return attributes.kind == DIRECTORY and -number.EISDIR or -number.ENOTSUP
end

-- Neither regular, directory nor symlink.
function status.is_other(kind) return kind ~= REGULAR and kind ~= DIRECTORY and kind ~= SYMLINK end

local functions = {}
status.functions = functions

function functions.exists(p)
    local text = check_path(p, 1)
    local code = native_stat(text, 1, scratch)
    if code < 0 and not is_missing(code) then fail(code, text) end
    return code == 0
end

local function is(name, follow, accepts)
    functions[name] = function(p) return accepts(stat(check_path(p, 1), follow).kind) end
end

local function is_kind(name, kind, follow)
    is(name, follow or 1, function(k) return k == kind end)
end

is_kind("is_regular_file", REGULAR)
is_kind("is_directory", DIRECTORY)
is_kind("is_symlink", SYMLINK, 0)
is_kind("is_fifo", FIFO)
is_kind("is_socket", SOCKET)
is_kind("is_block_device", BLOCK)
is_kind("is_character_device", CHARACTER)
is("is_other", 1, status.is_other)
functions.is_block_file, functions.is_character_file = functions.is_block_device, functions.is_character_device

function functions.status(p) return status.of(stat(check_path(p, 1), 1)) end

function functions.symlink_status(p) return status.of(stat(check_path(p, 1), 0)) end

function functions.file_size(p)
    local text = check_path(p, 1)
    local size = status.size(stat(text, 1))
    if size < 0 then fail(size, text) end
    return size
end

function functions.hardlink_count(p) return tonumber(stat(check_path(p, 1), 1).links) end
functions.hard_link_count = functions.hardlink_count

function functions.is_empty(p)
    local text = check_path(p, 1)
    local attributes = stat(text, 1)
    if attributes.kind == DIRECTORY then
        return import("filesystem.directory").functions.directory_iterator(p)() == nil
    end
    local size = status.size(attributes)
    if size < 0 then fail(size, text) end
    return size == 0
end

function functions.equivalent(a, b)
    local x, y = check_path(a, 1), check_path(b, 2)
    local first = native.new_stat()
    local code = native_stat(x, 1, first)
    if code == 0 then code = native_stat(y, 1, scratch) end
    if code == 0 and status.is_other(first.kind) and status.is_other(scratch.kind) then code = -number.ENOTSUP end
    if code < 0 then fail(code, x, y) end
    return first.device == scratch.device and first.inode == scratch.inode
end

function functions.space(p)
    local text = check_path(p, 1)
    local space = native.new_space()
    local code = native.space(text, space)
    if code < 0 then fail(code, text) end
    return new_space(tonumber(space.capacity), tonumber(space.free), tonumber(space.available))
end

-- last_write_time(p[, tp]): asks, or sets.
function functions.last_write_time(p, tp)
    local clock = import("filesystem.clock")
    local text = check_path(p, 1)
    if tp == nil then return clock.point(stat(text, 1).modified) end
    if errors.class_name(tp) ~= clock.CLASS then errors.raise("EINVAL", 2) end
    local code = native.set_modified(text, clock.nanoseconds(tp))
    if code < 0 then fail(code, text) end
end

return status
