-- The command line of run.lua.
local filesystem = require "filesystem"
local system = require "system"
local fail = require("../session").fail
local path = filesystem.path.new

-- What the user of a container cannot make, and gets from the host.
local DEVICES = "/dev/full /dev/null /dev/random /dev/tty /dev/urandom /dev/zero"

local USAGE = [[
usage: emilua run.lua -- [OPTION]... ROOTFS [--] [CMD [ARG]...]

  --overlay DIR           changes are kept in DIR; else they are in memory and end with the container
  --read-only             nothing changes but what is below /tmp and /run, in memory
  --volume SRC:DST[:ro]   a file or directory of the host; may be repeated
  --env NAME=VALUE        may be repeated
  --workdir DIR           where CMD starts
  --hostname NAME
  --name NAME             for attach.lua
  --map single|range      which ids there are: root's, or also those of subuid(5)
  --memory N[K|M|G]       limits, where a control group (v2) is delegated
  --pids N
  --limit FILE=VALUE      any other: cpu.max="20000 100000"; may be repeated
  --net veth              an interface eth0, made by the host's root, with
  --address ADDR/LEN      its address,
  --gateway ADDR          that of the host's end,
  --bridge NAME           or what the host's end is put into
]]

local function existing(text) return tostring(filesystem.canonical(path(text))) end

local function volume(value)
    local src, dst, ro = value:match "^([^:]+):(/[^:]*):?(.*)$"
    if not src or ro ~= "" and ro ~= "ro" or tostring(path(dst):lexically_normal()) == "/" then
        fail("--volume ", value)
    end
    return { from = existing(src), to = dst, read_only = ro == "ro", is_file = not filesystem.is_directory(path(src)) }
end

--- The options among `words` from `at` on, with `root` and `command`.
function parse(words, at)
    local o = { volume = {}, limit = {}, map = "single" }
    o.env = { HOME = "/root", PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" }
    for device in DEVICES:gmatch "%S+" do table.insert(o.volume, { from = device, to = device, is_file = true }) end
    while (words[at] or ""):find "^%-%-." do
        local name, value = words[at]:match "^%-%-([^=]+)=?(.*)$"
        if name == "help" then
            print(USAGE)
            system.exit(0)
        end
        if not USAGE:find("  --" .. name .. " ", 1, true) then fail("unknown option --", name, "\n", USAGE) end
        if name ~= "read-only" and not words[at]:find "=" then at, value = at + 1, words[at + 1] or "" end
        local key, text = value:match "^([^=]+)=(.*)$"
        if name == "volume" then
            table.insert(o.volume, volume(value))
        elseif name == "env" or name == "limit" then
            o[name][key or fail("--", name, " ", value)] = text
        else
            o[name] = value
        end
        at = at + 1
    end
    if o.map ~= "single" and o.map ~= "range" or o.net and o.net ~= "veth" then fail(USAGE) end
    o.root = existing(words[at] or fail(USAGE))
    if o.root == "/" then fail "nothing can be mounted over /" end
    o.overlay = o.overlay and existing(o.overlay)
    o.limit["memory.max"], o.limit["pids.max"] = o.memory, o.pids
    o.command = { unpack(words, words[at + 1] == "--" and at + 2 or at + 1) }
    o.command[1], o.command.directory = o.command[1] or "/bin/sh", o.workdir or "/"
    return o
end
