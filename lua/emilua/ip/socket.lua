-- What sockets and acceptors have in common: the object, its options and its properties.
--
-- An object is a table {handle, direction of reading, direction of writing, flags, direction of exceptions or
-- false}. The handle is a cdata whose finaliser closes the descriptor.
local import = ...
local address = import("ip.address")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local native = import("io.native")
local operation = import("core.operation")
local add_options = import("ip.option")
local S = import("core.scheduler")
local ffi = require("ffi")

local raise, raise_code = errors.raise, errors.raise_code
local getmetatable, setmetatable, type = getmetatable, setmetatable, type
local enter, charge, check_yieldable, HEAD = S.enter, S.charge, S.check_yieldable, S.HEAD
local abort, await, perform = operation.abort, operation.await, operation.perform
local direction, recycle, TOKEN = operation.direction, operation.recycle, operation.TOKEN
local to_endpoint, from_endpoint = address.to_endpoint, address.from_endpoint
local io_new, io_free, io_close, io_is_open = native.new, native.free, native.close, native.is_open
local io_connect, io_connected = native.connect, native.connected
local vm, PENDING = import("core.native").vm, import("core.native").PENDING

local HANDLE, READ, WRITE, FLAGS, EXCEPTION = 1, 2, 3, 4, 5

local socket = { HANDLE = HANDLE, READ = READ, WRITE = WRITE, FLAGS = FLAGS }

local scratch = native.new_endpoint()

local function check(code)
    if code < 0 then raise_code(code) end
    return code
end
socket.check = check

-- A closed object of the class with metatable `mt`.
function socket.new(mt)
    local read, write = direction(), direction()
    local a, b = read[TOKEN], write[TOKEN]
    local handle = ffi.gc(io_new(vm, a, b), function(p)
        io_free(p)
        recycle(a, b)
    end)
    return setmetatable({ handle, read, write, false, false }, mt)
end

-- The direction of the exceptional condition, which few objects ever wait for.
local function exception(self)
    local d = self[EXCEPTION]
    if not d then
        d = direction()
        self[EXCEPTION] = d
        local a, b, c = self[READ][TOKEN], self[WRITE][TOKEN], d[TOKEN]
        ffi.gc(self[HANDLE], function(p)
            io_free(p)
            recycle(a, b)
            recycle(c)
        end)
    end
    return d
end
socket.exception = exception

local function abort_all(self)
    abort(self[READ])
    abort(self[WRITE])
    if self[EXCEPTION] then abort(self[EXCEPTION]) end
end

-- Adds what all classes have to `methods` and returns the class's metatable.
-- names: the options of the class; kind: 1 for streams; properties: functions of the object.
function socket.class(class, kind, names, methods, properties)
    add_options(class, names, methods)

    local function check_self(self)
        if getmetatable(self) ~= class then raise("EINVAL", 1) end
        return self[HANDLE]
    end

    function methods:open(family)
        local handle = check_self(self)
        if getmetatable(family) == "ip.address" and type(family) == "table" then
            family = address.family(family)
        elseif family == "v4" then
            family = 4
        elseif family == "v6" then
            family = 6
        else
            raise("EINVAL", 2)
        end
        if io_is_open(handle) == 1 then errors.raise_misc(1) end
        check(native.open(handle, family, kind))
        self[FLAGS] = false
    end

    function methods:bind(a, port)
        local handle = check_self(self)
        if type(a) == "string" then
            local code
            a, code = address.parse(a)
            if not a then raise_code(code) end
        elseif getmetatable(a) ~= "ip.address" then
            raise("EINVAL", 2)
        end
        endpoint.check_port(port, 3)
        check(native.bind(handle, to_endpoint(a, port, scratch)))
    end

    function methods:cancel()
        local handle = check_self(self)
        if io_is_open(handle) == 0 then errors.raise_system("EBADF") end
        abort_all(self)
    end

    function methods:close()
        local handle = check_self(self)
        abort_all(self)
        check(io_close(handle))
    end

    local function local_endpoint(self)
        check(native.local_endpoint(self[HANDLE], scratch))
        return scratch
    end

    function properties.is_open(self) return io_is_open(self[HANDLE]) == 1 end

    function properties.local_address(self) return from_endpoint(local_endpoint(self)) end

    function properties.local_port(self) return local_endpoint(self).port end

    local mt = { __metatable = class }

    function mt:__index(key)
        local method = methods[key]
        if method then return method end
        local property = properties[key]
        if property then return property(self) end
        errors.bad_index()
    end

    function mt.__newindex()
        error(("attempt to index a %s value: it has no fields to write"):format(class), 2)
    end

    return mt
end

local WAITS = { read = READ, write = WRITE, error = EXCEPTION }

-- Adds wait().
function socket.waiting(class, methods)
    function methods:wait(kind)
        if type(kind) ~= "string" then raise("EINVAL", 2) end
        local f = enter()
        if getmetatable(self) ~= class then raise("EINVAL", 1) end
        local which = WAITS[kind]
        if not which then raise("EINVAL", 2) end
        if which == EXCEPTION then
            local d = exception(self)
            check(perform(d, f, native.wait_exception, self[HANDLE], d[TOKEN]))
        else
            check(perform(self[which], f, native.wait, self[HANDLE], which == READ and 0 or 1))
        end
    end
end

local SHUTDOWN = { receive = 0, send = 1, both = 2 }

-- Adds what sockets with a peer have.
function socket.connecting(class, methods, properties)
    local function check_self(self)
        if getmetatable(self) ~= class then raise("EINVAL", 1) end
        return self[HANDLE]
    end

    function methods:connect(a, port)
        if type(port) ~= "number" then endpoint.check_port(port, 3) end
        local f = enter()
        local handle = check_self(self)
        if getmetatable(a) ~= "ip.address" then raise("EINVAL", 2) end
        endpoint.check_port(port, 3)
        check_yieldable()
        if io_is_open(handle) == 0 then self:open(a) end
        -- Its own, for the attempt goes on while others use the scratch one.
        local peer = to_endpoint(a, port, native.new_endpoint())
        local waited = (self[READ][HEAD] or self[WRITE][HEAD]) and 1 or 0
        local code = io_connect(handle, peer, waited)
        if code == PENDING then code = await(self[WRITE], f, io_connected, handle, peer) end
        check(code)
        charge(f)
    end

    function methods:disconnect()
        local code = native.disconnect(check_self(self))
        if code == -errors.number.ENOSYS then raise("ENOSYS") end
        check(code)
    end

    function methods:shutdown(what)
        local handle = check_self(self)
        local how = SHUTDOWN[what]
        if not how then raise("EINVAL", 2) end
        check(native.shutdown(handle, how))
    end

    function methods:io_control(command)
        local handle = check_self(self)
        if type(command) ~= "string" then raise("EINVAL", 2) end
        if command ~= "bytes_readable" then raise("ENOTSUP") end
        return check(native.bytes_readable(handle))
    end

    local function remote_endpoint(self)
        check(native.remote_endpoint(self[HANDLE], scratch))
        return scratch
    end

    function properties.remote_address(self) return from_endpoint(remote_endpoint(self)) end

    function properties.remote_port(self) return remote_endpoint(self).port end
end

return socket
