-- landlock(7) of an init.script: rulesets of every right that this kernel's ABI may know, declared by name.
local import = ...
local system = import("subprocess.init_script.calls")
local constants, functions = system.constants, system.functions
local ffi = require("ffi")
local bit = require("bit")
local error, ipairs, pairs, tostring, type = error, ipairs, pairs, tostring, type

-- The rights by name: bit 0 upward.
local function rights(names)
    local by_name, value = {}, 1
    for name in names:gmatch("%S+") do
        by_name[name], value = value, value * 2
    end
    return by_name
end

local FS = rights([[
    execute write_file read_file read_dir remove_dir remove_file make_char make_dir make_reg make_sock make_fifo
    make_block make_sym refer truncate ioctl_dev ]])
local NET = rights("bind_tcp connect_tcp")
local SCOPE = rights("abstract_unix_socket signal")

local FIELDS = { handled_access_fs = FS, handled_access_net = NET, scoped = SCOPE }
local VERSION = 1
local RULES = { path_beneath = 1, net_port = 2 }

local ruleset_attr = ffi.typeof("struct { uint64_t handled_access_fs, handled_access_net, scoped; }")
local path_beneath = ffi.typeof("struct __attribute__((packed)) { uint64_t allowed_access; int32_t parent_fd; }")
local net_port = ffi.typeof("struct { uint64_t allowed_access, port; }")

local function wrong(name, n, text) error(("bad argument #%d to '%s' (%s)"):format(n, name, text), 3) end

-- The bits of a list of names.
local function mask(name, n, list, known)
    if type(list) ~= "table" then wrong(name, n, "list of rights expected, got " .. type(list)) end
    local bits = 0
    for _, right in ipairs(list) do
        local value = known[right]
        if not value then wrong(name, n, "unknown right " .. tostring(right)) end
        bits = bit.bor(bits, value)
    end
    return bits
end

local function check_fields(name, n, t, known)
    if type(t) ~= "table" then wrong(name, n, "table expected, got " .. type(t)) end
    for field in pairs(t) do
        if not known[field] then wrong(name, n, "unknown field " .. tostring(field)) end
    end
end

local function create(attr, size, flags)
    return system.result("landlock_create_ruleset",
        system.call(constants.SYS_landlock_create_ruleset, attr, size, flags))
end

function functions.landlock_create_ruleset(fields, flags)
    local name = "landlock_create_ruleset"
    if flags ~= nil then
        if type(flags) ~= "table" or flags[1] ~= "version" or #flags ~= 1 then wrong(name, 2, "unknown flag") end
        if fields ~= nil then wrong(name, 1, "nil expected beside \"version\"") end
        return create(nil, 0, VERSION)
    end
    check_fields(name, 1, fields, FIELDS)
    local attr = ruleset_attr()
    for field, list in pairs(fields) do attr[field] = mask(name, 1, list, FIELDS[field]) end
    -- Older kernels know shorter structs.
    local size = fields.scoped and 24 or fields.handled_access_net and 16 or 8
    return create(attr, size, 0)
end

function functions.landlock_add_rule(ruleset, kind, fields, extra)
    local name = "landlock_add_rule"
    system.check_integer(name, 1, ruleset)
    if not RULES[kind] then wrong(name, 2, "unknown type of rule") end
    if extra ~= nil then wrong(name, 4, "no value expected") end
    local rule
    if kind == "path_beneath" then
        check_fields(name, 3, fields, { allowed_access = true, parent_fd = true })
        system.check_integer(name, 3, fields.parent_fd)
        rule = path_beneath(mask(name, 3, fields.allowed_access, FS), fields.parent_fd)
    else
        check_fields(name, 3, fields, { allowed_access = true, port = true })
        system.check_integer(name, 3, fields.port)
        rule = net_port(mask(name, 3, fields.allowed_access, NET), fields.port)
    end
    return system.result(name, system.call(constants.SYS_landlock_add_rule, ruleset, RULES[kind], rule, 0))
end

function functions.landlock_restrict_self(ruleset, extra)
    local name = "landlock_restrict_self"
    system.check_integer(name, 1, ruleset)
    if extra ~= nil then wrong(name, 2, "no value expected") end
    return system.result(name, system.call(constants.SYS_landlock_restrict_self, ruleset, 0))
end

return true
