-- Socket options by name: {number for src/io/option, type}.
local import = ...
local address = import("ip.address")
local errors = import("core.errors")
local native = import("io.native")
local ffi = require("ffi")

local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local type = type
local HANDLE = import("core.native").HANDLE

-- HOPS are integers of a byte. ADDRESS options are set only; MULTICAST is the number of what to do with the address.
local FLAG, INTEGER, PAIR, HOPS, ADDRESS = "flag", "integer", "pair", "hops", "address"
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
    broadcast = { 13, FLAG },
    multicast_loop = { 14, FLAG },
    multicast_hops = { 15, HOPS },
    unicast_hops = { 16, INTEGER },
    reuse_port = { 17, FLAG },
    tcp_keep_alive_idle = { 18, INTEGER },
    tcp_keep_alive_interval = { 19, INTEGER },
    tcp_keep_alive_count = { 20, INTEGER },
    tcp_user_timeout = { 21, INTEGER },
    join_multicast_group = { 0, ADDRESS },
    leave_multicast_group = { 1, ADDRESS },
    multicast_interface = { 2, ADDRESS, v4_only = true },
}

local scratch = native.new_endpoint()
local values = ffi.new("int32_t[2]")

local function check(code)
    if code < 0 then raise_code(code) end
end

local function check_boolean(value, arg)
    if type(value) ~= "boolean" then raise("EINVAL", arg) end
    return value and 1 or 0
end

local function check_integer(value, arg)
    if type(value) ~= "number" or value % 1 ~= 0 or value < -2 ^ 31 or value >= 2 ^ 31 then
        raise("EINVAL", arg)
    end
    return value
end

local function set_address(handle, option, a)
    if class_name(a) ~= "ip.address" then raise("EINVAL", 3) end
    if option.v4_only and a.is_v6 then raise("EINVAL", 3) end
    check(native.multicast(handle, option[1], address.to_endpoint(a, 0, scratch)))
end

local function set(handle, option, a, b)
    local number, of = option[1], option[2]
    local second = 0
    if of == ADDRESS then return set_address(handle, option, a) end
    if of == INTEGER or of == HOPS then
        check_integer(a, 3)
        if of == HOPS and (a < 0 or a > 255) then raise("EINVAL", 3) end
    else
        a = check_boolean(a, 3)
        if of == PAIR then second = check_integer(b, 4) end
    end
    check(native.set_option(handle, number, a, second))
end

local function get(handle, option)
    local of = option[2]
    if of == ADDRESS then raise("ENOTSUP") end
    check(native.get_option(handle, option[1], values))
    if of == FLAG then return values[0] ~= 0 end
    if of == PAIR then return values[0] ~= 0, values[1] end
    return values[0]
end

-- Adds set_option() and get_option() for the options in `names`.
return function(class, names, methods)
    local options = {}
    for name in names:gmatch("%S+") do options[name] = OPTIONS[name] end

    local function find(self, name)
        if class_name(self) ~= class then raise("EINVAL", 1) end
        if type(name) ~= "string" then raise("EINVAL", 2) end
        return options[name] or raise("ENOTSUP")
    end

    function methods:set_option(name, a, b)
        local option = find(self, name)
        set(self[HANDLE], option, a, b)
    end

    function methods:get_option(name)
        local option = find(self, name)
        return get(self[HANDLE], option)
    end
end
