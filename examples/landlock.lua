-- Landlock: an actor that may read below one directory, connect to one port, and touch nothing else.
--
-- usage: luajit examples/landlock.lua DIRECTORY PORT [PATH ...]    says what the actor can open
local emilua = require "emilua"
local inbox = require "emilua.inbox"

local directory, port = assert(arg[1], "no directory"), assert(tonumber(arg[2]), "no port")

local SCRIPT = [[
    local version = C.landlock_create_ruleset(nil, { "version" })
    local fs = { "execute", "write_file", "read_file", "read_dir", "remove_dir", "remove_file", "make_char", "make_dir",
        "make_reg", "make_sock", "make_fifo", "make_block", "make_sym" }
    -- What is not handled is allowed, and what this kernel does not know cannot be handled.
    for name, since in pairs { refer = 2, truncate = 3, ioctl_dev = 5 } do
        if version >= since then fs[#fs + 1] = name end
    end
    local rules = C.landlock_create_ruleset {
        handled_access_fs = fs,
        handled_access_net = version >= 4 and { "bind_tcp", "connect_tcp" } or nil,
        scoped = version >= 6 and { "abstract_unix_socket", "signal" } or nil,
    }
    C.landlock_add_rule(rules, "path_beneath", {
        allowed_access = { "read_file", "read_dir" }, parent_fd = C.open(%q, C.O_PATH),
    })
    if version >= 4 then
        C.landlock_add_rule(rules, "net_port", { allowed_access = { "connect_tcp" }, port = %d })
    end
    set_no_new_privs()
    C.landlock_restrict_self(rules)
]]

local ACTOR = [[
    local ip, inbox = require "emilua.ip", require "emilua.inbox"
    local host = inbox:receive()
    while true do
        local path = inbox:receive()
        local file, port = io.open(path), tonumber(path)
        local can = port and pcall(ip.tcp.dial, "127.0.0.1:" .. path) or file ~= nil
        host:send(can)
    end
]]

emilua.run(function()
    local actor = emilua.spawn_vm {
        source = ACTOR,
        subprocess = { stderr = "share", init = { script = SCRIPT:format(directory, port) } },
    }
    actor:send(inbox)
    for i = 3, #arg do
        actor:send(arg[i])
        print(arg[i], inbox:receive() and "yes" or "no")
    end
end)
