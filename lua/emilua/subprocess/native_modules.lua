-- native_modules_cache: which C modules a child gets, as files that it loads before its init script.
local import = ...
local errors = import("core.errors")
local ids = import("program.ids")
local raw = import("core.raw")

local io, ipairs, package = io, ipairs, package
local list_libraries = raw.functions.list_libraries

local native_modules = {}

-- Directories that hold C modules: those of EMILUA_PATH in a program, those of package.cpath.
local function directories()
    local list, seen = {}, {}
    local function add(directory)
        if directory ~= "" and not seen[directory] then
            seen[directory] = true
            list[#list + 1] = directory
        end
    end
    for _, directory in ipairs(raw.program and raw.program.search_path or {}) do add(directory) end
    for template in package.cpath:gmatch("[^;]+") do add(template:match("^(.*)/%?%.so$") or "") end
    return list
end

local function locate(id)
    local file = id:gsub("%.", "/") .. ".so"
    for _, directory in ipairs(directories()) do
        local path = directory .. "/" .. file
        local found = io.open(path, "rb")
        if found then
            found:close()
            return path, directory
        end
    end
    ids.fail(errors.MODULE_NOT_FOUND, id)
end

local function add_directory(found, directory)
    for _, name in ipairs(list_libraries(directory)) do
        found.names[#found.names + 1] = name
        found.paths[#found.paths + 1] = directory .. "/" .. name .. ".so"
    end
end

-- The modules of a list: {names, paths}. "NAME:" stands for all that lie beside NAME.
function native_modules.find(list)
    local found = { names = {}, paths = {} }
    for _, id in ipairs(list) do
        local beside = id:match("^(.*):$")
        local path, directory = locate(beside or id)
        if beside then
            add_directory(found, directory)
        else
            found.names[#found.names + 1], found.paths[#found.paths + 1] = id, path
        end
    end
    return found
end

function native_modules.all()
    local found = { names = {}, paths = {} }
    for _, directory in ipairs(directories()) do add_directory(found, directory) end
    return found
end

return native_modules
