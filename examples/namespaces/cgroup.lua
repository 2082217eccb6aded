-- A cgroup namespace: the guest's cgroup looks like the root of the tree. spawn_vm has no option for it.
package.path = arg[0]:gsub("[^/]*$", "?.lua;", 1) .. package.path
local emilua = require "emilua"
local guest = require "guest"

emilua.run(function()
    guest.run {
        namespaces = {},
        script = "C.unshare(C.CLONE_NEWCGROUP)",
        source = [[
            for line in io.lines "/proc/self/cgroup" do
                if line:find "^0::" then print(line) end
            end
        ]],
    }
end)
