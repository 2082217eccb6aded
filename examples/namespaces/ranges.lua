-- A user namespace with many ids, those that /etc/subuid and /etc/subgid grant to this user: newuidmap(1) maps them.
local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local inbox = require "emilua.inbox"
local system = require "emilua.system"
local unix = require "emilua.unix"

-- The line of a file that grants ids to this user: the first of them, and how many.
local function granted(path)
    local pipe = io.popen "id -un"
    local user = pipe:read "*l"
    pipe:close()
    for line in io.lines(path) do
        local name, first, count = line:match "^([^:]+):(%d+):(%d+)$"
        if name == user then return first, count end
    end
    error(("%s grants no ids to %s: see usermod(8), --add-subuids"):format(path, user), 0)
end

local SCRIPT = [[
    if #C.read(arg, 1) == 0 then os.exit(1) end
    C.setgroups({ 100 })
    C.setresgid(1000, 1000, 1000)
    C.setresuid(1000, 1000, 1000)
]]

emilua.run(function()
    local first_user, users = granted "/etc/subuid"
    local first_group, groups = granted "/etc/subgid"
    local host, theirs = unix.seqpacket.socket.pair()
    local arg = theirs:release()
    local actor = emilua.spawn_vm {
        subprocess = { newns_user = true, stderr = "share", init = { script = SCRIPT, arg = arg } },
        source = [[
            local inbox, system = require "emilua.inbox", require "emilua.system"
            local host = inbox:receive()
            host:send { user = system.getresuid(), group = system.getresgid(), extra = system.getgroups()[1] }
        ]],
    }
    arg:close()

    -- The process waits for us, so its id is no other's. Newer versions also take a descriptor of /proc/PID, as fd:3.
    local function map(program, first, count)
        local arguments = { program, tostring(actor.child_pid), "0", first, count }
        local child = system.spawn {
            program = program, arguments = arguments, environment = system.environment, stderr = "share",
        }
        child:wait()
        assert(child.exit_code == 0, program .. " failed")
    end
    map("newuidmap", first_user, users)
    map("newgidmap", first_group, groups)
    host:send(byte_span.append("."))
    host:close()

    actor:send(inbox)
    local ids = inbox:receive()
    print(("user %d, group %d, also in group %d"):format(ids.user, ids.group, ids.extra))
end)
