-- Which file `spawn_vm` means: for the caller, found on the stack, and the form of the program.
local import = ...
local errors = import("core.errors")
local ids = import("program.ids")
local native = import("core.native")
local raw = import("core.raw")
local read = import("program.source").read

local getinfo, package = debug.getinfo, package
local fail = ids.fail

local module = {}

-- The user's function that called into this module; nil if there is none.
local function caller()
    for level = 2, 50 do
        local info = getinfo(level, "Sf")
        if not info then return nil end
        if info.what ~= "C" and not info.source:find("^=%[emilua") then return info end
    end
end

-- The path of a function's file.
local function file_of(info)
    local path = info and info.source:match("^@(.+)$")
    return path and native.absolute_path(path)
end

-- The module that calls: in a program what its module system knows, else {path =}.
function module.importer()
    local info = caller()
    if raw.program then
        local known = info and raw.program.module_of(info.func)
        return known or fail(errors.CURRENT_MODULE_NOT_KNOWN)
    end
    local path = file_of(info)
    return path and { path = path } or fail(errors.CURRENT_MODULE_NOT_KNOWN)
end

-- The first of the files that a path may name: {path, text}.
local function find(base, suffixes, id)
    for _, suffix in ipairs(suffixes) do
        local text = read(base .. suffix, id, true)
        if text then return { path = base .. suffix, text = text } end
    end
    fail(errors.MODULE_NOT_FOUND, id)
end

local function resolve_in_program(importer, id)
    if id == "." then return find(importer.path, { "" }, id) end
    local kind, a, b = ids.parse(id)
    if kind == "external" then fail(errors.INVALID_MODULE_NAME, id) end
    local base = kind == "relative" and ids.relative(importer, a, b) or importer.root .. "/" .. a
    return find(base, { ".lua", "/init.lua" }, id)
end

-- "./", "../" and "/" begin paths, other names are searched as those of stock `require`.
local function resolve_in_stock(importer, id)
    if id == "." then return find(importer.path, { "" }, id) end
    if id:find("^%.?%.?[/\\]") or id:find("^%a:[/\\]") then
        local path = id:sub(1, 1) == "." and ids.directory(importer.path) .. "/" .. id or id
        return find(native.absolute_path(path) or path, { "", ".lua", "/init.lua" }, id)
    end
    local path = package.searchpath(id, package.path)
    if not path then fail(errors.MODULE_NOT_FOUND, id) end
    return find(native.absolute_path(path) or path, { "" }, id)
end

-- The module that `id` names for `importer`: {path, text}, and in a program root and leaf.
function module.resolve(importer, id)
    if id == "" then fail(errors.INVALID_MODULE_NAME, id) end
    if not raw.program then return resolve_in_stock(importer, id) end
    local found = resolve_in_program(importer, id)
    found.root, found.leaf = importer.root, not found.path:find("[/\\]init%.lua$")
    return found
end

return module
