-- The world of an init.script: its globals C, errexit, arg and the helpers. Runs in a Lua state of its own, in a
-- process with one thread, before any code of the actor; every call blocks. (source, operations) -> import
local source, operations = ...
local jit = require("jit")
local error, setmetatable, type = error, setmetatable, type
local globals = _G

-- No memory has to be executable then: the script may forbid that.
jit.off()

local loaded = { ["core.raw"] = { operations = operations } }

local function import(name)
    local value = loaded[name]
    if value == nil then
        value = source(name)(import)
        loaded[name] = value
    end
    return value
end

local system = import("subprocess.init_script.calls")
import("subprocess.init_script.helpers")
if jit.os == "Linux" then
    import("subprocess.init_script.linux")
    import("subprocess.init_script.landlock")
else
    import("subprocess.init_script.freebsd")
end

globals.C = setmetatable({}, {
    __index = function(_, name)
        local value = system.functions[name]
        if value == nil then value = system.constants[name] end
        if value == nil or type(name) ~= "string" or name:find("^SYS_") then error("key not found", 2) end
        return value
    end,
    __newindex = function() error("C is read-only", 2) end,
    __metatable = "C",
})
globals.errexit = true

return import
