-- filesystem.path: the constructors.
local import = ...
local class = import("filesystem.path.class")
local errors = import("core.errors")
local value = import("filesystem.path.value")

local grammar = import(package.config:sub(1, 1) == "\\" and "filesystem.path.windows" or "filesystem.path.posix")
local check, new = grammar.check, value.new
local raise, type = errors.raise, type

local path = { lexical = class(grammar, value.mt, new) }

local function from(s)
    if type(s) ~= "string" then raise("EINVAL", 1) end
    check(s)
    return new(s)
end

path.public = errors.module("filesystem.path", {
    new = function(s) return s == nil and new("") or from(s) end,
    from_generic = from,
    preferred_separator = grammar.preferred,
})

return path
