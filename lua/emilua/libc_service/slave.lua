-- libc_service.slave: the end that is given to a process, and the filters of its calls. It is a table of a handle, its
-- master, and filters by name.
local import = ...
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local native = import("libc_service.native")
local object = import("io.object")
local serial = import("subprocess.serial")
local wire = import("libc_service.wire")
local core = import("core.native")
local io = import("io.native")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local loadstring, next, rawget, setmetatable = loadstring, next, rawget, setmetatable
local pairs, tostring, type = pairs, tostring, type

-- Keys that nobody else has: a slot that exists is written without __newindex.
local HANDLE, MASTER, FILTERS = {}, {}, {}
-- What tells the library in a program its slave's number.
local VARIABLE = "EMILUA_LIBC_SERVICE_FD"

local mt = errors.class("libc_service.slave")

function mt.__index() errors.bad_index() end

-- slave[function_name] = source: the source of a chunk, or nil.
function mt.__newindex(self, name, text)
    if io.is_open(self[HANDLE]) == 0 then raise("EBADF") end
    if type(name) ~= "string" or not wire.functions[name] then errors.bad_index() end
    if text ~= nil then
        if type(text) ~= "string" then raise("EINVAL", 3) end
        local chunk, message = loadstring(text, "=" .. name)
        if not chunk then raise("EINVAL", 3, message) end
    end
    self[FILTERS][name] = text
end

local slave = {}

-- The slave of a master, which gets its end here.
function slave.new(master)
    local handle = ffi.gc(native.new_slave(core.vm), io.free)
    object.check(native.pair(master[object.HANDLE], handle))
    return setmetatable({ [HANDLE] = handle, [MASTER] = master, [FILTERS] = {} }, mt)
end

function slave.is(value) return class_name(value) == "libc_service.slave" end

-- The number of the descriptor of a slave, which is option `arg`.
function slave.use(self, arg)
    local handle = slave.is(self) and rawget(self, HANDLE)
    if not handle or io.is_open(handle) == 0 then raise("EINVAL", arg) end
    return descriptor.native.number(handle)
end

local function not_installed() errors.raise_detail("ENOENT", "libemilua_libc_service.so is not beside the module") end

-- Raises unless actors of this process have the library: its supervisor has found it, or this is an actor itself.
function slave.check_actors()
    if not native.library_path and native.is_preloaded() == 0 then not_installed() end
end

-- The environment of a program that finds its slave at descriptor `number`. Who has said so himself has said it all.
function slave.environment(variables, number)
    if variables[VARIABLE] ~= nil then return variables end
    if not native.library_path then not_installed() end
    local all = {}
    for name, value in pairs(variables) do all[name] = value end
    all[VARIABLE] = tostring(number)
    local others = variables.LD_PRELOAD
    all.LD_PRELOAD = native.library_path .. (type(others) == "string" and others ~= "" and ":" .. others or "")
    return all
end

-- Leaves the filters in the slave's socket. Whoever has done so calls consume(), whatever becomes of the slave.
function slave.send_filters(self)
    local filters = self[FILTERS]
    if next(filters) == nil then return end
    local text = serial.encode(filters)
    object.check(native.send_filters(self[MASTER][object.HANDLE], text, #text))
end

-- This process's end is closed: the slave's processes alone have it.
function slave.consume(self) io.close(self[HANDLE]) end

return slave
