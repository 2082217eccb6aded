-- system: the process, its children, its terminal and its rights.
local import = ...
local data = import("system.data")
local errors = import("core.errors")
local native = import("system.native")

-- Parts by the names that they define, parsed when one is first asked for.
local PARTS = {
    ["system.identity"] = [[ getpid getppid getpgrp getpgid getsid setpgid setsid kill getresuid getresgid setresuid
        setresgid getgroups setgroups ]],
    ["system.capabilities"] = [[ cap_get_proc cap_init cap_from_text cap_get_bound cap_get_ambient cap_drop_bound
        cap_set_ambient cap_reset_ambient cap_set_secbits cap_get_secbits ]],
    ["system.sandbox"] = "set_no_new_privs seccomp_set_mode_filter",
    ["system.landlock"] = "landlock_create_ruleset landlock_add_rule landlock_restrict_self",
    ["system.inherited"] = "get_lowfd get_ld_library_directories",
    ["system.subprocess"] = "spawn",
    ["system.run"] = "run",
    ["system.jail"] = "jail_set jail_get jail_remove jailparam_all caph_limit_stdio",
}
local part_of = {}
for part, names in pairs(PARTS) do
    for name in names:gmatch("%S+") do part_of[name] = part end
end
if jit.os == "BSD" then part_of.set_no_new_privs = "system.jail" end

-- Bits of linux/securebits.h; each is followed by the one that locks it.
local SECUREBITS = {}
for i, name in ipairs({ "NOROOT", "NO_SETUID_FIXUP", "KEEP_CAPS", "NO_CAP_AMBIENT_RAISE" }) do
    SECUREBITS["SECBIT_" .. name] = 4 ^ (i - 1)
    SECUREBITS["SECBIT_" .. name .. "_LOCKED"] = 2 * 4 ^ (i - 1)
end

local fields = {
    exit = import("system.exit"),
    signal = import("system.signal"),
}
for name, stream in pairs(import("system.standard")) do fields[name] = stream end

-- Parts that are tables of their own.
local TABLES = { terminal = "system.terminal" }

local mt = errors.class("system")

function mt.__index(_, key)
    local value = fields[key]
    if value ~= nil then return value end
    if key == "arguments" then return data.arguments() end
    if key == "environment" then return data.environment() end
    if TABLES[key] then
        fields[key] = import(TABLES[key])
        return fields[key]
    end
    local part = part_of[key]
    if part then
        part = import(part)
        value = (part.system or part)[key]
        fields[key] = value
        return value
    end
    if SECUREBITS[key] then
        if jit.os ~= "Linux" then native.missing() end
        return SECUREBITS[key]
    end
    errors.bad_index()
end

function mt.__newindex() errors.raise("EPERM") end

return setmetatable({}, mt)
