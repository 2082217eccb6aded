-- What a process is started with: its arguments and its environment.
local import = ...
local native = import("core.native")
local run = import("core.run")

local pairs, tostring, type = pairs, tostring, type
local globals = _G

local data = {}

-- The interpreter is the first word of its own table `arg`, the script word 0.
local function of_interpreter(arg)
    local first = 0
    while arg[first - 1] ~= nil do first = first - 1 end
    local list = { tostring(arg[first]), tostring(arg[0]) }
    for i = 1, #arg do list[i + 2] = tostring(arg[i]) end
    return list
end

-- A new list on each call.
function data.arguments()
    local words = run.arguments
    if not words then
        local arg = globals.arg
        if type(arg) == "table" and arg[0] ~= nil then return of_interpreter(arg) end
        return native.arguments()
    end
    local list = {}
    for i = 1, #words do list[i] = words[i] end
    return list
end

local start = native.environment()

-- A new table on each call.
function data.environment()
    local copy = {}
    for name, value in pairs(start) do copy[name] = value end
    return copy
end

return data
