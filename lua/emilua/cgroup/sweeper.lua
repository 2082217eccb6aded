-- What removes a group: a process that outlives this one and is no child of it. It reads from a pipe whose other end
-- is here alone, so the end of this process, however it comes, is the order to begin.
local import = ...
local byte_span = import("byte_span")
local descriptor = import("io.descriptor")
local errors = import("core.errors")
local new_path = import("filesystem.path.value").new
local object = import("io.object")
local scope = import("core.scope")
local subprocess = import("system.subprocess")

local error, ipairs = error, ipairs
local write, hide, HANDLE = descriptor.native.write, import("io.native").hide, object.HANDLE

local sweeper = {}

-- Background jobs have /dev/null for stdin. The group's own subgroups go first; a process in an uninterruptible sleep
-- may keep one for long.
local SCRIPT = [[
    remove() {
        for inner in "$1"/*/; do [ ! -d "$inner" ] || remove "${inner%/}"; done
        rmdir "$1"
    }
    exec 3<&0 2>/dev/null
    {
        read -r order <&3
        [ -z "$order" ] || exit
        echo 1 >"$1/cgroup.kill"
        tries=0
        while [ -d "$1" ] && ! remove "$1"; do
            tries=$((tries + 1))
            if [ $tries -lt 200 ]; then sleep 0.01; else sleep 1; fi
        done
        echo removed
    } &
]]

-- The streams of a new one: the end of the first is the order, and the second says when the directory is gone.
function sweeper.start(directory)
    local shell = subprocess.spawn({
        program = new_path("/bin/sh"), arguments = { "sh", "-c", SCRIPT, "sh", directory },
        environment = { PATH = "/usr/sbin:/usr/bin:/sbin:/bin" }, working_directory = new_path("/"),
        stdin = "pipe", stdout = "pipe", start_new_session = true, signal_on_gcreaper = 0,
    })
    local streams = { shell.stdin, shell.stdout }
    -- A group that is left behind by a run is no descriptor that is.
    for _, stream in ipairs(streams) do hide(stream[HANDLE]) end
    subprocess.disown(shell)
    return streams
end

local KEEP = byte_span.append("keep\n")

-- Sends a sweeper away whose directory is not there, or is another's.
function sweeper.dismiss(streams)
    -- So little never fills a pipe.
    write(streams[1][HANDLE], KEEP)
    streams[1]:close()
    streams[2]:close()
end

-- Gives the order, and waits until it is carried out; false if the sweeper is gone.
function sweeper.finish(streams)
    local order, removed = streams[1], streams[2]
    order:close()
    local ok, e
    scope.scope(function()
        scope.push(function() removed:close() end)
        ok, e = scope.pcall(removed.read_some, removed, byte_span.new(16))
    end)
    if not ok and not errors.is_eof(e) then error(e, 0) end
    return ok
end

return sweeper
