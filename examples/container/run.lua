-- Runs a program in a container: see options.lua, and docs/guide/containers.md.
local file = require "file"
local filesystem = require "filesystem"
local id_map = require "emilua.id_map"
local seccomp = require "emilua.seccomp"
local system = require "system"
local time = require "time"
local unix = require "unix"
local host = require "./host"
local options = require "./options"
local session = require "./session"

local function source(name) return tostring(file.read_file(_FILE.parent_path / name)) end

session.try(function()
    local o = options.parse(system.arguments, 3)
    o.filter, o.hostname = tostring(seccomp.compile(seccomp.profile "container")), o.hostname or o.name or "container"

    local script = source "world.lua" .. "assert(is_sealed)" -- one that ended too early would leave rights
    local gate, arg = unix.seqpacket.socket.pair()
    local agent = spawn_vm {
        source = source "agent.lua",
        subprocess = {
            newns_user = true, newns_mount = true, newns_pid = true, newns_net = true, newns_ipc = true,
            newns_uts = true, environment = o.env, stderr = "share", supervisor = false, -- it makes no actors
            die_with_host = true, -- what runs in there could keep the agent from noticing its end
            init = { script = script, values = { container = o }, arg = arg:release() },
        },
    }

    local pid, name = agent.child_pid, o.name or tostring(agent.child_pid)
    local ok, acceptor = pcall(unix.seqpacket.listen, session.address(name))
    if not ok then session.fail("there can be no container ", name, ": ", tostring(acceptor)) end
    -- This user is root in there. Other ids are, for an ordinary user, those of subuid(5), for root the host's.
    id_map.write(pid, o.map == "range" and id_map.range() or id_map.single())
    local group = next(o.limit) and host.limit(pid, o.limit)
    if o.net then host.connect(pid, o) end
    pcall(gate.send, gate, byte_span.append ".")

    local first = session.dial(name)
    local listener = acceptor:release()
    pcall(agent.send, agent, listener)
    listener:close()
    local status = session.run(first, o.command, function() pcall(agent.kill, agent) end)
    if group then group:close() end
    while filesystem.exists(filesystem.path.new("/proc/" .. pid)) do time.sleep(0.001) end -- it ends after all in it
    system.exit(status)
end)
