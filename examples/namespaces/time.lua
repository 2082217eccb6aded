-- A time namespace: the clocks that count from the start of the machine are a day ahead. spawn_vm has no option for it.
package.path = arg[0]:gsub("[^/]*$", "?.lua;", 1) .. package.path
local emilua = require "emilua"
local guest = require "guest"

emilua.run(function()
    print("host: up for " .. io.open("/proc/uptime"):read "*n" .. " s")
    io.stdout:flush()
    guest.run {
        -- Only later children are in it; with a PID namespace the actor is one.
        namespaces = { "pid" },
        script = [[
            C.unshare(C.CLONE_NEWTIME)
            local offsets = C.open("/proc/self/timens_offsets", C.O_WRONLY)
            write_all(offsets, "monotonic 86400 0\nboottime 86400 0\n")
        ]],
        source = "print('guest: up for ' .. io.open('/proc/uptime'):read '*n' .. ' s')",
    }
end)
