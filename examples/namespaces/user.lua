-- A user namespace: the actor is root there, and this program's user everywhere else.
package.path = arg[0]:gsub("[^/]*$", "?.lua;", 1) .. package.path
local emilua = require "emilua"
local guest = require "guest"

emilua.run(function()
    guest.run {
        namespaces = {},
        script = "",
        source = [[
            local system = require "emilua.system"
            print("user " .. system.getresuid() .. ", group " .. system.getresgid())
            for line in io.lines "/proc/self/uid_map" do
                print(("inside %d is outside %d, %d of them"):format(line:match "(%d+)%s+(%d+)%s+(%d+)"))
            end
        ]],
    }
end)
