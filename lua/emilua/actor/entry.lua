-- The first code of an actor: (configuration) -> step, finish.
local import = ...
local emilua = import("main")
local raw = import("core.raw")
local run = import("core.run")

local jit, loadstring, package, setfenv, setmetatable = jit, loadstring, package, setfenv, setmetatable
local error, pairs = error, pairs
local globals = _G

-- The class of channels, which messages are made of.
import("actor.class")

local function failing(message)
    return function() error(message, 0) end
end

-- The entry of a program's actor is a module.
local function program(c)
    import("program.environment").start()
    local modules = import("program.modules")
    modules.search_path = c.search_path
    local own = { root = c.root, leaf = c.leaf, context = "worker" }
    local main, message = modules.start(c.file, c.text, c.chunk_name, own)
    return main or failing(message)
end

-- Else it is a chunk with two variables of its own.
local function chunk(c)
    if c.sources then import("program.source").install() end
    local main, message = loadstring(c.text, c.chunk_name)
    if not main then return failing(message) end
    local own = { _CONTEXT = "worker", _FILE = c.file and import("filesystem.path.value").new(c.file) }
    return setfenv(main, setmetatable(own, { __index = globals, __newindex = globals }))
end

return function(c)
    if not c.jit then jit.off() end
    package.path, package.cpath = c.path, c.cpath
    if c.sources then import("program.source").adopt(c.sources) end
    package.loaded.emilua = emilua
    for name, code in pairs(c.preload) do package.preload[name] = loadstring(code) end
    for name, address in pairs(c.addresses) do package.preload[name] = raw.functions.c_function(address) end
    emilua.context, run.arguments = "worker", c.arguments
    local main = c.search_path and program(c) or chunk(c)
    return run.actor(c.answers and import("actor.answering")(main) or main)
end
