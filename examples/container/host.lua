-- What the host gives a container, whose first process is `pid`: ids, limits, an interface.
local cgroup = require "emilua.cgroup"
local file = require "file"
local filesystem = require "filesystem"
local stream = require "stream"
local system = require "system"
local fail = require("../session").fail

local function open(path, flag) return filesystem.open(filesystem.path.new(path), { flag }) end

--- What is in a file; nothing if it cannot be read.
function read(path)
    local buffer = byte_span.new(1048576)
    local ok, n = pcall(function() return file.stream.new(open(path, "read_only")):read_some(buffer) end)
    return ok and tostring(buffer:first(n)) or ""
end

local function write(path, text) stream.write_all(file.stream.new(open(path, "write_only")), text) end

local function tool(options, ...)
    options.program, options.arguments = ..., { ... }
    local result = system.run(options)
    if result.status ~= 0 then fail((...), ": ", result.stderr) end
end

-- The user's first range in a file of subuid(5).
local function range(path, user)
    local login = ("\n" .. read "/etc/passwd"):match("\n([^:\n]+):[^:\n]*:" .. user .. ":")
    for owner, first, count in read(path):gmatch "([^:\n]+):(%d+):(%d+)" do
        if owner == login or owner == user then return first, count end
    end
    fail("user ", user, " has no range in ", path)
end

--- Makes this process's user root of the container. With `more` there are other ids: for an ordinary user those of
--- subuid(5), for root the host's.
function map_ids(pid, more)
    local user = ("%d"):format((system.getresuid()))
    if user ~= "0" and not more then write("/proc/" .. pid .. "/setgroups", "deny") end
    for name, id in pairs { uid = user, gid = ("%d"):format((system.getresgid())) } do
        if user ~= "0" and more then
            tool({}, "new" .. name .. "map", pid, "0", id, "1", "1", range("/etc/sub" .. name, user))
        else
            write(("/proc/%s/%s_map"):format(pid, name), ("0 %s %d"):format(id, more and 65536 or 1))
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
    local ns = "/proc/" .. pid .. "/ns/"
    ip({ setns_user = open(ns .. "user", "read_only"), setns_net = open(ns .. "net", "read_only") }, "link set eth0 up",
        o.address and "addr add ADDRESS dev eth0" or "", o.gateway and "route add default via GATEWAY" or "")
end
