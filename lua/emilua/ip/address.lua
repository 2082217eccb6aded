-- ip.address: a v4 or v6 address. The bytes are a Lua string in network order, so that comparing
-- addresses is comparing strings.
local import = ...
local errors = import("core.errors")
local native = import("io.native")
local ffi = require("ffi")

local class_name, raise, raise_code = errors.class_name, errors.raise, errors.raise_code
local setmetatable, type = setmetatable, type
local byte, min, sub = string.byte, math.min, string.sub

-- Slots of an address.
local FAMILY, BYTES, SCOPE = 1, 2, 3

local V4_MAPPED = ("\0"):rep(10) .. "\255\255"

local mt = errors.class("ip.address")
local scratch = native.new_endpoint()

local buffer = ffi.new("char[128]")

local function address_text(endpoint)
    return ffi.string(buffer, native.address_format(endpoint, buffer, 128))
end

local function make(family, bytes, scope)
    -- In parentheses, as in io/object.lua.
    return (setmetatable({ family, bytes, scope }, mt))
end

-- The address in an endpoint of the boundary.
local function from_endpoint(endpoint)
    local family = endpoint.family
    return make(family, ffi.string(endpoint.bytes, family == 4 and 4 or 16), endpoint.scope)
end

-- Puts an address into an endpoint.
local function to_endpoint(a, port, endpoint)
    endpoint.family, endpoint.port, endpoint.scope = a[FAMILY], port, a[SCOPE]
    local bytes = a[BYTES]
    ffi.copy(endpoint.bytes, bytes, min(#bytes, 16))
    return endpoint
end

-- The address of a text; nil and the negative code when it is none.
local function parse(text)
    local code = native.address_parse(text, #text, scratch)
    if code < 0 then return nil, code end
    return from_endpoint(scratch)
end

local address = {}

function address.new(text)
    if text == nil then return make(4, "\0\0\0\0", 0) end
    if type(text) ~= "string" then raise("EINVAL", 1) end
    local a, code = parse(text)
    return a or raise_code(code)
end

function address.any_v4() return make(4, "\0\0\0\0", 0) end

function address.any_v6() return make(6, ("\0"):rep(16), 0) end

function address.loopback_v4() return make(4, "\127\0\0\1", 0) end

function address.loopback_v6() return make(6, ("\0"):rep(15) .. "\1", 0) end

function address.broadcast_v4() return make(4, "\255\255\255\255", 0) end

local function check_self(self)
    if class_name(self) ~= "ip.address" then raise("EINVAL", 1) end
end

local methods = {}

function methods:to_v6()
    check_self(self)
    if self[FAMILY] ~= 4 then raise("EINVAL", 1) end
    return make(6, V4_MAPPED .. self[BYTES], 0)
end

function methods:to_v4()
    check_self(self)
    if self[FAMILY] ~= 6 then raise("EINVAL", 1) end
    if sub(self[BYTES], 1, 12) ~= V4_MAPPED then raise("EINVAL") end
    return make(4, sub(self[BYTES], 13), 0)
end

local function scoped_multicast(scope)
    return function(b) return byte(b, 1) == 0xff and byte(b, 2) % 16 == scope end
end

-- Properties of both families: of the bytes, by family.
local both = {
    is_loopback = {
        [4] = function(b) return byte(b, 1) == 127 end,
        [6] = function(b) return b == ("\0"):rep(15) .. "\1" end,
    },
    is_multicast = {
        [4] = function(b) return byte(b, 1) >= 224 and byte(b, 1) <= 239 end,
        [6] = function(b) return byte(b, 1) == 0xff end,
    },
    is_unspecified = {
        [4] = function(b) return b == "\0\0\0\0" end,
        [6] = function(b) return b == ("\0"):rep(16) end,
    },
}

-- Properties of v6 addresses only.
local v6 = {
    is_link_local = function(b) return byte(b, 1) == 0xfe and byte(b, 2) >= 0x80 and byte(b, 2) < 0xc0 end,
    is_site_local = function(b) return byte(b, 1) == 0xfe and byte(b, 2) >= 0xc0 end,
    is_v4_mapped = function(b) return sub(b, 1, 12) == V4_MAPPED end,
    is_multicast_node_local = scoped_multicast(1),
    is_multicast_link_local = scoped_multicast(2),
    is_multicast_site_local = scoped_multicast(5),
    is_multicast_org_local = scoped_multicast(8),
    is_multicast_global = scoped_multicast(0xe),
}

function mt:__index(key)
    local method = methods[key]
    if method then return method end
    local family = self[FAMILY]
    if key == "is_v4" then return family == 4 end
    if key == "is_v6" then return family == 6 end
    local property = both[key]
    if property then return property[family](self[BYTES]) end
    if key ~= "scope_id" and not v6[key] then errors.bad_index() end
    if family == 4 then raise("EINVAL", 1) end
    if key == "scope_id" then return self[SCOPE] end
    return v6[key](self[BYTES])
end

function mt:__newindex(key, value)
    if key ~= "scope_id" then errors.bad_index() end
    if self[FAMILY] == 4 then raise("EINVAL", 1) end
    if type(value) ~= "number" or not (value >= 0 and value < 2 ^ 32) then raise("EINVAL", 3) end
    self[SCOPE] = math.floor(value)
end

function mt:__tostring() return address_text(to_endpoint(self, 0, scratch)) end

function mt.__eq(a, b)
    return a[FAMILY] == b[FAMILY] and a[BYTES] == b[BYTES] and a[SCOPE] == b[SCOPE]
end

local function check_operands(a, b)
    if class_name(a) ~= "ip.address" then raise("EINVAL", 1) end
    if class_name(b) ~= "ip.address" then raise("EINVAL", 2) end
end

function mt.__lt(a, b)
    check_operands(a, b)
    if a[FAMILY] ~= b[FAMILY] then return a[FAMILY] < b[FAMILY] end
    if a[BYTES] ~= b[BYTES] then return a[BYTES] < b[BYTES] end
    return a[SCOPE] < b[SCOPE]
end

function mt.__le(a, b) return not mt.__lt(b, a) end

return {
    public = address,
    parse = parse,
    from_endpoint = from_endpoint,
    to_endpoint = to_endpoint,
    family = function(a) return a[FAMILY] end,
}
