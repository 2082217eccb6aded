-- What the programs of this folder share: an actor in new namespaces, whose root is the user who runs the program.
--
-- guest.run{ namespaces = { "uts" }, script = text, source = text[, host = function(take, go) ... end] }
-- The script runs with all rights in the new namespaces. Beside the globals of an init script it has give(path, flags),
-- which sends an open file to the host's take(), and wait(), which the host's go() ends.
local byte_span = require "emilua.byte_span"
local emilua = require "emilua"
local file = require "emilua.file"
local inbox = require "emilua.inbox"
local stream = require "emilua.stream"
local system = require "emilua.system"
local unix = require "emilua.unix"

local MAP = [[
    local function give(path, flags)
        local fd = C.open(path, flags)
        send_with_fd(arg, ".", fd)
        C.close(fd)
    end
    -- The end of the socket is that of the host: nothing may begin then.
    local function wait() if #C.read(arg, 1) == 0 then os.exit(1) end end
    give("/proc/self/uid_map", C.O_WRONLY)
    write_all(C.open("/proc/self/setgroups", C.O_WRONLY), "deny")
    give("/proc/self/gid_map", C.O_WRONLY)
    wait()
]]

-- An actor ends with the one that made it, which therefore waits for its last word.
local ACTOR = "local host = require('emilua.inbox'):receive() %s io.stdout:flush() host:send('done')"

local guest = {}

function guest.run(options)
    local host, theirs = unix.seqpacket.socket.pair()
    local subprocess = {
        newns_user = true, stdout = "share", stderr = "share",
        init = { script = MAP .. options.script, arg = theirs:release() },
    }
    for _, name in ipairs(options.namespaces) do subprocess["newns_" .. name] = true end
    local actor = emilua.spawn_vm { source = ACTOR:format(options.source), subprocess = subprocess }
    -- A copy that stayed open here would hide the script's end.
    subprocess.init.arg:close()

    local buffer = byte_span.new(1)
    local function take()
        local _, fds = host:receive_with_fds(buffer, 1)
        return fds[1]
    end
    local function go() host:send(byte_span.append(".")) end
    -- The kernel takes a mapping in one write.
    local function map(id)
        local map_file = file.stream.new(take())
        stream.write_all(map_file, ("0 %d 1\n"):format(id))
        map_file:close()
    end

    map((select(2, system.getresuid())))
    map((select(2, system.getresgid())))
    go()
    if options.host then options.host(take, go) end
    host:close()
    actor:send(inbox)
    inbox:receive()
end

return guest
