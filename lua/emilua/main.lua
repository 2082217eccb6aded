-- The module `emilua`. Not named init.lua: with this folder in package.path, require would find it.
local import = ...
local errors = import("core.errors")
local fiber = import("core.fiber")
local run = import("core.run")
local scope = import("core.scope")
import("core.coroutine")

local class_name = errors.class_name
local getmetatable, setmetatable, type = getmetatable, setmetatable, type

-- type(x): the class of an object of the runtime, else what Lua's own type() says.
local function class(...)
    if select("#", ...) == 0 then error("bad argument #1 to 'type' (value expected)", 2) end
    local x = ...
    return class_name(x) and getmetatable(x) or type(x)
end

-- What few programs use is loaded when first asked for.
local LAZY = {
    actors = "actor.spawn", byte_span = "byte_span", dump = "core.inspect", fibers = "core.inspect",
    format = "format", group = "group", limits = "subprocess.limits", pool = "actor.pool",
    spawn_context_threads = "actor.spawn", spawn_vm = "actor.spawn", timeout = "timeout",
}

-- A field that is a part, or that a part has.
local function load(self, key)
    local name = LAZY[key]
    if not name then return nil end
    local part = import(name)
    local value = name == key and part or part[key]
    self[key] = value
    return value
end

return setmetatable({
    context = "main",
    run = run.run,
    scope = scope.scope,
    scope_cleanup_pop = scope.pop,
    scope_cleanup_push = scope.push,
    spawn = fiber.spawn,
    this_fiber = fiber.this_fiber,
    traceback = run.traceback,
    type = class,
    version = "0.1.0",
}, { __index = load })
