-- The supervisor: the helper process that makes the actors in processes of their own.
local import = ...
local errors = import("core.errors")
local raw = import("core.raw")

local error, io_open, jit, os, type = error, io.open, jit, os, type
local functions = raw.functions

local supervisor = {}

-- The program of this process, if its name says that it is a LuaJIT.
local function own_interpreter()
    local path = import("core.native").executable_path()
    return path and path:match("[^/]*$"):find("^luajit") and path or nil
end

local function found_in_path(name)
    local path = os.getenv("PATH") or "/usr/local/bin:/usr/bin:/bin"
    for directory in path:gmatch("[^:]+") do
        local file = io_open(directory .. "/" .. name, "rb")
        if file then
            file:close()
            return directory .. "/" .. name
        end
    end
end

-- start([interpreter]): nothing when it is there already.
function supervisor.start(interpreter)
    if interpreter ~= nil and type(interpreter) ~= "string" then errors.raise("EINVAL", 1) end
    if not functions.supervisor_start then errors.raise("ENOTSUP") end
    interpreter = interpreter or own_interpreter() or import("main").interpreter or found_in_path("luajit")
    -- An actor has a supervisor from the start, and perhaps no file from which another could be made.
    local code, text = functions.supervisor_start(interpreter or "", jit.version)
    if not code then return end
    if not interpreter then text = "no luajit was found; set emilua.interpreter" end
    local e = errors.new(errors.generic, errors.number.ECHILD)
    e.detail = ("the supervisor could not be started by %s: %s (call emilua.supervisor.start() before the process "
        .. "gives up rights that this needs)"):format(interpreter or "luajit", text)
    error(e, 0)
end

return supervisor
