-- The lines of the benchmark, in the order in which they run.
--
-- A line has sides, each a shell command that prints `key value` lines. {scale}, {seconds}, {warm_up} and {times}
-- depend on --quick; {out}/FILE is built by bench/reference/Makefile before the line runs (`needs` says what to build
-- instead); {cpu} is the core of the measured program. `on = "load"` starts the sides on the other core: they are load
-- generators, which start their server on {cpu}. `on = "both"` lets the sides use both cores.
--
-- A figure is one key of the side `emilua`, or of `subject`. It is judged by
--   judge = "ratio"       to the side `against`, each round for itself;
--   judge = "difference"  from that side;
--   judge = "value"       alone; the ratio is information.
-- `most` or `least` is what it must reach, `aim` what it should. Without them the line is information.
-- Sides named in `also` get a row of information for each figure.

local function emilua(name)
    return ("{luajit} bench/emilua/%s.lua {scale}"):format(name)
end

local function plain(name)
    return ("{luajit} bench/reference/plain.lua {scale} %s"):format(name)
end

local function served_by(command, connections)
    return ("{out}/load %d {seconds} {warm_up} {cpu} %s"):format(connections, command)
end

local TOKIO = "{out}/tokio/release/echo"

local function echo(connections, cpu, requests)
    return {
        name = ("echo-%d"):format(connections),
        on = "load",
        sides = {
            emilua = served_by("{luajit} bench/emilua/echo.lua", connections),
            tokio = served_by(TOKIO, connections),
            epoll = served_by("{out}/epoll_echo", connections),
            luv = served_by("{luajit} bench/reference/luv_echo.lua", connections),
            cqueues = served_by("{luajit} bench/reference/cqueues_echo.lua", connections),
        },
        also = { "epoll", "luv", "cqueues" },
        figures = {
            {
                name = "CPU per request", key = "cpu_us", unit = "us",
                judge = "ratio", against = "tokio", most = cpu.most, aim = cpu.aim,
            },
            {
                name = "requests", key = "requests_per_s", unit = "1/s",
                judge = "ratio", against = "tokio", least = requests.least, aim = requests.aim,
            },
        },
    }
end

