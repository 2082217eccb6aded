-- seccomp: profiles of system calls to programs of the kernel. seccompiler knows one action for what matches and one
-- for the rest: consecutive rules of one action are a filter of its JSON, and the Rust half links the filters.
local import = ...
local byte_span = import("byte_span")
local errors = import("core.errors")
local compile = import("core.raw").functions.seccomp_compile
local ffi = require("ffi")

local cast, istype = ffi.cast, ffi.istype
local concat = table.concat
local error, ipairs, pairs, tostring, type, unpack = error, ipairs, pairs, tostring, type, unpack

local seccomp = {}

local function wrong(text, ...)
    local e = errors.new(errors.generic, errors.number.EINVAL)
    e.arg, e.detail = 1, text:format(...)
    error(e, 0)
end

local function check_fields(what, t, known)
    if type(t) ~= "table" then wrong("%s: a table expected, got %s", what, type(t)) end
    for key in pairs(t) do
        if type(key) ~= "number" and not known[key] then wrong("%s: unknown field %s", what, tostring(key)) end
    end
end

-- Whether `n` is an integer from 0 to `last`.
local function is_index(n, last) return type(n) == "number" and n % 1 == 0 and n >= 0 and n <= last end

local ACTIONS = { allow = true, kill_process = true, kill_thread = true, log = true, trap = true }
local MAX_ERRNO = 4095

-- The JSON of an action.
local function action(what, value)
    if ACTIONS[value] then return ('"%s"'):format(value) end
    if type(value) ~= "table" then wrong("%s: unknown action %s", what, tostring(value)) end
    check_fields(what, value, { errno = true, trace = true })
    local errno, trace = value.errno, value.trace
    if (errno == nil) == (trace == nil) then wrong("%s: one of errno and trace expected", what) end
    if trace ~= nil then
        if not is_index(trace, 0xffff) then wrong("%s: trace is no integer below 65536", what) end
        return ('{"trace":%d}'):format(trace)
    end
    local number = type(errno) == "string" and errors.system_number[errno] or errno
    if not is_index(number, MAX_ERRNO) then wrong("%s: unknown errno %s", what, tostring(errno)) end
    return ('{"errno":%d}'):format(number)
end

local BITS = { dword = 32, qword = 64 }
local OPERATORS = { eq = true, ne = true, lt = true, le = true, gt = true, ge = true }

local int64, uint64 = ffi.typeof("int64_t"), ffi.typeof("uint64_t")

local function is_integer(x)
    if type(x) == "number" then return x % 1 == 0 and x >= -2 ^ 63 and x < 2 ^ 64 end
    return istype(int64, x) or istype(uint64, x)
end

-- The digits of an integer of `bits` bits; negative ones are two's complement.
local function digits(what, value, bits)
    if not is_integer(value) then wrong("%s: an integer expected, got %s", what, tostring(value)) end
    local negative = not istype(uint64, value) and value < 0
    -- The conversion of a negative number to uint64_t is undefined.
    local word = cast(uint64, negative and cast(int64, value) or value)
    if bits == 32 then
        if negative and value >= -2 ^ 31 then word = word % 2 ^ 32 end
        if word >= 0x100000000ULL then wrong("%s: more than 32 bits: %s", what, tostring(value)) end
    end
    return (tostring(word):gsub("ULL", ""))
end

local CONDITION = { index = true, type = true, op = true, value = true, mask = true }

local function condition(what, t)
    check_fields(what, t, CONDITION)
    if not is_index(t.index, 5) then wrong("%s: index is none of 0 to 5", what) end
    local bits = BITS[t.type] or wrong("%s: type is neither dword nor qword", what)
    local op
    if t.op == "masked_eq" then
        op = ('{"masked_eq":%s}'):format(digits(what .. ".mask", t.mask, bits))
    elseif OPERATORS[t.op] then
        if t.mask ~= nil then wrong("%s: mask without masked_eq", what) end
        op = ('"%s"'):format(t.op)
    else
        wrong("%s: unknown op %s", what, tostring(t.op))
    end
    local value = digits(what .. ".value", t.value, bits)
    return ('{"index":%d,"type":"%s","op":%s,"val":%s}'):format(t.index, t.type, op, value)
end

local function conditions(what, list)
    if list == nil then return nil end
    if type(list) ~= "table" or #list == 0 then wrong("%s: a list of conditions expected", what) end
    local parts = {}
    for i, t in ipairs(list) do parts[i] = condition(("%s[%d]"):format(what, i), t) end
    return "[" .. concat(parts, ",") .. "]"
end

