-- Actors in processes of their own.

local function emilua(arguments) return "{luajit} bench/emilua/" .. arguments end

local function first_byte(command) return "{out}/first_byte {times} " .. command end

-- In it: a static program; the interpreter with the module.
local BWRAP = first_byte "bench/reference/bwrap.sh {out}/filter "
local STATIC = "--ro-bind {out}/closed /closed /closed"
local LUAJIT = "--ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 " ..
    "--ro-bind emilua.so /emilua.so " ..
    "--ro-bind bench/emilua/first_byte.lua /first_byte.lua --setenv LUA_CPATH /?.so {luajit} /first_byte.lua landlock"

return {
    {
        name = "subprocess",
        sides = {
            emilua = emilua "subprocess.lua {scale} plain",
            exec = first_byte "{luajit} bench/emilua/first_byte.lua",
        },
        needs = "{out}/first_byte",
        figures = {
            { name = "first message", key = "wall_ms", unit = "ms", judge = "value", most = 2, aim = 1 },
            {
                name = "first message, ratio", key = "wall_ms", unit = "ms",
                judge = "ratio", against = "exec", most = 0.6,
            },
        },
    },
    {
        name = "subprocess-sandbox",
        sides = {
            emilua = emilua "subprocess.lua {scale} sandbox",
            bwrap = BWRAP .. LUAJIT,
            static = BWRAP .. STATIC,
        },
        needs = "{out}/first_byte {out}/closed {out}/filter",
        figures = {
            { name = "first message", key = "wall_ms", unit = "ms", judge = "value", most = 4 },
            {
                name = "first message, ratio", key = "wall_ms", unit = "ms",
                judge = "ratio", against = "bwrap", most = 0.5,
            },
        },
        also = { "static" },
    },
    {
        name = "subprocess-resident",
        sides = {
            emilua = emilua "subprocess.lua {scale} plain 2048 200",
            empty = emilua "subprocess.lua {scale} plain",
        },
        figures = {
            {
                name = "first message", key = "wall_ms", unit = "ms",
                judge = "ratio", against = "empty", most = 1.1,
            },
        },
    },
    {
        name = "subprocess-ping-pong",
        sides = {
            emilua = emilua "subprocess_ping_pong.lua {scale}",
            seqpacket = "{out}/seqpacket_ping_pong {scale}",
        },
        figures = {
            {
                name = "round trips", key = "round_trips_per_s", unit = "1/s",
                judge = "ratio", against = "seqpacket", least = 0.7,
            },
        },
    },
    {
        name = "subprocess-memory",
        sides = { emilua = emilua "subprocess_memory.lua {scale}" },
        figures = {
            { name = "private, each of 200", key = "private_mib", unit = "MiB", judge = "value", most = 3 },
        },
    },
    {
        name = "container-start",
        sides = {
            emilua = first_byte "{luajit} lua/bin/emilua examples/container/run.lua -- {out}/tree /closed",
            bwrap = BWRAP .. "--unshare-net --proc /proc --dev /dev " .. STATIC,
        },
        needs = "{out}/first_byte {out}/closed {out}/tree/closed {out}/filter",
        figures = {
            { name = "first byte", key = "wall_ms", unit = "ms", judge = "value" },
            { name = "first byte, ratio", key = "wall_ms", unit = "ms", judge = "ratio", against = "bwrap" },
        },
    },
}
