-- Starts the Lua half in a state: (source, operations, vm, functions) -> open(module).
-- Test runners empty package.loaded between files, so what is loaded is kept here.
local source, operations, vm, functions = ...
local error, package = error, package

local globals, setfenv = getfenv(0), setfenv
local loaded = {}

local function import(name)
    local value = loaded[name]
    if value == nil then
        local chunk = source(name)
        if not chunk then error("emilua: no part named " .. name, 0) end
        -- A part may be imported first by a program's module, which has globals of its own.
        setfenv(chunk, globals)
        value = chunk(import)
        loaded[name] = value
    end
    return value
end

loaded["core.raw"] = {
    operations = operations, vm = vm, functions = functions,
    forget = function(name) loaded[name] = nil end,
}

-- The loader of a public part.
local function preloaded(name) return import(name:match("^emilua%.(.+)$")) end

-- `name` is "emilua" or "emilua.PART".
local function open(name)
    local main = import("main")
    import("core.require").install_shims()
    for _, part in ipairs(import("public")) do package.preload["emilua." .. part] = preloaded end
    local part = name:match("^emilua%.(.+)$")
    return part and import(part) or main
end

-- For the test suite, by debug.getregistry(): not an interface.
debug.getregistry()["emilua.import"] = import

return open
