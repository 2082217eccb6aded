-- libc_service: calls of libc that a process cannot or may not make are made for it by a fiber of this VM, its master.
-- The other side is src/libc_service/interpose, a library in the process of the slave.
local import = ...
if require("ffi").os == "Windows" then import("core.errors").raise("ENOSYS") end

local S = import("core.scheduler")
local address = import("ip.address")
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local io = import("io.native")
local native = import("libc_service.native")
local object = import("io.object")
local operation = import("core.operation")
local path = import("filesystem.path.value")
local slave = import("libc_service.slave")
local to_answer = import("libc_service.answer")
local unix = import("unix.native")
local wire = import("libc_service.wire")
local ffi = require("ffi")
local bit = require("bit")

local enter, charge, perform, HEAD = S.enter, S.charge, operation.perform, S.HEAD
local class_name, raise = errors.class_name, errors.raise
local ipairs, rawset, type, unpack = ipairs, rawset, type, unpack
local HANDLE, READ = object.HANDLE, object.READ
local CLASS = "libc_service.master"

-- Beside what every object has: room for a call, and of the one that is pending the socket for its answer, else false,
-- and its descriptors. LIST keeps what the room points to.
local ROOM, LIST, REPLY, FDS = "\0room", "\0list", "\0reply", "\0fds"

local methods, properties = {}, {}

local function check_self(self)
    if class_name(self) ~= CLASS then raise("EINVAL", 1) end
    return self[HANDLE]
end

-- The room of the pending call.
local function current_call(self)
    check_self(self)
    if not self[REPLY] then raise("EINVAL") end
    return self[ROOM].request
end

-- Ends the pending call; what nobody has taken is closed.
local function finish(self)
    local reply, fds = self[REPLY], self[FDS]
    self[REPLY], self[FDS] = false, false
    io.close(reply[descriptor.HANDLE])
    for i = 1, #fds do io.close(fds[i][descriptor.HANDLE]) end
end

-- The next of the descriptors that a call has brought.
local function take(self)
    local fd = descriptor.new()
    if unix.fds_take(self[LIST], fd[descriptor.HANDLE]) == 1 then return fd end
end

function methods.receive(self)
    local f = enter()
    local handle = check_self(self)
    if self[REPLY] or self[READ][HEAD] then raise("EBUSY") end
    local code = perform(self[READ], f, native.receive, handle, self[ROOM])
    if code < 0 then
        -- Who sends other things is no slave any more.
        if code == -errors.number.EPROTO then io.close(handle) end
        errors.raise_code(code)
    end
    self[REPLY] = take(self)
    self[FDS] = { take(self) }
end

function properties.function_(self) return wire.functions[current_call(self).number] end

local CREATES = { create = true, temporary = true }

local function flags_and_mode(request)
    local flags = descriptor.flag_names(request.flags)
    for _, flag in ipairs(flags) do
        if CREATES[flag] then return flags, bit.band(request.mode, 0xfff) end
    end
    return flags
end

local ACCESS = { { "r", 4 }, { "w", 2 }, { "x", 1 } }

local function access(request)
    if request.flags == 0 then return "f" end
    local list = {}
    for _, right in ipairs(ACCESS) do
        if bit.band(request.flags, right[2]) ~= 0 then list[#list + 1] = right[1] end
    end
    return list
end

local endpoint = io.new_endpoint()

local function address_and_port(request, family)
    endpoint.family, endpoint.scope = family, family == 6 and request.mode or 0
    ffi.copy(endpoint.bytes, request.texts, family == 4 and 4 or 16)
    return address.from_endpoint(endpoint), request.port
end

local function lookup(request)
    local node, service = wire.text(request, 0), wire.text(request, 1)
    if bit.band(request.flags, wire.HAS_NODE) == 0 then node = nil end
    if bit.band(request.flags, wire.HAS_SERVICE) == 0 then service = nil end
    return node, service, request.mode > 0 and wire.protocols[request.mode] or nil
end

local function path_of(request, n) return path.new(wire.text(request, n or 0)) end

local arguments = {
    open = function(request) return path_of(request), flags_and_mode(request) end,
    unlink = path_of,
    rename = function(request) return path_of(request), path_of(request, 1) end,
    mkdir = function(request) return path_of(request), bit.band(request.mode, 0xfff) end,
    access = function(request) return path_of(request), access(request) end,
    connect_inet = function(request) return address_and_port(request, 4) end,
    connect_inet6 = function(request) return address_and_port(request, 6) end,
    getaddrinfo = lookup,
}
arguments.openat, arguments.eaccess = arguments.open, arguments.access
arguments.bind_inet, arguments.bind_inet6 = arguments.connect_inet, arguments.connect_inet6
for _, name in ipairs({ "rmdir", "stat", "lstat", "connect_unix", "bind_unix" }) do arguments[name] = path_of end

function methods.arguments(self)
    local request = current_call(self)
    return arguments[wire.functions[request.number]](request)
end

function methods.descriptors(self)
    current_call(self)
    local fds = self[FDS]
    self[FDS] = {}
    return unpack(fds)
end

-- Sends the answer to the pending call, with the descriptors of a list. A slave that does not wait for it any more is
-- no error.
local function answer(self, result, fds)
    local numbers = ffi.new("int32_t[?]", wire.DESCRIPTORS)
    for i = 1, #fds do numbers[i - 1] = descriptor.number(fds[i]) end
    object.check(native.answer(self[REPLY][descriptor.HANDLE], result, numbers, #fds))
    finish(self)
end

-- The name of the call that a fiber is about to answer. It need not wait: the socket for the answer has room for it.
local function answering(self)
    local f = enter()
    local name = wire.functions[current_call(self).number]
    charge(f)
    return name
end

function methods.send(self, result, code)
    local name = answering(self)
    answer(self, to_answer(name, result, code, 3), {})
end

function methods.send_with_fds(self, result, fds, code)
    local name = answering(self)
    if type(fds) ~= "table" or #fds > wire.DESCRIPTORS then raise("EINVAL", 3) end
    for i = 1, #fds do descriptor.use(fds[i], 3) end
    answer(self, to_answer(name, result, code, 4), fds)
end

function methods.use_slave_credentials(self)
    current_call(self)
    answer(self, wire.answer({ magic = wire.MAGIC, kind = wire.REAL }), {})
end

local mt = object.class(CLASS, methods, properties)
local close = methods.close

function methods.close(self)
    check_self(self)
    if self[REPLY] then finish(self) end
    close(self)
end

local libc_service = {}

function libc_service.new()
    local master = object.new(mt)
    local list, room = ffi.gc(unix.fds_new(), unix.fds_free), native.new_room()
    room.fds = list
    rawset(master, ROOM, room)
    rawset(master, LIST, list)
    rawset(master, REPLY, false)
    rawset(master, FDS, false)
    return master, slave.new(master)
end

return libc_service
