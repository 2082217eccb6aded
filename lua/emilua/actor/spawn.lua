-- spawn_vm: its options, and what a new VM is told.
local import = ...
local S = import("core.scheduler")
local class = import("actor.class")
local errors = import("core.errors")
local ids = import("program.ids")
local master = import("core.master")
local module = import("actor.module")
local raw = import("core.raw")
local run = import("core.run")
local source = import("program.source")

local getinfo, jit, package = debug.getinfo, jit, package
local pairs, rawget, type = pairs, rawget, type
local class_name, raise = errors.class_name, errors.raise
local native = class.native
local state = S.state

local spawn = {}

local OWN = { emilua = true, ffi = true }

-- Modules of package.preload that can reach another VM: Lua functions without upvalues, as bytecode, and C functions
-- without, by their address. The libraries of this module are in every VM anyway.
local function preloaded()
    local chunks, addresses = {}, {}
    for name, f in pairs(package.preload) do
        if type(name) == "string" and type(f) == "function" and not OWN[name] and not name:find("^emilua%.") then
            if getinfo(f, "u").nups == 0 and getinfo(f, "S").what ~= "C" then
                chunks[name] = string.dump(f)
            else
                addresses[name] = raw.functions.c_address(f)
            end
        end
    end
    return chunks, addresses
end

-- What actor/entry.lua gets.
local function configure(found)
    local chunks, addresses = preloaded()
    run.arguments = run.arguments or import("system.data").arguments()
    local configuration = {
        jit = jit.status() and true or false,
        path = package.path, cpath = package.cpath,
        preload = chunks, addresses = addresses, arguments = run.arguments,
        text = found.text, chunk_name = found.chunk_name or "@" .. found.path,
        file = found.path, root = found.root, leaf = found.leaf, answers = found.answers,
        sources = source.given(),
    }
    if raw.program then configuration.search_path = raw.program.search_path end
    return configuration
end

-- {source =, name =}: a chunk as text. In a program it imports what its spawner could.
local function from_source(opts)
    if opts.module ~= nil then raise("EINVAL", "module") end
    local name = opts.name
    if name == nil then name = "worker" end
    if type(name) ~= "string" then raise("EINVAL", "name") end
    local found = { text = opts.source, chunk_name = "=" .. name, name = name }
    if raw.program then
        local importer = module.importer()
        found.path, found.root = ids.directory(importer.path) .. "/" .. name, importer.root
        found.leaf = importer.leaf
    end
    return found
end

local function check_options(opts)
    local own_module, new_master = opts.module, opts.new_master
    if own_module ~= nil and type(own_module) ~= "string" and class_name(own_module) ~= "filesystem.path" then
        raise("EINVAL", "module")
    end
    if opts.source ~= nil and type(opts.source) ~= "string" then raise("EINVAL", "source") end
    if new_master == true then master.check() end
    if opts.subprocess ~= nil then
        -- To start without the walls that were asked for would be wrong.
        if type(opts.subprocess) ~= "table" then raise("EINVAL", "subprocess") end
        if type(opts.inherit_context) == "boolean" or type(new_master) == "boolean" then raise("EINVAL", 1) end
    end
end

local OPTIONS = {
    "module", "source", "name", "inherit_context", "concurrency_hint", "new_master", "subprocess",
}

-- The options without metamethods, and the module that calls.
local function read(given)
    if not state.running then
        errors.raise_detail("EPERM", "an actor cannot be started outside of emilua.run")
    end
    local opts = {}
    for _, name in ipairs(OPTIONS) do opts[name] = rawget(given, name) end
    local importer = opts.source == nil and module.importer()
    check_options(opts)
    return opts, importer
end

-- The module that the options name, for the caller.
local function locate(opts, importer)
    if not importer then return from_source(opts) end
    local id = opts.module
    -- A path is for subprocesses.
    if type(id) ~= "string" then ids.fail(errors.INVALID_MODULE_NAME) end
    local found = module.resolve(importer, id)
    found.name = id == "." and found.path or id
    return found
end

-- The same for a pool, which starts its own; and the options.
function spawn.find(given)
    local opts, importer = read(given)
    return locate(opts, importer), opts
end

-- An actor for a pool, beside the one with an id, else in a context of its own: its channel, its id, and whether the
-- context is new.
function spawn.start(found, beside)
    local channel, id = native.spawn(found.name, configure(found), true, false, false, beside)
    if not channel then errors.raise_code(id) end
    return channel, id, not beside
end

-- spawn_vm(module) or spawn_vm(options): a channel to a new VM.
function spawn.spawn_vm(arg)
    if type(arg) == "string" then
        if arg == "" then ids.fail(errors.INVALID_MODULE_NAME, arg) end
        arg = { module = arg }
    elseif type(arg) ~= "table" then
        raise("EINVAL", 1)
    end
    local opts, importer = read(arg)
    if opts.subprocess then return import("subprocess.spawn").spawn(opts, importer) end
    local found = locate(opts, importer)
    local channel, code = native.spawn(found.name, configure(found), opts.inherit_context == false,
        opts.concurrency_hint == 1, opts.new_master == true)
    return channel or errors.raise_code(code)
end

-- spawn_context_threads(count): adds threads to the caller's context.
function spawn.spawn_context_threads(count)
    if type(count) ~= "number" then errors.expected(1, "spawn_context_threads", "number", count) end
    if not state.running then
        errors.raise_detail("EPERM", "spawn_context_threads was called outside of emilua.run")
    end
    local code = native.add_threads(count > 0 and math.min(math.floor(count), 1e6) or 0)
    if code == -errors.number.ENOTSUP then raise("ENOTSUP") end
    if code < 0 then errors.raise_code(code) end
end

-- actors(): the live actors of this run.
function spawn.actors() return native.actors() end

return spawn
