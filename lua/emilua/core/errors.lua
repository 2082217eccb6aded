-- Error values: fresh tables {code, category, ...} and the categories, which are compared by identity.
local import = ...
local native = import("core.native")

local error, rawget, setmetatable, tostring, type = error, rawget, setmetatable, tostring, type
local getinfo, raw_metatable = debug.getinfo, debug.getmetatable
local find = string.find

-- The error numbers of a list of src/system/errno.rs, by name; they are asked for one by one.
local function numbers(list)
    return setmetatable({}, {
        __index = function(self, name)
            local number = native.errno(list, name)
            if number then self[name] = number end
            return number
        end,
    })
end

local generic_numbers, system_numbers = numbers(0), numbers(1)

local errors = { number = generic_numbers, system_number = system_numbers, resolver_number = numbers(2) }

-- Metatables of the runtime's classes.
local classes = setmetatable({}, { __mode = "k" })
errors.classes = classes

-- Where a class's metatable has its name: nobody else has the key, so that nobody can make an object of a class. Of
-- the values that are only equal to themselves a function is one that traces take for a constant.
local function CLASS() end

-- The metatable of a class: getmetatable(object) gives its name.
local function class(name, mt)
    mt = mt or {}
    mt.__metatable, mt[CLASS] = name, name
    classes[mt] = true
    return mt
end
errors.class = class

-- The class of an object of the runtime; nil for other values, whatever their metatable says.
local function class_name(x)
    local mt = raw_metatable(x)
    return mt and rawget(mt, CLASS)
end
errors.class_name = class_name

local error_mt, category_mt = class("error_code"), class("error_category")

-- A category's own table holds these under keys that a user cannot write by accident.
local NAME, MESSAGE, TO_GENERIC = {}, {}, {}

local function new(category, code)
    return setmetatable({ code = code, category = category }, error_mt)
end
errors.new = new

local function is_category(x) return class_name(x) == "error_category" end

-- message: a table from codes to texts, or a function of the code. to_generic: from codes to numbers.
local function category(name, message, to_generic)
    if type(message) == "table" then
        local texts = message
        message = function(code) return texts[code] or "Unknown error" end
    end
    local self = { [NAME] = name, [TO_GENERIC] = to_generic or false }
    -- Both c:message(code) and c.message(code).
    self[MESSAGE] = function(a, b)
        local code = a
        if is_category(a) then code = b end
        if type(code) ~= "number" then
            error(("bad argument #1 to 'message' (number expected, got %s)"):format(
                code == nil and "no value" or type(code)), 2)
        end
        return message(code)
    end
    return setmetatable(self, category_mt)
end
errors.category_of = category

local function error_text(code) return import("core.text").of_error(code) or "Unknown error" end

local generic = category("generic", error_text)
-- Where the system has numbers of its own, those that have a name in common.
local to_generic = setmetatable({}, {
    __index = function(_, code)
        return generic_numbers.ECONNREFUSED == system_numbers.ECONNREFUSED and code or native.to_generic(code)
    end,
})
local system = category("system", error_text, to_generic)

local core = category("emilua.core", {
    "Cannot have a module with this name",
    "Module not found",
    "The root module doesn't have a parent and can't reference one",
    "The module you're trying to import has a dependency on the current module"
        .. " (and it is partially loaded already)",
    "A leaf module cannot import child modules",
    "You can only import modules from the main fiber",
    "Bad root context",
    "Requested key wasn't found in the table/userdata",
    "The fiber coroutine is reserved to the scheduler",
    "Suspension already allowed",
    "Interrupt-ability already allowed",
    "EPERM within a forbid-suspend block",
    "Fiber interrupted",
    "scope_cleanup_pop() called w/o a matching scope_cleanup_push()",
    "Channel closed",
    "Broadcast the address before attempting to receive on it",
    "Lua code cannot import this module directly",
    "std::raise() failed",
    "Failed to parse RDF",
    "Parsed RDF doesn't contain a recognized Emilua module",
    "Parsed RDF module contains an invalid error category",
    "Broken promise",
    "Promise already satisfied",
    "Global _FILE is missing or invalid",
})

local misc = category("asio.misc", {
    "Already open",
    "End of file",
    "Element not found",
    "The descriptor does not fit into the select call's fd_set",
})

errors.generic, errors.system, errors.core, errors.misc = generic, system, core, misc

errors.INVALID_MODULE_NAME, errors.MODULE_NOT_FOUND = 1, 2
errors.ROOT_CANNOT_IMPORT_PARENT, errors.CYCLIC_IMPORT, errors.LEAF_CANNOT_IMPORT_CHILD = 3, 4, 5
errors.ONLY_MAIN_FIBER_MAY_IMPORT, errors.CURRENT_MODULE_NOT_KNOWN = 6, 24
errors.BAD_INDEX, errors.BAD_COROUTINE = 8, 9
errors.SUSPENSION_ALLOWED, errors.INTERRUPTION_ALLOWED = 10, 11
errors.FORBID_SUSPEND, errors.INTERRUPTED, errors.UNMATCHED_SCOPE = 12, 13, 14
errors.CHANNEL_CLOSED, errors.NO_SENDERS = 15, 16
errors.BROKEN_PROMISE, errors.PROMISE_SATISFIED = 22, 23
local INTERRUPTED = errors.INTERRUPTED

