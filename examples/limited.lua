-- Runs a command below limits of a control group, and says what it has taken:
--   luajit limited.lua memory.max=256M cpu.max="50000 100000" -- make -j8
local cgroup = require "emilua.cgroup"
local emilua = require "emilua"
local pipe = require "emilua.pipe"
local system = require "emilua.system"

local limits, at = {}, 1
while arg[at] and arg[at] ~= "--" do
    local file, value = arg[at]:match "^([^=]+)=(.+)$"
    if file then limits[file] = value end
    at = file and at + 1 or #arg + 1
end
if not arg[at + 1] then
    io.stderr:write "usage: luajit limited.lua [FILE=VALUE]... -- COMMAND [ARGUMENT]...\n"
    os.exit(2)
end

local function run()
    local group = cgroup.new { limits = limits }
    local gate, open = pipe.pair()
    gate = gate:release()
    gate.non_blocking = false
    -- The shell becomes the command when it is in the group: so nothing that this starts is ever outside.
    local child = system.spawn {
        program = "sh", arguments = { "sh", "-c", 'read go <&3; exec "$@" 3<&-', "sh", unpack(arg, at + 1) },
        environment = system.environment, stdin = "share", stdout = "share", stderr = "share",
        extra_fds = { [3] = gate },
    }
    gate:close()
    group:add(child.pid)
    open:close()
    child:wait()
    for _, file in ipairs { "memory.peak", "memory.events", "pids.peak", "cpu.stat" } do
        local ok, text = pcall(group.get, group, file)
        if ok then io.stderr:write(file, ": ", text:gsub("\n", ", "), "\n") end
    end
    group:close() -- with what the command has left in the background
    return child.exit_code
end

local ok, status = pcall(emilua.run, run)
if not ok then
    io.stderr:write("limited: ", tostring(status), status.detail and ": " .. status.detail or "", "\n")
    status = 125
end
os.exit(status)
