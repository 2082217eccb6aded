-- The module system of programs: which file an id names for its importer, and how it is loaded.
local import = ...
local L = import("core.layout")
local S = import("core.scheduler")
local compat = import("program.compat")
local environment = import("program.environment")
local errors = import("core.errors")
local fiber = import("core.fiber")
local ids = import("program.ids")
local path = import("filesystem.path.value")
local read = import("program.source").read
local stock = import("core.require")

local EXTRA, FN, WAIT = L.EXTRA, L.FN, L.WAIT
local state = S.state
local fail = ids.fail
local error, getfenv, loadstring, rawequal, setfenv, type = error, getfenv, loadstring, rawequal, setfenv, type
local getinfo, package, pcall, tostring = debug.getinfo, package, pcall, tostring
local stock_globals = _G

local modules = {
    search_path = {}, -- directories for external ids, in order
}

-- Modules by absolute path: {path, file, leaf, root, context, globals, loading, value}.
local known = {}

-- The core names: whether this build has them.
local CORE = {}
for name in ([[ asio_error byte_span condition_variable file filesystem future generic_error inbox ip json libc_service
    mutex pipe recursive_mutex regex serial_port stream system time tls unix ]]):gmatch("%S+") do
    CORE[name] = false
end
for _, name in ipairs(import("public")) do
    if CORE[name] == false then CORE[name] = true end
end

-- The interpreter's own libraries are no files that a search could find.
local BUILT_IN = {}
for name in ("_G bit coroutine debug io jit math os package string table"):gmatch("%S+") do BUILT_IN[name] = true end

local LIBRARY = package.config:sub(1, 1) == "\\" and ".dll" or ".so"

-- A module that was found in a file, not loaded. `own` has root, context and leaf.
local function register(name, own)
    local module = {
        path = name, file = path.new(name), leaf = own.leaf, root = own.root, context = own.context,
        loading = true, globals = false, value = nil,
    }
    known[name] = module
    return module
end

-- The compiled body of a module, with globals of its own; nil and the message of a syntax error.
local function compile(module, text, chunk_name)
    local chunk, message = loadstring(text, chunk_name or "@" .. module.path)
    if not chunk then return nil, message end
    module.globals = environment.new(module.file, module.context, modules.require_of(module))
    return setfenv(chunk, module.globals)
end

-- The importer waits for the body and cannot be interrupted meanwhile.
local LOADING = { name = "require", masked = true, joins = true }

function LOADING.describe(body) return "module " .. body[EXTRA].module.path end

-- Runs the body in a fiber of its own and returns its globals as they are then.
local function run(module, chunk)
    local f = state.current
    S.check_yieldable()
    local body = fiber.module(function()
        setfenv(0, module.globals)
        chunk()
        module.value = getfenv(0)
    end, f)
    body[EXTRA].module = module
    S.suspend(f, LOADING, body)
    if body[WAIT] == S.FAILED then error(body[FN][1], 0) end
    return module.value
end

local function load_lua(module, text)
    local chunk, message = compile(module, text)
    if not chunk then error(message, 0) end
    return run(module, chunk)
end

local function load_turtle(module, text) return import("program.rdf").module(text, module.path) end

-- Failed modules are forgotten: another require tries again.
local function load(module, text, loader)
    local ok, value = pcall(loader, module, text)
    module.loading = false
    if not ok then
        known[module.path] = nil
        error(value, 0)
    end
    module.value = value
    return value
end

-- The files that a path without suffix may name.
local CANDIDATES = {
    { suffix = ".lua", loader = load_lua, leaf = true },
    { suffix = "/init.lua", loader = load_lua, leaf = false },
    { suffix = ".ttl", loader = load_turtle, leaf = true },
}

-- Loads what `base` names. Returns whether there is such a module, and its value.
local function import_file(base, root, context, id, lenient)
    for _, candidate in ipairs(CANDIDATES) do
        local name = base .. candidate.suffix
        local module = known[name]
        if module then
            if module.loading then fail(errors.CYCLIC_IMPORT, id) end
            return true, module.value
        end
        local text = read(name, id)
        if text then
            module = register(name, { root = root, context = context, leaf = candidate.leaf })
            if lenient and candidate.loader == load_turtle then
                -- In a search directory a file that is no module is passed over.
                local ok, value = pcall(load, module, text, load_turtle)
                if ok then return true, value end
            else
                return true, load(module, text, candidate.loader)
            end
        end
    end
    return false
