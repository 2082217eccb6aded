-- Arguments of filesystem functions, and their failures.
local import = ...
local errors = import("core.errors")
local value = import("filesystem.path.value")

local raise = errors.raise
local error, type = error, type
local find = string.find
local new_path, text_of = value.new, value.text
local ENOSYS = -errors.number.ENOSYS

local check = {}

-- The text of the path that is argument `arg`; no system call could be given one that holds a NUL.
function check.path(x, arg)
    local text = text_of(x)
    if not text or find(text, "\0", 1, true) then raise("EINVAL", arg) end
    return text
end

-- An integer between two bounds; another number is EINVAL, another type the stock error of `name`.
function check.integer(n, arg, name, least, most)
    if type(n) ~= "number" then errors.expected(arg, name, "number", n) end
    if n % 1 ~= 0 or n < least or n > most then raise("EINVAL", arg) end
    return n
end

-- A table of options, or nil for none; each may have a value that `kinds[name]` accepts.
function check.options(opts, arg, kinds)
    if opts == nil then return {} end
    if type(opts) ~= "table" then raise("EINVAL", arg) end
    for name, accepts in pairs(kinds) do
        local x = opts[name]
        if x ~= nil and not accepts(x) then raise("EINVAL", name) end
    end
    return opts
end

function check.is_boolean(x) return type(x) == "boolean" end

local function fail(category, code, path1, path2)
    if code == ENOSYS then raise("ENOSYS") end
    if code < -0x7fffff00 then errors.raise_code(code) end
    local e = errors.new(category, -code)
    e.path1 = path1 and new_path(path1)
    e.path2 = path2 and new_path(path2)
    error(e, 0)
end

-- Raises the error of an algorithm, with the texts of the paths involved.
function check.fail(code, path1, path2) return fail(errors.generic, code, path1, path2) end

-- Raises the error of a direct system call.
function check.fail_posix(code, path1, path2) return fail(errors.system, code, path1, path2) end

return check
