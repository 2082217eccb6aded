-- What the host gives a container, whose first process is `pid`: ids, limits, an interface.
local cgroup = require "emilua.cgroup"
local filesystem = require "filesystem"
local id_map = require "emilua.id_map"
local system = require "system"
local fail = require("../session").fail

-- Ends the program when `f` fails, with what the error is about.
local function try(f, ...)
    local ok, result = pcall(f, ...)
    if not ok then fail(tostring(result.detail or result.path1 or "limits"), ": ", tostring(result)) end
    return result
end

--- Makes this process's user root of the container. With `more` there are other ids: for an ordinary user those of
--- subuid(5), for root the host's.
function map_ids(pid, more) try(id_map.write, pid, more and try(id_map.range) or id_map.single()) end

group = nil -- what it limits is removed with it

--- Puts a container below limits, by files of a control group beside this process's own.
function limit(pid, limits)
    group = try(cgroup.new, { limits = limits })
    try(group.add, group, pid)
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
    local process = filesystem.path.new("/proc/" .. pid)
    local function ns(name) return filesystem.open(process / "ns" / name, { "read_only" }) end
    ip({ setns_user = ns "user", setns_net = ns "net" }, "link set eth0 up",
        o.address and "addr add ADDRESS dev eth0" or "", o.gateway and "route add default via GATEWAY" or "")
end