end

local function restore(globals, ok, ...)
    setfenv(0, globals)
    if not ok then error((...), 0) end
    return ...
end

-- Calls `f` with the stock globals for what it compiles.
local function with_stock_globals(f, ...)
    local globals = getfenv(0)
    setfenv(0, stock_globals)
    return restore(globals, pcall(f, ...))
end

-- A Lua C module in a search directory. What cannot be loaded as one is passed over.
local function import_library(base, name)
    local file = base .. LIBRARY
    local module = known[file]
    if not module then
        local open_module = package.loadlib(file, "luaopen_" .. name)
        if not open_module then return false end
        module = { path = file, value = with_stock_globals(open_module, name) }
        if module.value == nil then module.value = true end
        known[file] = module
    end
    return true, module.value
end

local function import_external(id)
    if CORE[id] then return compat.import(id) end
    if CORE[id] == false then errors.raise_detail("ENOSYS", "this version has no module " .. id) end
    if id == "ffi" then return stock.require(id) end
    if not id:find(".", 1, true) then
        for _, root in ipairs(modules.search_path) do
            local base = root .. "/" .. id
            local found, value = import_file(base, root, "", id, true)
            if found then return value end
            found, value = import_library(base, id)
            if found then return value end
        end
    end
    if BUILT_IN[id] or package.loaded[id] == nil and not with_stock_globals(stock.search, id) then
        fail(errors.MODULE_NOT_FOUND, id)
    end
    return with_stock_globals(stock.require, id)
end

-- The globals of the code that called the `require` of `module`. In a tail call the caller's frame is gone and
-- the one below it is found instead. Its call names another function then, unless it calls a `require`.
local function caller_globals(module)
    local caller = getinfo(3, "f")
    local globals = caller and getfenv(caller.func)
    if not globals or rawequal(globals, module.globals) then return module.globals end
    if getinfo(2, "n").name == "require" then return globals end
    local file = rawget(globals, "_FILE")
    local text = file and path.text(file)
    local is_module = text and known[text] and rawequal(known[text].globals, globals)
    if not is_module and globals.require == module.globals.require then return globals end
    return module.globals
end

local function require_from(importer, id)
    local kind, a, b = ids.parse(id)
    if kind == "external" then return import_external(id) end
    local base, context
    if kind == "relative" then
        base = ids.relative(importer, a, b)
        context = importer.context == "test" and "test" or ""
    else
        base, context = importer.root .. "/" .. a, ""
    end
    local found, value = import_file(base, importer.root, context)
    if not found then fail(errors.MODULE_NOT_FOUND, id) end
    return value
end

-- The `require` of a module.
function modules.require_of(module)
    return function(id)
        if type(id) == "number" then id = tostring(id) end
        if type(id) ~= "string" then errors.expected(1, "require", "string", id) end
        local importer = known[path.text(caller_globals(module)._FILE)]
        if not importer then fail(errors.CURRENT_MODULE_NOT_KNOWN) end
        if not fiber.is_main(S.identity(state.current)) then fail(errors.ONLY_MAIN_FIBER_MAY_IMPORT) end
        local value = require_from(importer, id)
        return value
    end
end

-- The module whose code `f` is, found by its globals.
function modules.module_of(f)
    local file = rawget(getfenv(f), "_FILE")
    return known[path.text(file) or false]
end

-- Prepares an entry module: returns the main fiber's function, or nil and the message of a syntax error.
function modules.start(name, text, chunk_name, own)
    local module = register(name, own)
    local chunk, message = compile(module, text, chunk_name)
    if not chunk then return nil, message end
    return function()
        setfenv(0, module.globals)
        return chunk()
    end
end

-- Prepares the entry script at an absolute path: returns the main fiber's function, or nil and why not.
function modules.entry(name, context)
    local ok, text = pcall(read, name)
    if not ok or not text then
        local reason = ok and import("core.text").of_error(errors.number.ENOENT) or errors.text(text)
        return nil, reason .. ": " .. name
    end
    return modules.start(name, text, nil, { root = ids.directory(name), context = context, leaf = false })
end

import("core.raw").program = modules

return modules
