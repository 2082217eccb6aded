-- Processes and signals.

local function children(side)
    local command = { emilua = "{luajit} bench/emilua/children.lua {scale} ", c = "{out}/children {scale} " }
    return function(arguments) return command[side] .. arguments end
end

local emilua, c = children "emilua", children "c"

return {
    {
        name = "process",
        sides = { emilua = emilua "1 0", posix_spawn = c "1" },
        figures = {
            {
                name = "spawn + wait of /bin/true", key = "child_us", unit = "us",
                judge = "ratio", against = "posix_spawn", most = 1.2,
            },
        },
    },
    {
        name = "process-200",
        sides = { emilua = emilua "200 0", posix_spawn = c "200" },
        figures = {
            {
                name = "each of 200 children at once", key = "child_us", unit = "us",
                judge = "ratio", against = "posix_spawn", most = 1.2,
            },
        },
    },
    {
        name = "process-resident",
        sides = { emilua = emilua "1 2048", empty = emilua "1 0" },
        figures = {
            {
                name = "spawn + wait, 2 GiB resident", key = "child_us", unit = "us",
                judge = "ratio", against = "empty", most = 1.1,
            },
        },
    },
    {
        name = "signal",
        on = "load",
        sides = {
            emilua = "{out}/signaller {scale} {cpu} {luajit} bench/emilua/signals.lua",
            signalfd = "{out}/signaller {scale} {cpu} {out}/signalfd_loop",
        },
        figures = {
            {
                name = "signal to fiber, median", key = "median_ms", unit = "ms",
                judge = "difference", against = "signalfd", most = 0.1,
            },
        },
    },
}
