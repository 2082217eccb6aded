-- What an init.script has on FreeBSD beside POSIX: mounts, jails, capability mode.
local import = ...
local system = import("subprocess.init_script.calls")
local functions = system.functions
local check_integer, check_string = system.check_integer, system.check_string
local ffi = require("ffi")
local error, ipairs, pairs, tostring, type = error, ipairs, pairs, tostring, type

system.define([[
    unmount si
    cap_enter
    jail_attach i ]])

ffi.cdef([[
    struct iovec { void *iov_base; size_t iov_len; };
    int mount(const char *, const char *, int, void *);
    int jail_set(struct iovec *, unsigned int, int); ]])

-- mount(2): `data` is a string of bytes that the file system understands.
function functions.mount(kind, target, flags, data)
    check_string("mount", 1, kind)
    check_string("mount", 2, target)
    check_integer("mount", 3, flags)
    if data ~= nil then system.check_bytes("mount", 4, data) end
    local bytes = data and ffi.cast("void *", ffi.cast("const char *", data))
    return system.result("mount", ffi.C.mount(kind, target, flags, bytes))
end

-- The filters of libc_service are without them.
local area = import("core.raw").operations.jail
local jail = area and ffi.cast(ffi.typeof("struct { "
    .. import("system.jail.prototypes"):gsub("([%w_]+)(%b();)", "(*%1)%2") .. " } * /* init.script */"), area)

local function checked(name, code)
    if code < 0 then return system.fail(name, -code) end
    return code, 0
end

if jail then
    function functions.caph_limit_stdio() return checked("caph_limit_stdio", jail.limit_stdio()) end
end

-- tzset(3) reads the zone's file, which cannot be opened in capability mode.
ffi.cdef("void tzset(void); int setenv(const char *, const char *, int);")

function functions.caph_cache_tzdata(zone)
    if zone ~= nil then
        check_string("caph_cache_tzdata", 1, zone)
        ffi.C.setenv("TZ", zone, 1)
    end
    ffi.C.tzset()
    return 0, 0
end

local JAIL_FLAGS = { create = 1, update = 2, attach = 4, dying = 8 }

local function flags_of(list)
    local bits = 0
    for _, flag in ipairs(list or {}) do
        if not JAIL_FLAGS[flag] then
            error("bad argument #2 to 'jail_set' (unknown flag " .. tostring(flag) .. ")", 3)
        end
        bits = bit.bor(bits, JAIL_FLAGS[flag])
    end
    return bits
end

-- jailparam_set(3): parameters as texts; a boolean is "true" or "false".
local function jail_set(parameters, flags)
    if type(parameters) ~= "table" then
        error(("bad argument #1 to 'jail_set' (table expected, got %s)"):format(type(parameters)), 2)
    end
    local bits = flags_of(flags)
    local list = ffi.gc(jail.new(), jail.free)
    for name, value in pairs(parameters) do
        if type(name) ~= "string" or type(value) ~= "string" and type(value) ~= "boolean" then
            system.die("jail_set", "invalid argument")
        end
        value = tostring(value)
        local code = jail.parameter(list, name, #name, value, #value)
        if code ~= 0 then return system.fail("jail_set", math.abs(code)) end
    end
    return checked("jail_set", jail.set(list, bits))
end
if jail then functions.jail_set = jail_set end

return true
