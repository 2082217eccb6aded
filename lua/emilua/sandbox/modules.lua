-- The Lua sources that travel into a sandbox: found on the host, by its package.path.
local import = ...
local errors = import("core.errors")
local ids = import("program.ids")
local read = import("program.source").read

local package, type = package, type

local modules = {}

-- By which templates the guest finds them in its source tree.
modules.PATH = "/?.lua"

-- The source of a module.
function modules.find(name)
    local path = package.searchpath(name, package.path)
    if not path then ids.fail(errors.MODULE_NOT_FOUND, name) end
    -- As loadfile does.
    return (read(path, name):gsub("^#[^\n]*", "", 1))
end

-- The tree of sources of a list of modules.
function modules.tree(names)
    local tree = {}
    for _, name in ipairs(names) do
        local directory, rest = tree, name:gsub("%.", "/")
        for component in rest:gmatch("([^/]*)/") do
            if type(directory[component]) ~= "table" then directory[component] = {} end
            directory = directory[component]
        end
        directory[rest:match("[^/]*$") .. ".lua"] = modules.find(name)
    end
    return tree
end

return modules
