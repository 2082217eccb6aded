-- The argument of box:context.
local import = ...
local check_list = import("sandbox.options").check_list
local errors = import("core.errors")
local limits = import("subprocess.limits").limits

local class_name, raise = errors.class_name, errors.raise
local ipairs, pairs, type = ipairs, pairs, type

local function is_string(x) return type(x) == "string" end

local function is_stream(x) return x == "share" or class_name(x) == "file_descriptor" end

local function is_list_of_strings(x)
    for _, name in ipairs(check_list(x, "modules")) do
        if not is_string(name) then return false end
    end
    return true
end

local function is_environment(x)
    if type(x) ~= "table" then return false end
    for name, value in pairs(x) do
        if not is_string(name) or not is_string(value) then return false end
    end
    return true
end

local function is_format(x)
    if type(x) ~= "table" then return false end
    for name in pairs(x) do
        if name ~= "strings" then return false end
    end
    local n = x.strings
    return type(n) == "number" and n % 1 == 0 and n >= 1 and n <= limits.ipc_long_string
end

-- By field, whether a value will do.
local ACCEPTS = {
    module = is_string, source = is_string, name = is_string, modules = is_list_of_strings,
    environment = is_environment, ipc = is_format, stdin = is_stream, stdout = is_stream, stderr = is_stream,
}

-- The table that stands for what was given.
return function(x)
    if is_string(x) then return { module = x } end
    if type(x) ~= "table" then raise("EINVAL", 1) end
    local own = {}
    for name, value in pairs(x) do
        local accepts = ACCEPTS[name]
        if not accepts or not accepts(value) then raise("EINVAL", is_string(name) and name or 1) end
        own[name] = value
    end
    if (own.module == nil) == (own.source == nil) then raise("EINVAL", "module") end
    return own
end
