-- Lines of TCP and UDP.

local function served_by(command, kind)
    return ("{out}/load %s:64 {seconds} {warm_up} {cpu} %s"):format(kind, command)
end

local function against_tokio(name, kind, program, most)
    return {
        name = name,
        on = "load",
        sides = {
            emilua = served_by(("{luajit} bench/emilua/%s.lua"):format(program), kind),
            tokio = served_by("{out}/tokio/release/" .. program, kind),
        },
        figures = {
            {
                name = "CPU per request", key = "cpu_us", unit = "us",
                judge = "ratio", against = "tokio", most = most,
            },
            { name = "requests", key = "requests_per_s", unit = "1/s", judge = "ratio", against = "tokio" },
        },
    }
end

return {
    {
        name = "throughput",
        sides = { emilua = "{luajit} bench/emilua/throughput.lua {scale}", epoll = "{out}/throughput {scale}" },
        figures = {
            {
                name = "CPU per GiB", key = "cpu_s_per_gib", unit = "s",
                judge = "ratio", against = "epoll", most = 1.15,
            },
            { name = "GiB/s", key = "gib_per_s", unit = "GiB/s", judge = "ratio", against = "epoll", least = 0.85 },
        },
    },
    against_tokio("udp-echo", "udp", "udp_echo", 1.2),
    against_tokio("connections", "new", "connections", 1.25),
    {
        name = "idle-connections",
        sides = { emilua = "{luajit} bench/emilua/idle_connections.lua {scale}" },
        figures = {
            { name = "memory of each", key = "kib", unit = "KiB", judge = "value", most = 6 },
        },
    },
}