-- Filters that are decided one after the other, each with the rules of one action.
local function add(stages, act, name, args)
    local stage = stages[#stages]
    if not stage or stage.action ~= act then
        stage = { action = act, rules = {}, unconditional = {} }
        stages[#stages + 1] = stage
    end
    stage.rules[#stage.rules + 1] = { name = name, args = args }
    -- seccompiler would forget it beside rules with conditions.
    if not args then stage.unconditional[name] = true end
end

local RULE = { name = true, action = true, args = true }

local function read_rules(profile)
    local list = profile.syscalls
    if type(list) ~= "table" then wrong("syscalls: a list expected, got %s", type(list)) end
    local match = profile.match ~= nil and action("match", profile.match) or '"allow"'
    local stages = {}
    for i, rule in ipairs(list) do
        local what = ("syscalls[%d]"):format(i)
        if type(rule) == "string" then rule = { rule } end
        check_fields(what, rule, RULE)
        local act = rule.action ~= nil and action(what .. ".action", rule.action) or match
        local args = conditions(what .. ".args", rule.args)
        local names = rule.name ~= nil and { rule.name } or rule
        if #names == 0 then wrong("%s: no name", what) end
        for _, name in ipairs(names) do
            if type(name) ~= "string" or not name:find("^[%w_]+$") then
                wrong("%s: unknown system call %s", what, tostring(name))
            end
            add(stages, act, name, args)
        end
    end
    return stages
end

-- The member of seccompiler's map for a filter; `default` is told from all others by being another action.
local function filter(name, default, match, rules)
    return ('"%d":{"mismatch_action":%s,"match_action":%s,"filter":[%s]}'):format(name, default, match, rules)
end

local function other_than(act) return act == '"log"' and '"trap"' or '"log"' end

local function rules_of(stage)
    local parts = {}
    for _, rule in ipairs(stage.rules) do
        local name, args = rule.name, rule.args
        if not args then
            parts[#parts + 1] = ('{"syscall":"%s"}'):format(name)
        elseif not stage.unconditional[name] then
            parts[#parts + 1] = ('{"syscall":"%s","args":%s}'):format(name, args)
        end
    end
    return concat(parts, ",")
end

local function compile_stages(stages, default, architecture)
    local filters, names = {}, {}
    for i, stage in ipairs(stages) do
        filters[i] = filter(i, other_than(stage.action), stage.action, rules_of(stage))
        names[i] = tostring(i)
    end
    local last = #stages + 1
    filters[last], names[last] = filter(last, default, other_than(default), ""), tostring(last)
    return compile("{" .. concat(filters, ",") .. "}", architecture, unpack(names))
end

local ARCHITECTURES = { "x86_64", "aarch64", "riscv64" }

local function is_known(name, architecture)
    return compile("{" .. filter(1, '"log"', '"allow"', ('{"syscall":"%s"}'):format(name)) .. "}", architecture) ~= nil
end

local function is_known_elsewhere(name)
    for _, architecture in ipairs(ARCHITECTURES) do
        if is_known(name, architecture) then return true end
    end
end

-- Leaves out the calls that only other architectures have.
local function prune(stages, architecture)
    for _, stage in ipairs(stages) do
        local kept = {}
        for _, rule in ipairs(stage.rules) do
            if is_known(rule.name, architecture) then
                kept[#kept + 1] = rule
            elseif not is_known_elsewhere(rule.name) then
                wrong("unknown system call %s", rule.name)
            end
        end
        stage.rules = kept
    end
end

local PROFILE = { default = true, match = true, syscalls = true, architecture = true }

local function compile_table(profile)
    check_fields("profile", profile, PROFILE)
    local architecture = profile.architecture
    if architecture ~= nil and type(architecture) ~= "string" then wrong("architecture: a string expected") end
    local default = action("default", profile.default)
    local stages = read_rules(profile)
    local program, text = compile_stages(stages, default, architecture)
    if not program then
        prune(stages, architecture)
        program, text = compile_stages(stages, default, architecture)
    end
    return program, text
end

-- compile(table) or compile(JSON[, name of its filter]).
function seccomp.compile(profile, name)
    if not compile then errors.raise("ENOSYS") end
    if name ~= nil and (type(name) ~= "string" or type(profile) ~= "string") then errors.raise("EINVAL", 2) end
    local program, text
    if type(profile) ~= "string" then
        program, text = compile_table(profile)
    elseif name then
        program, text = compile(profile, nil, name)
    else
        program, text = compile(profile)
    end
    return byte_span.append(program or wrong("%s", text))
end

-- What the profile "worker" grants to programs that know nothing of their namespaces.
local WORKER = { jit = true }

-- profile(name) -> table.
function seccomp.profile(name)
    if not compile then errors.raise("ENOSYS") end
    if name == "worker" then return import("seccomp.worker").profile(WORKER) end
    if name == "container" then return import("seccomp.container").profile() end
    errors.raise("EINVAL", 1)
end

return seccomp
