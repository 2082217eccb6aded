-- A mount namespace: the root of the file system is new, empty and in memory.
package.path = arg[0]:gsub("[^/]*$", "?.lua;", 1) .. package.path
local emilua = require "emilua"
local guest = require "guest"

emilua.run(function()
    guest.run {
        namespaces = { "mount" },
        script = [[
            -- Nothing that is mounted from here on reaches the host.
            C.mount(nil, "/", nil, bit.bor(C.MS_REC, C.MS_PRIVATE))
            C.umask(0)
            C.mount(nil, "/mnt", "tmpfs", bit.bor(C.MS_NOSUID, C.MS_NODEV))
            C.mkdir("/mnt/tmp", mode(7, 7, 7))
            C.mkdir("/mnt/old", mode(7, 5, 5))
            C.chdir("/mnt")
            C.pivot_root(".", "/mnt/old")
            C.chroot(".")
            C.umount2("/old", C.MNT_DETACH)
            C.umask(mode(0, 2, 2))
        ]],
        source = [[
            local filesystem = require "emilua.filesystem"
            local names = {}
            for entry in filesystem.directory_iterator(filesystem.path.new "/") do
                names[#names + 1] = tostring(entry.path)
            end
            table.sort(names)
            print(table.concat(names, " "))
            print(io.open "/etc/passwd")
            print(io.open("/tmp/mine", "w") ~= nil)
        ]],
    }
end)
