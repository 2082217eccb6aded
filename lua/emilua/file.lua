-- file: file.stream, file.random_access, and operations composed of theirs.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local byte_span = import("byte_span")
local errors = import("core.errors")
local native = import("file.native")
local object = import("file.object")
local pending = import("file.pending")
local turn = import("file.turn")
local ffi = require("ffi")

local INTERRUPTED, MASK = L.INTERRUPTED, L.MASK
local HANDLE, TURN = object.HANDLE, object.TURN
local READ, WRITE = object.READ, object.WRITE
local HEAD = S.HEAD
local PENDING = import("core.native").PENDING
local charge, check_yieldable, enter = S.charge, S.check_yieldable, S.enter
local finish, nothing, perform = object.finish, object.nothing, pending.perform
local class_name, expected, raise = errors.class_name, errors.expected, errors.raise
local raise_code, raise_core, raise_system = errors.raise_code, errors.raise_core, errors.raise_system
local type = type
local leave, take = turn.leave, turn.take
local vm, keep_on_windows = import("core.native").vm, import("io.object").keep_on_windows

-- Stands for the position of the file.
local HERE = -1

local methods, properties = {}, {}
local stream_mt = object.class("file.stream", methods, properties)

-- A transfer that has to wait, for its turn or for the kernel.
local function wait(self, f, try, action, bs)
    check_yieldable()
    local d, handle, code = self[TURN], self[HANDLE], PENDING
    if take(d, f) then
        code = try(handle, bs, HERE)
        if code == PENDING and f[INTERRUPTED] and f[MASK] == 0 then
            leave(d, f)
            raise_core(13)
        end
    end
    if code == PENDING then code = perform(f, self, handle, action, bs, HERE) end
    leave(d, f)
    return code
end

-- read_some and write_some: tried at once unless others wait.
local function transfer(try, action)
    return function(self, bs)
        local f = enter()
        if class_name(self) ~= "file.stream" then raise("EINVAL", 1) end
        if class_name(bs) ~= "byte_span" then raise("EINVAL", 2) end
        if #bs == 0 then return nothing(f, self) end
        local n = PENDING
        if not self[TURN][HEAD] then
            n = try(self[HANDLE], bs, HERE)
            if n > 0 then
                charge(f)
                return n
            end
        end
        if n == PENDING then n = wait(self, f, try, action, bs) end
        return finish(f, n)
    end
end

methods.read_some = transfer(native.read, READ)
methods.write_some = transfer(native.write, WRITE)

local WHENCE = { set = 0, cur = 1, ["end"] = 2 }
local number = ffi.new("double[1]")

function methods:seek(offset, whence)
    if type(offset) ~= "number" then expected(2, "seek", "number", offset) end
    if type(whence) ~= "string" then expected(3, "seek", "string", whence) end
    if class_name(self) ~= "file.stream" then raise("EINVAL", 1) end
    local from = WHENCE[whence]
    if not from then raise("EINVAL") end
    local code = native.seek(self[HANDLE], offset, from, number)
    if code < 0 then raise_code(code) end
    return number[0]
end

local at_methods, at_properties = {}, {}
local random_access_mt = object.class("file.random_access", at_methods, at_properties)

-- read_some_at and write_some_at, which wait for nobody.
local function transfer_at(name, try, action)
    return function(self, offset, bs)
        if type(offset) ~= "number" then expected(2, name, "number", offset) end
        local f = enter()
        if class_name(self) ~= "file.random_access" then raise("EINVAL", 1) end
        if class_name(bs) ~= "byte_span" then raise("EINVAL", 3) end
        if #bs == 0 then return nothing(f, self) end
        -- Also false for NaN.
        if not (offset >= 0 and offset < 2 ^ 63) then raise_system("EINVAL") end
        local handle = self[HANDLE]
        local n = try(handle, bs, offset)
        if n > 0 then
            charge(f)
            return n
        end
        if n == PENDING then
            check_yieldable()
            n = perform(f, self, handle, action, bs, offset)
        end
        return finish(f, n)
    end
end

at_methods.read_some_at = transfer_at("read_some_at", native.read, READ)
at_methods.write_some_at = transfer_at("write_some_at", native.write, WRITE)

local function class(mt, takes_turns)
    return {
        new = function(fd)
            local self = object.new(mt, takes_turns)
            if fd ~= nil then object.take(self[HANDLE], fd, 1) end
            return self
        end,
    }
end

local file = { stream = class(stream_mt, true), random_access = class(random_access_mt, false) }
file.random_access.new = keep_on_windows(at_methods, file.random_access.new)

-- Any value may be an object with the methods.
local function check_io(io)
    local kind = type(io)
    if kind ~= "table" and kind ~= "userdata" and kind ~= "cdata" then raise("EINVAL", 1) end
end

-- Calls io[method] with what is left of `bs` until at least `minimum` bytes are done.
local function repeat_at(method, io, offset, bs, minimum)
    local done, size = 0, #bs
    if minimum > size then minimum = size end
    while done < minimum do
        done = done + io[method](io, offset + done, done == 0 and bs or bs:slice(done + 1))
    end
    return done
end

local function check_at(name, io, offset, bs)
    check_io(io)
    if type(offset) ~= "number" then expected(2, name, "number", offset) end
    if class_name(bs) ~= "byte_span" then raise("EINVAL", 3) end
end

local function check_minimum(name, minimum)
    if type(minimum) ~= "number" then expected(4, name, "number", minimum) end
end

function file.read_all_at(io, offset, bs)
    check_at("read_all_at", io, offset, bs)
    return repeat_at("read_some_at", io, offset, bs, #bs)
end

function file.read_at_least_at(io, offset, bs, minimum)
    check_at("read_at_least_at", io, offset, bs)
    check_minimum("read_at_least_at", minimum)
    return repeat_at("read_some_at", io, offset, bs, minimum)
end

function file.write_all_at(io, offset, data)
    if type(data) == "string" then data = byte_span.append(data) end
    check_at("write_all_at", io, offset, data)
    return repeat_at("write_some_at", io, offset, data, #data)
end

function file.write_at_least_at(io, offset, bs, minimum)
    check_at("write_at_least_at", io, offset, bs)
    check_minimum("write_at_least_at", minimum)
    return repeat_at("write_some_at", io, offset, bs, minimum)
end

file.read_file, file.write_file = import("file.whole")(file.stream.new)

local BACKENDS = { io_uring = 1, pool = 2 }

-- backend([name]): how operations are performed that cannot be done at once; with a name, from now on.
function file.backend(name)
    local wanted = 0
    if name ~= nil then
        wanted = BACKENDS[name]
        if not wanted then raise("EINVAL", 1) end
    end
    local code = native.backend(vm, wanted)
    if code < 0 then raise_code(code) end
    return code == 1 and "io_uring" or "pool"
end

return file
