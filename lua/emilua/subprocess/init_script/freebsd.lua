-- What an init.script has on FreeBSD beside POSIX: mounts, jails, capability mode.
local import = ...
local system = import("subprocess.init_script.calls")
local functions, native = system.functions, system.native
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

function functions.caph_limit_stdio()
    local code = native.limit_stdio()
    if code then return system.fail("caph_limit_stdio", code) end
    return 0, 0
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

-- jail_set(2): parameters as texts; a boolean is "true" or "false".
function functions.jail_set(parameters, flags)
    if type(parameters) ~= "table" then
        error(("bad argument #1 to 'jail_set' (table expected, got %s)"):format(type(parameters)), 2)
    end
    local bits = 0
    for _, flag in ipairs(flags or {}) do
        if not JAIL_FLAGS[flag] then
            error("bad argument #2 to 'jail_set' (unknown flag " .. tostring(flag) .. ")", 2)
        end
        bits = bits + JAIL_FLAGS[flag]
    end
    local names, values = {}, {}
    for name, value in pairs(parameters) do
        if type(name) ~= "string" or type(value) ~= "string" and type(value) ~= "boolean" then
            system.die("jail_set", "invalid argument")
        end
        names[#names + 1], values[#values + 1] = name, tostring(value)
    end
    local jail, code = native.jail_set(names, values, bits)
    if not jail then return system.fail("jail_set", code) end
    return jail, 0
end

return true
