-- The globals of a module: a copy of the default ones and what is its own.
local import = ...
local emilua = import("main")
local S = import("core.scheduler")

local getfenv, setfenv, pairs = getfenv, setfenv, pairs
local _G = _G

local environment = {}

local function inherit(f)
    local globals = getfenv(0)
    return function()
        setfenv(0, globals)
        return f()
    end
end

-- From now on a fiber inherits the globals of its spawner, which are those that load and dofile compile with.
function environment.start() S.set_inherit(inherit) end

-- What is in stock Lua and not in programs: io, os, package, module, debug; and require, each module's own.
local BASE = {}
for name in ([[
    _VERSION assert bit collectgarbage coroutine dofile error gcinfo getfenv getmetatable ipairs jit load
    loadfile loadstring math newproxy next pairs pcall print rawequal rawget rawset select setfenv
    setmetatable string table tonumber tostring type unpack xpcall ]]):gmatch("%S+") do
    BASE[name] = _G[name]
end
for name in ([[
    byte_span scope scope_cleanup_pop scope_cleanup_push spawn this_fiber ]]):gmatch("%S+") do
    BASE[name] = emilua[name]
end

-- Loaded when first called. Tail calls: the caller is looked for on the stack.
function BASE.format(...) return emilua.format(...) end
function BASE.spawn_vm(...) return emilua.spawn_vm(...) end
function BASE.spawn_context_threads(...) return emilua.spawn_context_threads(...) end

-- New globals of a module with these of its own.
function environment.new(file, context, require)
    local t = {}
    for name, value in pairs(BASE) do t[name] = value end
    t._G, t._FILE, t._CONTEXT, t.require = t, file, context, require
    return t
end

return environment
