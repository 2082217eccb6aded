-- A container: six namespaces, an empty root in memory, its own loopback device, no rights left. Any user may run it.
local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local file = require "emilua.file"
local fs = require "emilua.filesystem"
local inbox = require "emilua.inbox"
local stream = require "emilua.stream"
local system = require "emilua.system"
local unix = require "emilua.unix"

local SCRIPT = [[
    local function give(path, flags) send_with_fd(arg, ".", C.open(path, flags)) end
    local function barrier() if #C.read(arg, 1) == 0 then os.exit(1) end end
    give("/proc/self/uid_map", C.O_WRONLY)
    write_all(C.open("/proc/self/setgroups", C.O_WRONLY), "deny")
    give("/proc/self/gid_map", C.O_WRONLY)
    barrier() -- the ids are mapped
    give("/proc/self/ns/user", C.O_RDONLY)
    give("/proc/self/ns/net", C.O_RDONLY)
    C.mount(nil, "/", nil, bit.bor(C.MS_REC, C.MS_PRIVATE))
    C.umask(0)
    C.mount(nil, "/mnt", "tmpfs", bit.bor(C.MS_NOSUID, C.MS_NODEV))
    for _, name in ipairs { "proc", "tmp", "mnt" } do C.mkdir("/mnt/" .. name, mode(7, 5, 5)) end
    C.umask(mode(0, 2, 2))
    C.mount(nil, "/mnt/proc", "proc", 0)
    C.chdir("/mnt")
    C.pivot_root(".", "/mnt/mnt")
    C.chroot(".")
    C.umount2("/mnt", C.MNT_DETACH)
    C.sethostname("box")
    barrier() -- the loopback device is up
    C.setsid()
    C.cap_set_proc("=")
    set_no_new_privs()
]]

local APP = [[
    local inbox, system = require "emilua.inbox", require "emilua.system"
    local host = inbox:receive().dest
    print("on " .. io.open("/proc/sys/kernel/hostname"):read "*l" .. ": process " .. system.getpid())
    print("user " .. system.getresuid() .. ", passwd: " .. tostring(io.open "/etc/passwd"))
    io.stdout:flush()
    host:send "done"
]]

emilua.run(function()
    local host, guest = unix.seqpacket.socket.pair()
    guest = guest:release()
    local box = emilua.spawn_vm {
        module = fs.path.new "/app.lua",
        subprocess = {
            newns_user = true, newns_net = true, newns_mount = true, newns_pid = true, newns_uts = true,
            newns_ipc = true, stdout = "share", stderr = "share",
            source_tree_cache = { ["app.lua"] = APP },
            init = { script = SCRIPT, arg = guest },
        },
    }
    guest:close()

    local buffer, go = byte_span.new(1), byte_span.append(".")
    local function take() return select(2, host:receive_with_fds(buffer, 1))[1] end
    local function map(id) stream.write_all(file.stream.new(take()), ("0 %d 1\n"):format(id)) end
    map((select(2, system.getresuid())))
    map((select(2, system.getresgid())))
    host:send(go)
    local user, net = take(), take()
    system.spawn {
        program = "ip", arguments = { "ip", "link", "set", "dev", "lo", "up" },
        environment = system.environment, setns_user = user, setns_net = net,
    }:wait()
    host:send(go)
    host:close()

    box:send { dest = inbox }
    inbox:receive()
end)
