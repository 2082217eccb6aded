-- A UTS namespace: a host name of its own.
package.path = arg[0]:gsub("[^/]*$", "?.lua;", 1) .. package.path
local emilua = require "emilua"
local guest = require "guest"

emilua.run(function()
    guest.run {
        namespaces = { "uts" },
        script = [[
            C.sethostname("box")
            C.setdomainname("example")
        ]],
        source = [[
            for _, name in ipairs { "hostname", "domainname" } do
                print(name .. " " .. io.open("/proc/sys/kernel/" .. name):read "*l")
            end
        ]],
    }
end)