return {
    {
        -- A/A: what the ratios of a line show when there is no difference.
        name = "control",
        on = "load",
        sides = { tokio = served_by(TOKIO, 64), again = served_by(TOKIO, 64) },
        subject = "again",
        figures = {
            { name = "CPU per request", key = "cpu_us", unit = "us", judge = "ratio", against = "tokio" },
            { name = "requests", key = "requests_per_s", unit = "1/s", judge = "ratio", against = "tokio" },
        },
    },
    echo(64, { most = 1.18, aim = 1.05 }, { least = 0.85, aim = 1.0 }),
    echo(512, { most = 1.18, aim = 1.05 }, { least = 0.85, aim = 1.0 }),
    echo(1, { most = 1.25, aim = 1.1 }, { least = 0.80, aim = 0.9 }),
    {
        name = "switch",
        sides = { emilua = emilua "switch", plain = plain "switch" },
        figures = {
            {
                name = "CPU per yield", key = "yield_ns", unit = "ns",
                judge = "value", against = "plain", most = 80, aim = 55,
            },
        },
    },
    {
        name = "spawn",
        sides = { emilua = emilua "spawn", plain = plain "spawn" },
        figures = {
            {
                name = "CPU per spawn + join", key = "spawn_join_ns", unit = "ns",
                judge = "value", against = "plain", most = 700, aim = 400,
            },
        },
    },
    {
        name = "timeout",
        sides = { emilua = emilua "timeout" },
        figures = {
            { name = "CPU per ready call", key = "timeout_ns", unit = "ns", judge = "value", most = 2000 },
        },
    },
    {
        name = "group",
        sides = { emilua = emilua "group" },
        figures = {
            { name = "CPU per child of 1,000", key = "child_ns", unit = "ns", judge = "value", most = 1000 },
        },
    },
    {
        name = "mutex",
        sides = { emilua = emilua "mutex" },
        figures = {
            { name = "lock + unlock", key = "lock_unlock_ns", unit = "ns", judge = "value", most = 20, aim = 5 },
        },
    },
    {
        name = "condition",
        sides = { emilua = emilua "condition", plain = plain "condition" },
        figures = {
            {
                name = "CPU per round trip", key = "round_trip_ns", unit = "ns",
                judge = "value", against = "plain", most = 500, aim = 250,
            },
        },
    },
    {
        name = "idle",
        sides = { emilua = emilua "idle", plain = plain "idle" },
        figures = {
            {
                name = "Lua heap per fiber", key = "heap_kib", unit = "KiB",
                judge = "value", against = "plain", most = 1.2, aim = 0.9,
            },
            {
                name = "resident per fiber", key = "resident_kib", unit = "KiB",
                judge = "value", against = "plain", most = 1.2, aim = 0.9,
            },
            { name = "live at once", key = "live", unit = "", judge = "value", least = 1e6, aim = 1e6, full = true },
        },
    },
    {
        name = "timers",
        sides = { emilua = emilua "timers", tokio = "{out}/tokio/release/timers {scale}" },
        figures = {
            {
                name = "CPU of all", key = "cpu_s", unit = "s",
                judge = "value", against = "tokio", most = 0.8, aim = 0.4,
            },
            {
                name = "p99 lateness", key = "p99_ms", unit = "ms",
                judge = "value", against = "tokio", most = 20, aim = 5,
            },
        },
    },
    {
        name = "sleep",
        sides = { emilua = emilua "sleep", epoll = "{out}/sleeper {scale}" },
        figures = {
            {
                name = "sleep(0.0005), median", key = "median_ms", unit = "ms",
                judge = "difference", against = "epoll", most = 0.08, aim = 0.03,
            },
        },
    },
    {
        name = "byte_span",
        sides = { emilua = emilua "byte_span", plain = plain "byte_span" },
        figures = {
            {
                name = "get", key = "get_m_per_s", unit = "M/s",
                judge = "value", against = "plain", least = 400, aim = 600,
            },
            {
                name = "set", key = "set_m_per_s", unit = "M/s",
                judge = "value", against = "plain", least = 400, aim = 600,
            },
            {
                name = "slices that are kept", key = "slices_m_per_s", unit = "M/s",
                judge = "value", against = "plain", least = 3.5, aim = 5,
            },
        },
    },
    {
        -- "The speed of memmem", less what the control line calls noise.
        name = "find",
        sides = { emilua = emilua "find", memmem = "{out}/memmem {scale}" },
        figures = {
            {
                name = "absent needle", key = "absent_mb_per_s", unit = "MB/s",
                judge = "ratio", against = "memmem", least = 0.9, aim = 1,
            },
            {
                name = "needle every 64 KiB", key = "rare_mb_per_s", unit = "MB/s",
                judge = "ratio", against = "memmem", least = 0.9, aim = 1,
            },
        },
    },
    {
        name = "errors",
        sides = { emilua = emilua "errors", plain = plain "errors" },
        figures = {
            {
                name = "unlock of a free mutex", key = "unlock_ns", unit = "ns",
                judge = "value", against = "plain", most = 3000, aim = 1000,
            },
            {
                name = "read of a closed socket", key = "read_ns", unit = "ns",
                judge = "value", against = "plain", most = 3000, aim = 1000,
            },
        },
    },
    {
        -- Both in one process: the side prints string.format's time as well.
        name = "format",
        sides = { emilua = emilua "format" },
        figures = {
            {
                name = "to string.format", key = "ratio", unit = "x",
                judge = "value", most = 2, aim = 1.2,
            },
            { name = "three fields", key = "format_ns", unit = "ns", judge = "value" },
        },
    },
    {
        name = "startup",
        sides = {
            emilua = "{out}/startup {times} {luajit} bench/emilua/empty.lua",
            plain = "{out}/startup {times} {luajit} bench/reference/empty.lua",
        },
        figures = {
            {
                name = "require + empty run", key = "wall_ms", unit = "ms",
                judge = "difference", against = "plain", most = 2.5, aim = 1.2,
            },
            {
                name = "memory of it", key = "rss_mib", unit = "MiB",
                judge = "difference", against = "plain", most = 4,
            },
        },
    },
    {
        name = "launcher",
        sides = {
            emilua = "{out}/startup {times} lua/bin/emilua bench/reference/empty.lua",
            plain = "{out}/startup {times} {luajit} bench/reference/empty.lua",
        },
        figures = {
            {
                name = "emilua empty.lua", key = "wall_ms", unit = "ms",
                judge = "difference", against = "plain", most = 4, aim = 2.5,
            },
        },
    },
    {
        name = "size",
        sides = {
            emilua = "strip -o {out}/stripped.so emilua.so && stat -c %s {out}/stripped.so"
                .. " | awk '{ print \"size_mb\", $1 / 1e6 }'",
        },
        needs = "{out}",
        figures = {
            { name = "emilua.so, stripped", key = "size_mb", unit = "MB", judge = "value", most = 8, aim = 3 },
        },
    },
}
