-- The first code of an actor in a process of its own: (inbox, configuration, libraries) -> exit status.
local import = ...
local class = import("actor.class")
local emilua = import("main")
local core = import("core.native")
local path = import("filesystem.path.value")
local report = import("core.report")
local run = import("core.run")
local serial = import("subprocess.serial")
local source = import("program.source")
local ffi = require("ffi")
import("subprocess.channel")

local getenv, stderr = os.getenv, io.stderr
local error, ipairs, jit, loadstring, next, package, pairs = error, ipairs, jit, loadstring, next, package, pairs
local setfenv, setmetatable = setfenv, setmetatable
local globals = _G

ffi.cdef([[
    int setenv(const char *, const char *, int);
    int rtld_set_var(const char *, const char *); ]])

-- Directories of EMILUA_PATH.
local function search_path()
    local list = {}
    for directory in (getenv("EMILUA_PATH") or ""):gmatch("[^:]+") do list[#list + 1] = directory end
    return list
end

-- The text of the entry: given, cached, or in a file of the child's own view.
local function entry_text(c)
    if c.text then return c.text end
    local text = c.file and source.read(c.file)
    return text or error((c.file or "an actor without a module") .. ": " .. import("core.text").of_error(2), 0)
end

local function program(c)
    import("program.environment").start()
    local modules = import("program.modules")
    modules.search_path = search_path()
    local own = { root = c.root or "", leaf = c.leaf, context = "worker" }
    return modules.start(c.file or "/worker", entry_text(c), c.chunk_name, own)
end

local function chunk(c)
    package.path, package.cpath = c.path, c.cpath
    source.install()
    local main, message = loadstring(entry_text(c), c.chunk_name or "@" .. c.file)
    if not main then return nil, message end
    local own = { _CONTEXT = "worker", _FILE = c.file and path.new(c.file) }
    return setfenv(main, setmetatable(own, { __index = globals, __newindex = globals }))
end

-- C modules that were loaded before the init script, and are found by the paths that they were loaded from. As C
-- functions they also reach the other VMs of the process.
local function preload(names, paths)
    for i, name in ipairs(names or {}) do
        local open, message = package.loadlib(paths[i], "luaopen_" .. name:gsub("^.*%-", ""):gsub("%.", "_"))
        package.preload[name] = open or function() error(message, 0) end
    end
end

-- This part is loaded ahead, by the supervisor: loops that were hot then are cold again.
if jit.status() then
    jit.off()
    jit.on()
end

-- Tells FreeBSD's dynamic linker of `count` directories, whose numbers begin with `first`. It has read the environment
-- before; since FreeBSD 14 it can be told again.
local function use_library_directories(first, count)
    if count == 0 then return end
    local numbers = {}
    for i = 1, count do numbers[i] = first + i - 1 end
    local list = table.concat(numbers, ":")
    ffi.C.setenv("LD_LIBRARY_PATH_FDS", list, 1)
    local ok, set = pcall(function() return ffi.C.rtld_set_var end)
    if ok then set("LIBRARY_PATH_FDS", list) end
end

return function(inbox, text, libraries)
    local c = serial.decode(text)
    for name, value in pairs(c.environment) do ffi.C.setenv(name, value, 1) end
    use_library_directories(inbox + c.first_directory, c.library_directories)
    if next(c.environment) then core.native_locale() end
    source.add(c.tree, "")
    preload(c.native_modules, libraries)
    emilua.context = "worker"
    package.loaded.emilua = emilua
    run.arguments = { "", "" }
    if c.single then class.native.set_single() end
    report.check_environment()

    local ok, main, message = pcall(c.program and program or chunk, c)
    if not ok or not main then
        stderr:write("Error starting the lua VM: ", import("core.errors").text(message or main), "\n")
        return 1
    end
    local passed, exit = run.program(function()
        class.native.attach(inbox, c.limit)
        return main()
    end)
    return exit or passed and 0 or 1
end