-- Whether `e` is what an interrupted fiber ends with.
function errors.is_interrupted(e)
    return type(e) == "table" and rawget(e, "code") == INTERRUPTED and rawget(e, "category") == core
end

-- Whether `e` is the end of a stream.
function errors.is_eof(e)
    return type(e) == "table" and rawget(e, "code") == 2 and rawget(e, "category") == misc
end

-- Where the user's code stands that called into this module.
local function where()
    for level = 3, 20 do
        local info = getinfo(level, "Sl")
        if not info then return nil end
        if info.currentline > 0 and not find(info.short_src, "^%[emilua") then
            return info.short_src .. ":" .. info.currentline
        end
    end
end

-- Raises `generic NAME`; with `arg`, the error of that argument, and a text about it for people.
function errors.raise(name, arg, detail)
    local e = new(generic, generic_numbers[name])
    if arg ~= nil then
        e.arg, e.detail = arg, detail
        e.where = where()
    end
    error(e, 0)
end
local raise = errors.raise

-- Raises `generic NAME` with a text for people.
function errors.raise_detail(name, detail)
    local e = new(generic, generic_numbers[name])
    e.detail = detail
    error(e, 0)
end

function errors.raise_core(code)
    error(new(core, code), 0)
end

function errors.raise_misc(code)
    error(new(misc, code), 0)
end

-- Raises the system's error of a negative code of a native operation.
function errors.raise_code(code)
    if code == native.PANIC then
        error("emilua: internal error: " .. import("core.text").of_panic(), 0)
    end
    if code == native.EOF then error(new(misc, 2), 0) end
    error(new(system, -code), 0)
end

function errors.raise_system(name)
    error(new(system, system_numbers[name]), 0)
end

local function bad_index()
    local e = new(core, errors.BAD_INDEX)
    e.index = 2
    error(e, 0)
end
errors.bad_index = bad_index

-- `__index` of a class without properties: unknown keys are bad_index.
function errors.strict(methods)
    return setmetatable(methods, { __index = bad_index })
end

-- A module table that cannot be written: unknown keys are bad_index.
function errors.module(name, fields)
    local mt = class(name, {
        __index = errors.strict(fields),
        __newindex = function() raise("EPERM") end,
    })
    -- Some have the name of the class that they make objects of, and are none.
    mt[CLASS] = "module"
    return setmetatable({}, mt)
end

-- Raises the stock message of a wrong argument, pointing at the user's line.
function errors.expected(n, name, what, value)
    local got = value == nil and "no value" or type(value)
    local position = where()
    error(("%sbad argument #%d to '%s' (%s expected, got %s)"):format(
        position and position .. ": " or "", n, name, what, got), 0)
end

-- Whether the user has overwritten what makes an error.
local function damaged(e)
    return not is_category(rawget(e, "category")) or type(rawget(e, "code")) ~= "number"
end

-- What an error says: strings as they are, error tables by their category; other values say nothing.
function errors.text(e)
    if type(e) == "string" then return e end
    if class_name(e) == "error_code" and not damaged(e) then return e.category[MESSAGE](e.code) end
    return ""
end

function error_mt.__tostring(e)
    if damaged(e) then raise("EINVAL") end
    return e.category[MESSAGE](e.code)
end

function error_mt.__eq(a, b)
    return rawget(a, "code") == rawget(b, "code") and rawget(a, "category") == rawget(b, "category")
end

local error_methods = {}
error_mt.__index = error_methods

function error_methods:togeneric()
    if class_name(self) ~= "error_code" or damaged(self) then raise("EINVAL", 1) end
    local map = rawget(self.category, TO_GENERIC)
    local code = map and map[self.code]
    if code then return new(generic, code) end
    return new(self.category, self.code)
end

function category_mt.__index(self, key)
    if key == "message" then return rawget(self, MESSAGE) end
    bad_index()
end

function category_mt.__newindex() raise("EPERM") end

function category_mt.__tostring(self) return rawget(self, NAME) end

-- A namespace whose members are new errors: `errors.EINVAL`, `asio_error.misc.eof`.
function errors.namespace(name, of_category, codes)
    return setmetatable({}, class(name, {
        __index = function(_, key)
            local code = codes[key]
            if not code then bad_index() end
            return new(of_category, code)
        end,
        __newindex = function() raise("EPERM") end,
        __tostring = function() return tostring(name) end,
    }))
end

return errors
