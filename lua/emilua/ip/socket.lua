-- What sockets and acceptors have in common: names, options and properties.
local import = ...
local address = import("ip.address")
local endpoint = import("ip.endpoint")
local errors = import("core.errors")
local native = import("io.native")
local object = import("io.object")
local ffi = require("ffi")

local raise, raise_code = errors.raise, errors.raise_code
local getmetatable, type = getmetatable, type
local to_endpoint, from_endpoint = address.to_endpoint, address.from_endpoint
local io_is_open = native.is_open
local check = object.check

local HANDLE, FLAGS = object.HANDLE, 4

local socket = { HANDLE = HANDLE, READ = object.READ, WRITE = object.WRITE, FLAGS = FLAGS, check = check }

local scratch = native.new_endpoint()

socket.new = object.new

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

    local function local_endpoint(self)
        check(native.local_endpoint(self[HANDLE], scratch))
        return scratch
    end

    function properties.local_address(self) return from_endpoint(local_endpoint(self)) end

    function properties.local_port(self) return local_endpoint(self).port end

    return object.class(class, methods, properties)
end

return socket
