-- What sockets and acceptors have in common: the object, its options and its properties.
--
-- An object is a table {handle, direction of reading, direction of writing, flags}. The handle is a
-- cdata whose finaliser closes the descriptor.
local import = ...
local address = import("ip.address")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local native = import("io.native")
local operation = import("core.operation")
local ffi = require("ffi")

local raise, raise_code = errors.raise, errors.raise_code
local getmetatable, setmetatable, type = getmetatable, setmetatable, type
local abort, direction, recycle, TOKEN = operation.abort, operation.direction, operation.recycle, operation.TOKEN
local to_endpoint, from_endpoint = address.to_endpoint, address.from_endpoint
local io_new, io_free, io_close, io_is_open = native.new, native.free, native.close, native.is_open
local vm = import("core.native").vm

local HANDLE, READ, WRITE, FLAGS = 1, 2, 3, 4

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
    return setmetatable({ handle, read, write, false }, mt)
end

-- Options by name: {number for src/io/option.rs, type}.
local FLAG, INTEGER, PAIR = "boolean", "number", "pair"
local OPTIONS = {
    debug = { 1, FLAG },
    reuse_address = { 2, FLAG },
    v6_only = { 3, FLAG },
    tcp_no_delay = { 4, FLAG },
    keep_alive = { 5, FLAG },
    linger = { 6, PAIR },
    out_of_band_inline = { 7, FLAG },
    do_not_route = { 8, FLAG },
    send_buffer_size = { 9, INTEGER },
    receive_buffer_size = { 10, INTEGER },
    send_low_watermark = { 11, INTEGER },
    receive_low_watermark = { 12, INTEGER },
}

local function check_integer(value, arg)
    if type(value) ~= "number" or value % 1 ~= 0 or value < -2 ^ 31 or value >= 2 ^ 31 then
        raise("EINVAL", arg)
    end
    return value
end

local function check_boolean(value, arg)
    if type(value) ~= "boolean" then raise("EINVAL", arg) end
    return value and 1 or 0
end

local values = ffi.new("int32_t[2]")

-- Adds what all classes have to `methods` and returns the class's metatable.
-- names: the options of the class; kind: 1 for streams; properties: functions of the object.
function socket.class(class, kind, names, methods, properties)
    local options = {}
    for name in names:gmatch("%S+") do options[name] = OPTIONS[name] end

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

    function methods:set_option(name, a, b)
        local handle = check_self(self)
        if type(name) ~= "string" then raise("EINVAL", 2) end
        local option = options[name]
        if not option then raise("ENOTSUP") end
        local number, of = option[1], option[2]
        local first
        local second = 0
        if of == INTEGER then
            first = check_integer(a, 3)
        else
            first = check_boolean(a, 3)
            if of == PAIR then second = check_integer(b, 4) end
        end
        check(native.set_option(handle, number, first, second))
    end

    function methods:get_option(name)
        local handle = check_self(self)
        if type(name) ~= "string" then raise("EINVAL", 2) end
        local option = options[name]
        if not option then raise("ENOTSUP") end
        check(native.get_option(handle, option[1], values))
        if option[2] == INTEGER then return values[0] end
        if option[2] == FLAG then return values[0] ~= 0 end
        return values[0] ~= 0, values[1]
    end

    function methods:cancel()
        local handle = check_self(self)
        if io_is_open(handle) == 0 then errors.raise_system("EBADF") end
        abort(self[READ])
        abort(self[WRITE])
    end

    function methods:close()
        local handle = check_self(self)
        abort(self[READ])
        abort(self[WRITE])
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

return socket
