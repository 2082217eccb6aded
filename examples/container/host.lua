-- What the host gives a container, whose first process is `pid`: limits, an interface.
local cgroup = require "emilua.cgroup"
local filesystem = require "filesystem"
local system = require "system"
local fail = require("../session").fail

--- Puts a container below limits, by files of a control group beside this process's own; returns the group.
function limit(pid, limits)
    local group = cgroup.new { limits = limits }
    group:add(pid)
    return group
end

--- A pair of interfaces: eth0 in the container, and vethPID here.
function connect(pid, o)
    local names = { PID = tostring(pid), VETH = "veth" .. pid, BRIDGE = o.bridge, ADDRESS = o.address,
        GATEWAY = o.gateway, LENGTH = (o.address or ""):match "%d+$" }
    local function ip(options, ...)
        options.program, options.arguments = "ip", { "ip", "-batch", "-" }
        options.input = table.concat({ ... }, "\n"):gsub("%u+", names)
        local result = system.run(options)
        if result.status ~= 0 then fail("ip: ", result.stderr) end
    end
    ip({}, "link add VETH type veth peer name eth0 netns PID", "link set VETH up", o.bridge
        and "link set VETH master BRIDGE" or o.gateway and "addr add GATEWAY/LENGTH dev VETH" or "")
    local namespaces = filesystem.path.new("/proc/" .. pid .. "/ns")
    local function ns(name) return filesystem.open(namespaces / name, { "read_only" }) end
    ip({ setns_user = ns "user", setns_net = ns "net" }, "link set eth0 up",
        o.address and "addr add ADDRESS dev eth0" or "", o.gateway and "route add default via GATEWAY" or "")
end
