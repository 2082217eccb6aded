-- A PID namespace: the actor sees itself, its PID 1, which reaps, and the supervisor of its own actors.
package.path = arg[0]:gsub("[^/]*$", "?.lua;", 1) .. package.path
local emilua = require "emilua"
local guest = require "guest"

emilua.run(function()
    guest.run {
        -- A new /proc shows the new namespace; it is mounted where the host does not see it.
        namespaces = { "pid", "mount" },
        script = [[
            C.mount(nil, "/", nil, bit.bor(C.MS_REC, C.MS_PRIVATE))
            C.mount(nil, "/proc", "proc", 0)
        ]],
        source = [[
            local filesystem = require "emilua.filesystem"
            local system = require "emilua.system"
            local pids = {}
            for entry in filesystem.directory_iterator(filesystem.path.new "/proc") do
                pids[#pids + 1] = tonumber(tostring(entry.path.filename))
            end
            table.sort(pids)
            print("processes " .. table.concat(pids, " "))
            print("I am " .. system.getpid() .. ", my parent is " .. system.getppid())
        ]],
    }
end)
