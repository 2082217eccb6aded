-- Runs a program in a container: see options.lua, and docs/guide/containers.md.
local filesystem = require "filesystem"
local seccomp = require "emilua.seccomp"
local system = require "system"
local time = require "time"
local unix = require "unix"
local host = require "./host"
local options = require "./options"
local session = require "./session"

local o = options.parse(system.arguments, 3)
o.filter, o.hostname = tostring(seccomp.compile(seccomp.profile "container")), o.hostname or o.name or "container"

local here = tostring(_FILE.parent_path)
local ours, theirs = unix.seqpacket.socket.pair()
theirs = theirs:release()
local agent = spawn_vm {
    source = host.read(here .. "/agent.lua"),
    subprocess = {
        newns_user = true, newns_mount = true, newns_pid = true, newns_net = true, newns_ipc = true, newns_uts = true,
        environment = o.env, stderr = "share",
        init = { script = "container = " .. session.literal(o) .. host.read(here .. "/world.lua"), arg = theirs },
    },
}

local pid = tostring(agent.child_pid)
local name = o.name or pid
local ok, acceptor = pcall(unix.seqpacket.listen, session.address(name))
if not ok then session.fail("there is a container ", name, " already") end
host.map_ids(pid, o.map == "range")
if next(o.limit) then host.limit(pid, o.limit) end
if o.net then host.connect(pid, o) end
ours:send(byte_span.append ".")

local function enter(fd)
    pcall(agent.send, agent, fd)
    fd:close()
end
enter(theirs)
spawn(function()
    while true do
        local client = acceptor:accept()
        if session.is_ours(client) then enter(client:release()) else client:close() end
    end
end):detach()
local status = session.run(ours, o.command)
if host.group then host.group:close() end
while filesystem.exists(filesystem.path.new("/proc/" .. pid)) do time.sleep(0.001) end -- it ends after all in it
system.exit(status)
