-- file_descriptor: the owner of a descriptor that no operation waits on. See docs/architecture.md for how other
-- modules make one and take its descriptor.
--
-- A descriptor is a table of a handle, with which it is dead when that is closed, and the run in which a send has it in
-- flight.
local import = ...
local errors = import("core.errors")
local io = import("io.native")
local core = import("core.native")
local state = import("core.scheduler").state
local ffi = require("ffi")

local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local setmetatable, tostring, type = setmetatable, tostring, type
local band, bor, lshift = require("bit").band, require("bit").bor, require("bit").lshift
local io_new, io_free, io_close, is_open = io.new, io.free, io.close, io.is_open

local native = core.bind("descriptor", [[
    int32_t transfer(void *from, void *to);
    int32_t adopt(void *, int32_t number);
    int32_t number(void *);
    int32_t give(void *);
    int32_t duplicate(void *, void *new);
    int32_t compare(void *, void *);
    int32_t file_type(void *);
    int32_t socket_type(void *, int32_t *);
    int32_t is_non_blocking(void *);
    int32_t set_non_blocking(void *, int32_t);
    int32_t open_at(void *, const char *, size_t, uint32_t, int32_t, void *new);
    int32_t pipe(void *, void *);
    int32_t read(void *, const void *);
    int32_t write(void *, const void *);
    int32_t capabilities_get(void *, void *, size_t);
    int32_t capabilities_set(void *, const void *, size_t); ]])

local HANDLE, FLIGHT = core.HANDLE, 1
local DEFAULT_MODE = 0x1b6 -- 0666, which the umask restricts

local descriptor = { HANDLE = HANDLE, native = native }

local ENOSYS = -errors.number.ENOSYS

local function check(code)
    if code >= 0 then return code end
    if code == ENOSYS then raise("ENOSYS") end
    raise_code(code)
end

descriptor.check = check

local methods, properties = {}, {}
local mt = errors.class("file_descriptor")

-- A descriptor whose handle is closed, for a native operation to fill.
local function new() return setmetatable({ ["\0handle"] = ffi.gc(io_new(core.vm, 0, 0), io_free), false }, mt) end
descriptor.new = new

-- The owner of the descriptor `number`, which the caller owned.
function descriptor.adopt(number)
    local fd = new()
    check(native.adopt(fd[HANDLE], number))
    return fd
end

-- The owner of the descriptor of an object's handle, which is closed afterwards.
function descriptor.receive(handle)
    local fd = new()
    check(native.transfer(handle, fd[HANDLE]))
    return fd
end

-- Whether `fd` is in flight. What was when its run ended is closed.
local function in_flight(fd)
    local run = fd[FLIGHT]
    if run and run ~= state.main then
        fd[FLIGHT] = false
        io_close(fd[HANDLE])
    end
    return fd[FLIGHT]
end

-- Whether `fd` is dead.
local function is_dead(fd) return not in_flight(fd) and is_open(fd[HANDLE]) == 0 end

-- The handle of `fd`, which is argument `arg`: EINVAL unless it is a valid descriptor, EBUSY while it is in flight
-- (with `busy_arg`, if given, as its arg).
local function use(fd, arg, busy_arg)
    if class_name(fd) ~= "file_descriptor" or is_dead(fd) then raise("EINVAL", arg) end
    if in_flight(fd) then raise("EBUSY", busy_arg) end
    return fd[HANDLE]
end
descriptor.use = use

-- Hands the descriptor of `fd`, argument `arg` of the caller, over to an object that is closed; `fd` is dead then.
function descriptor.transfer(fd, arg, object)
    local from, to = use(fd, arg), object[HANDLE]
    if is_open(to) == 1 then errors.raise_misc(1) end
    check(native.transfer(from, to))
end

-- The number of `fd`, which keeps it.
function descriptor.number(fd) return check(native.number(fd[HANDLE])) end

-- The number of `fd`, which is dead then: the caller owns the descriptor.
function descriptor.give(fd) return check(native.give(fd[HANDLE])) end

-- A send that waits has `fd` in flight from lock() to unlock().
function descriptor.lock(fd) fd[FLIGHT] = state.main end

function descriptor.unlock(fd) fd[FLIGHT] = false end

-- The handle of a descriptor that is sent to an actor, or the name of the error.
function descriptor.describe(fd)
    if is_open(fd[HANDLE]) == 0 then return "EINVAL" end
    return in_flight(fd) and "EBUSY" or fd[HANDLE]
end

-- The handle of a method's `self`.
local function this(self)
    if class_name(self) ~= "file_descriptor" then raise("EINVAL", 1) end
    if in_flight(self) then raise("EBUSY") end
    return self[HANDLE]
end

function methods:close() check(io_close(this(self))) end

function methods:dup()
    local handle, fd = this(self), new()
    check(native.duplicate(handle, fd[HANDLE]))
    return fd
end

function methods:kcmp(other) return check(native.compare(this(self), use(other, 2))) end

