-- What the host gives a container, whose first process is `pid`: ids, limits, an interface.
local cgroup = require "emilua.cgroup"
local file = require "file"
local filesystem = require "filesystem"
local system = require "system"
local fail = require("../session").fail
local path = filesystem.path.new

local function read(name) return tostring(file.read_file(path(name))) end
local function write(name, text) file.write_file(path(name), text) end

local function tool(options, ...)
    options.program, options.arguments = ..., { ... }
    local result = system.run(options)
    if result.status ~= 0 then fail((...), ": ", result.stderr) end
end

-- The user's first range in a file of subuid(5).
local function range(name, user)
    local login = ("\n" .. read "/etc/passwd"):match("\n([^:\n]+):[^:\n]*:" .. user .. ":")
    for owner, first, count in read(name):gmatch "([^:\n]+):(%d+):(%d+)" do
        if owner == login or owner == user then return first, count end
    end
    fail("user ", user, " has no range in ", name)
end

--- Makes this process's user root of the container. With `more` there are other ids: for an ordinary user those of
--- subuid(5), for root the host's.
function map_ids(pid, more)
    local ids = { uid = tostring((system.getresuid())), gid = tostring((system.getresgid())) }
    local root = ids.uid == "0"
    if not root and not more then write("/proc/" .. pid .. "/setgroups", "deny") end
    for name, id in pairs(ids) do
        if root or not more then
            write(("/proc/%s/%s_map"):format(pid, name), ("0 %s %d"):format(id, more and 65536 or 1))
        else
            tool({}, "new" .. name .. "map", pid, "0", id, "1", "1", range("/etc/sub" .. name, ids.uid))
        end
    end
end

group = nil -- what it limits is removed with it

--- Puts a container below limits, by files of a control group beside this process's own.
function limit(pid, limits)
    local ok, e = pcall(function()
        group = cgroup.new { limits = limits }
        group:add(tonumber(pid))
    end)
    if not ok then fail(tostring(e.detail or e.path1 or "limits"), ": ", tostring(e)) end
end

--- A pair of interfaces: eth0 in the container, and vethPID here.
function connect(pid, o)
    local names = { PID = pid, VETH = "veth" .. pid, BRIDGE = o.bridge, ADDRESS = o.address, GATEWAY = o.gateway,
        LENGTH = (o.address or ""):match "%d+$" }
    local function ip(options, ...)
        options.input = table.concat({ ... }, "\n"):gsub("%u+", names)
        tool(options, "ip", "-batch", "-")
    end
    ip({}, "link add VETH type veth peer name eth0 netns PID", "link set VETH up", o.bridge
        and "link set VETH master BRIDGE" or o.gateway and "addr add GATEWAY/LENGTH dev VETH" or "")
    local function ns(name) return filesystem.open(path(("/proc/%s/ns/%s"):format(pid, name)), { "read_only" }) end
    ip({ setns_user = ns "user", setns_net = ns "net" }, "link set eth0 up",
        o.address and "addr add ADDRESS dev eth0" or "", o.gateway and "route add default via GATEWAY" or "")
end
