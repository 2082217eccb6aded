-- Jails of FreeBSD, by libjail, and what else a process limits itself by there.
local import = ...
local errors = import("core.errors")
local core = import("core.native")
local check_master = import("core.master").check
local mirror = import("core.mirror")
local native = import("system.native")
local ffi = require("ffi")

local raise = errors.raise
local check = native.check
local ipairs, pairs, tostring, type = ipairs, pairs, tostring, type

local area = native.bind("jail", import("system.jail.prototypes"))

-- Bits of sys/jail.h.
local FLAGS = { create = 0x01, update = 0x02, dying = 0x08 }

local function flags_of(list, allowed)
    if list == nil then return 0 end
    if type(list) ~= "table" then raise("EINVAL", 2) end
    local bits = 0
    for _, name in ipairs(list) do
        if not allowed[name] then raise("EINVAL", 2) end
        bits = bit.bor(bits, FLAGS[name])
    end
    return bits
end

-- A list of parameters, in the hands of the native half.
local function new() return ffi.gc(area.new(), area.free) end

-- Raises for a parameter that libjail refuses: a code above 0 says that it was its value.
local function refused(name, code)
    if code == 0 then return end
    local value = code > 0
    local e = errors.new(errors.system, value and code or -code)
    e.arg = 1
    e[value and "jailparam_import" or "jailparam_init"] = name
    error(e, 0)
end

local function add(params, name, value)
    if type(value) == "boolean" then value = tostring(value) end
    if type(name) ~= "string" or type(value) ~= "string" then raise("EINVAL", 1) end
    refused(name, area.parameter(params, name, #name, value, #value))
end

local system = {}

function system.jail_set(params, flags)
    if area == native.absent then native.missing() end
    if type(params) ~= "table" then raise("EINVAL", 1) end
    local bits = flags_of(flags, { create = true, update = true, dying = true })
    local list = new()
    for name, value in pairs(params) do add(list, name, value) end
    return check(area.set(list, bits))
end

local FILTERS = { jid = true, name = true, lastjid = true }

function system.jail_get(params, flags)
    if area == native.absent then native.missing() end
    if type(params) ~= "table" then raise("EINVAL", 1) end
    local bits = flags_of(flags, { dying = true })
    local list = new()
    for name, value in pairs(params) do
        if type(name) == "string" then
            if not FILTERS[name] then raise("EINVAL", 1) end
            add(list, name, type(value) == "number" and ("%d"):format(value) or value)
        end
    end
    local wanted = {}
    for i, name in ipairs(params) do
        if type(name) ~= "string" then raise("EINVAL", 1) end
        refused(name, area.wanted(list, name, #name))
        wanted[i] = name
    end
    local jid = check(area.get(list, bits))
    local values = {}
    for i, name in ipairs(wanted) do
        values[name] = core.text(area.value(list, i - 1, core.buffer, 1024)) or raise("ENOMEM")
    end
    return jid, values
end

function system.jail_remove(jid)
    if area == native.absent then native.missing() end
    check(area.remove(native.integer(jid, 1)))
end

function system.jailparam_all()
    if area == native.absent then native.missing() end
    local names = {}
    while true do
        local length = area.all(#names, core.buffer, 1024)
        if length == 0 then return names end
        names[#names + 1] = ffi.string(core.buffer, check(length))
    end
end

function system.set_no_new_privs()
    check_master()
    check(area.set_no_new_privs())
    mirror("no_new_privs")
end

-- caph_limit_stdio of Capsicum.
function system.caph_limit_stdio()
    check_master()
    check(area.limit_stdio())
end

return system