local FAMILIES = { unix = 1, inet = 4, inet6 = 6 }
local TYPES = { stream = 1, datagram = 2, seqpacket = 5 }
-- Protocols by name: {number, type}.
local PROTOCOLS = { tcp = { 6, "stream" }, udp = { 17, "datagram" } }

local kind = ffi.new("int32_t[3]")

function methods:is_socket(family, socket_type, protocol)
    local handle = this(self)
    local wanted = FAMILIES[family] or raise("EINVAL", 2)
    if socket_type ~= nil and not TYPES[socket_type] then raise("EINVAL", 3) end
    if protocol ~= nil then
        local known = PROTOCOLS[protocol]
        if not known or wanted == 1 or known[2] ~= socket_type then raise("EINVAL", 4) end
    end
    return check(native.socket_type(handle, kind)) == 1
        and kind[0] == wanted
        and (socket_type == nil or kind[1] == TYPES[socket_type])
        and (protocol == nil or kind[2] == PROTOCOLS[protocol][1])
end

-- Flags of openat() by name: powers of two, in the order of src/io/descriptor.
local OPEN_FLAGS, OPENAT_FLAGS, FLAG_NAMES = {}, {}, {}
do
    local bit = 1
    local function add(names, ...)
        for name in names:gmatch("%S+") do
            for _, flags in ipairs { ... } do flags[name] = bit end
            FLAG_NAMES[#FLAG_NAMES + 1] = name
            bit = bit * 2
        end
    end
    add([[append create exclusive read_only read_write write_only sync_all_on_write truncate directory no_follow path
        temporary]], OPEN_FLAGS, OPENAT_FLAGS)
    add([[resolve_beneath resolve_in_root resolve_no_magiclinks resolve_no_symlinks resolve_no_xdev
        resolve_cached]], OPENAT_FLAGS)
end
local ACCESS = { read_only = true, read_write = true, write_only = true }

-- The bits of a list of names, which is argument `arg`.
local function open_flags(names, arg, known)
    if type(names) ~= "table" then raise("EINVAL", arg) end
    local bits, access = 0, nil
    for i = 1, #names do
        local name = names[i]
        local bit = known[name] or raise("EINVAL", arg)
        if ACCESS[name] then
            if access and access ~= name then raise("EINVAL", arg) end
            access = name
        end
        bits = bor(bits, bit)
    end
    return bits
end

-- The opposite: the names of bits.
function descriptor.flag_names(bits)
    local names = {}
    for i, name in ipairs(FLAG_NAMES) do
        if band(bits, lshift(1, i - 1)) ~= 0 then names[#names + 1] = name end
    end
    return names
end

-- Opens the path `text` with a list of flags, which is argument `arg`. Nil and the code of a failure.
function descriptor.open(text, names, arg, mode)
    local bits, fd = open_flags(names, arg, OPEN_FLAGS), new()
    local code = native.open_at(nil, text, #text, bits, mode or DEFAULT_MODE, fd[HANDLE])
    if code < 0 then return nil, code end
    return fd
end

function methods:openat(path, names, mode)
    local handle = this(self)
    if class_name(path) ~= "filesystem.path" then raise("EINVAL", 2) end
    local bits = open_flags(names, 3, OPENAT_FLAGS)
    if mode == nil then
        mode = DEFAULT_MODE
    elseif type(mode) ~= "number" or mode % 1 ~= 0 or not (mode >= 0 and mode <= 0xfff) then
        raise("EINVAL", 4)
    end
    local text, fd = tostring(path), new()
    local code = native.open_at(handle, text, #text, bits, mode, fd[HANDLE])
    if code == ENOSYS then raise("ENOTSUP", 3) end
    check(code)
    return fd
end

local FILE_TYPES = {
    [0] = "unknown", "socket", "symlink", "regular", "block", "directory", "character", "fifo",
}

function properties.type(handle) return FILE_TYPES[check(native.file_type(handle))] end

function properties.non_blocking(handle) return check(native.is_non_blocking(handle)) == 1 end

function methods:cap_get()
    local handle, file = this(self), import("system.capabilities.file")
    local attribute = file.new()
    return file.load(attribute, check(native.capabilities_get(handle, attribute, file.SIZE)))
end

function methods:cap_set(caps)
    local handle = this(self)
    local attribute, size = import("system.capabilities.file").save(caps)
    check(native.capabilities_set(handle, attribute, size))
end

import("io.capsicum")(methods, this, check)

function mt:__index(key)
    if is_dead(self) and key ~= "close" then errors.bad_index() end
    local method = methods[key]
    if method then return method end
    local property = properties[key]
    if property then return property(this(self)) end
    errors.bad_index()
end

function mt:__newindex(key, value)
    if key ~= "non_blocking" or is_dead(self) then errors.bad_index() end
    local handle = this(self)
    if type(value) ~= "boolean" then raise("EINVAL", 3) end
    check(native.set_non_blocking(handle, value and 1 or 0))
end

function mt:__tostring() return ("/dev/fd/%d"):format(check(native.number(this(self)))) end

return descriptor
