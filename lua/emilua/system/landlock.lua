-- Landlock: rulesets of what may be done to files, ports and other processes, for the calling thread and its children.
local import = ...
local attributes = import("system.landlock.attributes")
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local check_master = import("core.master").check
local mirror = import("core.mirror")
local native = import("system.native")
local sandbox = import("system.sandbox")

local raise = errors.raise
local check = native.check
local area = sandbox.area

local system = {}

function system.landlock_create_ruleset(fields, flags)
    if flags ~= nil then
        local question = attributes.mask(flags, attributes.QUESTIONS) or raise("EINVAL", 2)
        if question ~= 0 then
            if fields ~= nil then raise("EINVAL", 1) end
            return check(area.landlock_create(nil, 0, question))
        end
    end
    local attr, size = attributes.ruleset(fields)
    return descriptor.adopt(check(area.landlock_create(attr or raise("EINVAL", 1), size, 0)))
end

local function number_of(fd)
    descriptor.use(fd, 3)
    return descriptor.number(fd)
end

function system.landlock_add_rule(ruleset, kind, fields)
    descriptor.use(ruleset, 1)
    local type_of_rule = attributes.RULES[kind] or raise("EINVAL", 2)
    local rule = attributes.rule(kind, fields, number_of) or raise("EINVAL", 3)
    check(area.landlock_add_rule(descriptor.number(ruleset), type_of_rule, rule))
end

function system.landlock_restrict_self(ruleset, flags)
    check_master()
    descriptor.use(ruleset, 1)
    local bits = flags == nil and 0 or attributes.mask(flags, attributes.RESTRICT) or raise("EINVAL", 2)
    sandbox.check_alone("landlock_restrict_self")
    local number = descriptor.number(ruleset)
    check(area.landlock_restrict(number, bits))
    mirror("landlock", bits, 0, 0, nil, number)
end

return system
