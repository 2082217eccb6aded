-- landlock(7) of an init.script.
local import = ...
local attributes = import("system.landlock.attributes")
local system = import("subprocess.init_script.calls")
local constants, functions = system.constants, system.functions
local error = error

local function wrong(name, n, text) error(("bad argument #%d to '%s' (%s)"):format(n, name, text), 3) end

function functions.landlock_create_ruleset(fields, flags)
    local name = "landlock_create_ruleset"
    local attr, size, question, text
    if flags ~= nil then
        question, text = attributes.mask(flags, attributes.QUESTIONS)
        if not question then wrong(name, 2, text) end
    end
    if question and question ~= 0 then
        if fields ~= nil then wrong(name, 1, "nil expected beside " .. flags[1]) end
    else
        attr, size = attributes.ruleset(fields)
        if not attr then wrong(name, 1, size) end
    end
    return system.result(name,
        system.call(constants.SYS_landlock_create_ruleset, attr, size or 0, question or 0))
end

function functions.landlock_add_rule(ruleset, kind, fields, extra)
    local name = "landlock_add_rule"
    system.check_integer(name, 1, ruleset)
    local type_of_rule = attributes.RULES[kind] or wrong(name, 2, "unknown type of rule")
    if extra ~= nil then wrong(name, 4, "no value expected") end
    local rule, text = attributes.rule(kind, fields, function(fd) return system.check_integer(name, 3, fd) end)
    if not rule then wrong(name, 3, text) end
    return system.result(name, system.call(constants.SYS_landlock_add_rule, ruleset, type_of_rule, rule, 0))
end

function functions.landlock_restrict_self(ruleset, flags)
    local name = "landlock_restrict_self"
    system.check_integer(name, 1, ruleset)
    local bits = 0
    if flags ~= nil then
        local sum, text = attributes.mask(flags, attributes.RESTRICT)
        bits = sum or wrong(name, 2, text)
    end
    return system.result(name, system.call(constants.SYS_landlock_restrict_self, ruleset, bits))
end

return true
