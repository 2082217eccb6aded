-- The command line of run.lua.
local filesystem = require "filesystem"
local fail = require("../session").fail

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
  --net veth              an interface eth0, made by the host's root, with
  --address ADDR/LEN      its address,
  --gateway ADDR          that of the host's end,
  --bridge NAME           or what the host's end is put into
]]

local function existing(text)
    local ok, path = pcall(filesystem.canonical, filesystem.path.new(text))
    return ok and tostring(path) or fail(text, ": ", tostring(path))
end

--- The options among `words` from `at` on, as texts or lists of texts, with `root` and `command`.
function parse(words, at)
    local o = { volume = {}, env = {}, map = "single" }
    while (words[at] or ""):find "^%-%-." do
        local name, value = words[at]:match "^%-%-([^=]+)=?(.*)$"
        if not USAGE:find("  --" .. name .. " ", 1, true) then fail("unknown option --", name, "\n", USAGE) end
        if name ~= "read-only" and not words[at]:find "=" then at, value = at + 1, words[at + 1] or "" end
        if type(o[name]) == "table" then table.insert(o[name], value) else o[name] = value end
        at = at + 1
    end
    if o.map ~= "single" and o.map ~= "range" or o.net and o.net ~= "veth" then fail(USAGE) end
    o.root = existing(words[at] or fail(USAGE))
    o.overlay = o.overlay and existing(o.overlay)
    for i, text in ipairs(o.volume) do
        local from, to, mode = text:match "^([^:]+):(/[^:]*):?(.*)$"
        from = existing(from or fail("--volume ", text))
        local is_file = not filesystem.is_directory(filesystem.path.new(from))
        o.volume[i] = { from = from, to = to, read_only = mode == "ro", is_file = is_file }
    end
    o.command = { unpack(words, words[at + 1] == "--" and at + 2 or at + 1) }
    o.command[1], o.command.directory = o.command[1] or "/bin/sh", o.workdir or "/"
    return o
end
