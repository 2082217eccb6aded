-- The module `emilua`. Not named init.lua: with this folder in package.path, require would find it.
local import = ...
local errors = import("core.errors")
local fiber = import("core.fiber")
local run = import("core.run")
local scope = import("core.scope")
import("core.coroutine")

local class_name = errors.class_name
local setmetatable, type = setmetatable, type

-- type(x): the class of an object of the runtime, else what Lua's own type() says.
local function class(...)
    if select("#", ...) == 0 then error("bad argument #1 to 'type' (value expected)", 2) end
    local x = ...
    return class_name(x) or type(x)
end

local implementation

-- format(fmt, ...): parsed when it is first called.
local function format(...)
    if not implementation then implementation = import("format") end
    return implementation(...)
end

-- What few programs use is parsed when first asked for.
local LAZY = {
    actors = "actor.spawn", dump = "core.inspect", fibers = "core.inspect", group = "group",
    pool = "actor.pool",
    spawn_context_threads = "actor.spawn", spawn_vm = "actor.spawn", timeout = "timeout",
}

local function load(self, key)
    local part = LAZY[key]
    if not part then return nil end
    local value = import(part)[key]
    self[key] = value
    return value
end

return setmetatable({
    byte_span = import("byte_span"),
    context = "main",
    format = format,
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
