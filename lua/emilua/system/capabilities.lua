-- linux_capabilities: sets of capabilities, and what of them the process has.
local import = ...
local errors = import("core.errors")
local check_master = import("core.master").check
local mirror = import("core.mirror")
local names = import("system.capabilities.names")
local native = import("system.native")
local sandbox = import("system.sandbox")
local text = import("system.capabilities.text")
local ffi = require("ffi")

local class_name, raise = errors.class_name, errors.raise
local check = native.check
local area, check_alone = sandbox.area, sandbox.check_alone
local count, number_of = names.count, names.number_of
local setmetatable, type = setmetatable, type

-- An object is a list of three vectors {effective, permitted, inheritable}, each a table from numbers to true, and
-- the user id that owns the namespace of a file's capabilities.
local VECTOR = { effective = 1, permitted = 2, inheritable = 3 }
local OWNER = 4

local CLASS = "linux_capabilities"
local methods = {}
local mt = errors.class(CLASS, { __index = errors.strict(methods), __newindex = errors.bad_index })

local capabilities = {}

local function make(state)
    state[OWNER] = state[OWNER] or 0
    return setmetatable(state, mt)
end

local function this(self, arg)
    if class_name(self) ~= CLASS then raise("EINVAL", arg or 1) end
    return self
end
capabilities.use = this

-- The number of a capability, and the index of a vector; argument `arg`.
local function number(name, arg) return type(name) == "string" and number_of[name] or raise("EINVAL", arg) end

local function vector(name, arg) return type(name) == "string" and VECTOR[name] or raise("EINVAL", arg) end

local function copy(v)
    local new = {}
    for n in pairs(v) do new[n] = true end
    return new
end

local words_type = ffi.typeof("struct { uint32_t sets[3]; } [2] /* capability words */")
capabilities.new_words = words_type

-- Between the vectors and the two words that the kernel has for each.
function capabilities.from_words(words, owner)
    local state = { {}, {}, {}, owner }
    for i = 1, 3 do
        for n = 0, count - 1 do
            if bit.band(words[n >= 32 and 1 or 0].sets[i - 1], 2 ^ (n % 32)) ~= 0 then state[i][n] = true end
        end
    end
    return make(state)
end

function capabilities.to_words(state)
    local words = words_type()
    for i = 1, 3 do
        for n in pairs(state[i]) do
            local word = words[n >= 32 and 1 or 0].sets
            word[i - 1] = word[i - 1] + 2 ^ (n % 32)
        end
    end
    return words
end

-- The capabilities of a process; 0 is the calling one.
function capabilities.of(pid)
    local words = words_type()
    check(area.capabilities_get(pid, words))
    return capabilities.from_words(words)
end

function methods:dup()
    this(self)
    return make({ copy(self[1]), copy(self[2]), copy(self[3]), self[OWNER] })
end

function methods:clear()
    this(self)
    self[1], self[2], self[3] = {}, {}, {}
end

function methods:clear_flag(flag)
    this(self)
    self[vector(flag, 2)] = {}
end

function methods:get_flag(cap, flag)
    this(self)
    local n = number(cap, 2)
    return self[vector(flag, 3)][n] == true
end

function methods:set_flag(flag, caps, value)
    this(self)
    local v = self[vector(flag, 2)]
    if type(caps) ~= "table" then raise("EINVAL", 3) end
    if type(value) ~= "boolean" then raise("EINVAL", 4) end
    local list = {}
    for i = 1, #caps do list[i] = number(caps[i], 3) end
    for i = 1, #list do v[list[i]] = value or nil end
end

function methods:fill_flag(to, ref, from)
    this(self)
    local index = vector(to, 2)
    this(ref, 3)
    self[index] = copy(ref[vector(from, 4)])
end

function methods:fill(to, from)
    this(self)
    local index = vector(to, 2)
    self[index] = copy(self[vector(from, 3)])
end

function methods:set_proc()
    check_master()
    this(self)
    check_alone("set_proc")
    local words = capabilities.to_words(self)
    check(area.capabilities_set(words))
    mirror("capabilities", 0, 0, 0, ffi.string(words, ffi.sizeof(words)))
end

function methods:get_nsowner() return this(self)[OWNER] end

function methods:set_nsowner(uid)
    this(self)
    if type(uid) ~= "number" or uid % 1 ~= 0 or uid < 0 or uid > 0xffffffff then raise("EINVAL", 2) end
    self[OWNER] = uid
end

function mt:__tostring() return text.format(self) end

local system = {}

function system.cap_get_proc() return capabilities.of(0) end

function system.cap_init()
    if area == native.absent then native.missing() end
    return make({ {}, {}, {} })
end

function system.cap_from_text(s)
    if area == native.absent then native.missing() end
    if type(s) ~= "string" then raise("EINVAL", 1) end
    return make(text.parse(s) or errors.raise_system("EINVAL"))
end

function system.cap_get_bound(cap) return check(area.bounded(number(cap, 1))) == 1 end

function system.cap_get_ambient(cap) return check(area.ambient(number(cap, 1))) == 1 end

function system.cap_drop_bound(cap)
    check_master()
    local n = number(cap, 1)
    check_alone("cap_drop_bound")
    check(area.drop_bound(n))
    mirror("drop_bound", n)
end

function system.cap_set_ambient(cap, value)
    check_master()
    local n = number(cap, 1)
    if type(value) ~= "boolean" then raise("EINVAL", 2) end
    check_alone("cap_set_ambient")
    check(area.set_ambient(n, value and 1 or 0))
    mirror("set_ambient", n, value and 1 or 0)
end

function system.cap_reset_ambient()
    check_master()
    check_alone("cap_reset_ambient")
    check(area.reset_ambient())
    mirror("reset_ambient")
end

function system.cap_get_secbits() return check(area.securebits()) end

function system.cap_set_secbits(bits)
    check_master()
    native.integer(bits, 1)
    check_alone("cap_set_secbits")
    check(area.set_securebits(bits))
    mirror("securebits", bits)
end

capabilities.system = system

return capabilities
