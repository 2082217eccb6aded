-- Landlock: rulesets of what may be done to files, for the calling thread and its children.
local import = ...
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local check_master = import("core.master").check
local mirror = import("core.mirror")
local native = import("system.native")
local sandbox = import("system.sandbox")

local raise = errors.raise
local check = native.check
local area = sandbox.area
local ipairs, type = ipairs, type

local system = {}

-- Bits of the rights of Landlock, in the order of the kernel's.
local ACCESS = {}
do
    local bit = 1
    for name in ([[ execute write_file read_file read_dir remove_dir remove_file make_char make_dir make_reg
        make_sock make_fifo make_block make_sym refer truncate ]]):gmatch("%S+") do
        ACCESS[name] = bit
        bit = bit * 2
    end
end

-- The bits of a list of rights, which argument `arg` holds.
local function access(list, arg)
    if type(list) ~= "table" then raise("EINVAL", arg) end
    local bits, seen = 0, {}
    for _, name in ipairs(list) do
        local bit = ACCESS[name] or raise("EINVAL", arg)
        if not seen[name] then bits = bits + bit end
        seen[name] = true
    end
    return bits
end

function system.landlock_create_ruleset(attr, flags)
    if flags ~= nil then
        if type(flags) ~= "table" then raise("EINVAL", 2) end
        for _, flag in ipairs(flags) do
            if flag ~= "version" then raise("EINVAL", 2) end
        end
        if flags[1] then
            if attr ~= nil then raise("EINVAL", 1) end
            return check(area.landlock_version())
        end
    end
    if type(attr) ~= "table" then raise("EINVAL", 1) end
    return descriptor.adopt(check(area.landlock_create(access(attr.handled_access_fs, 1))))
end

function system.landlock_add_rule(ruleset, kind, attr)
    descriptor.use(ruleset, 1)
    if kind ~= "path_beneath" then raise("EINVAL", 2) end
    if type(attr) ~= "table" then raise("EINVAL", 3) end
    local bits = access(attr.allowed_access, 3)
    descriptor.use(attr.parent_fd, 3)
    check(area.landlock_add_path(descriptor.number(ruleset), bits, descriptor.number(attr.parent_fd)))
end

function system.landlock_restrict_self(ruleset)
    check_master()
    descriptor.use(ruleset, 1)
    sandbox.check_alone("landlock_restrict_self")
    local number = descriptor.number(ruleset)
    check(area.landlock_restrict(number))
    mirror("landlock", 0, 0, 0, nil, number)
end

return system
