-- Actors and contexts.

local TOKIO = "{out}/tokio/release/ping_pong {scale} "

local function emilua(name) return "{luajit} bench/emilua/" .. name end

local function server(threads)
    return ("{out}/load 64 {seconds} {warm_up} {cpu} {luajit} bench/emilua/context_echo.lua %d"):format(threads)
end

local function ping_pong(name, what, on, figure)
    figure.key, figure.unit = "round_trips_per_s", "1/s"
    return {
        name = name, on = on,
        sides = {
            emilua = emilua("ping_pong.lua {scale} " .. what),
            tokio = TOKIO .. (what:find "^two" and 2 or 1),
        },
        figures = { figure },
    }
end

return {
    ping_pong("ping-pong", "one string", nil,
        { name = "round trips in a context", judge = "value", against = "tokio", least = 700000, aim = 1.5e6 }),
    ping_pong("ping-pong-threads", "two string", "both",
        { name = "round trips between contexts", judge = "ratio", against = "tokio", least = 0.6 }),
    ping_pong("ping-pong-table", "one table", nil,
        { name = "round trips of a table", judge = "value", against = "tokio", least = 300000 }),
    {
        name = "message-stream",
        sides = { emilua = emilua "message_stream.lua {scale}" },
        figures = {
            { name = "from 4 VMs", key = "messages_per_s", unit = "1/s", judge = "value", least = 1.2e6 },
        },
    },
    {
        name = "parallel",
        on = "both",
        sides = {
            emilua = emilua "parallel.lua {scale}",
            plain = "{luajit} bench/reference/plain.lua {scale} parallel",
        },
        figures = {
            { name = "one VM", key = "one_s", unit = "s", judge = "ratio", against = "plain" },
            { name = "two VMs", key = "speed_up_of_two", unit = "x", judge = "value", least = 1.85 },
            { name = "eight VMs, of the ideal", key = "eight_of_ideal", unit = "x", judge = "value", most = 1.1 },
        },
    },
    {
        name = "spawn-vm",
        sides = { emilua = emilua "spawn_vm.lua {scale}" },
        figures = {
            { name = "spawn, message, end", key = "spawn_us", unit = "us", judge = "value", most = 350 },
            { name = "resident per live VM", key = "resident_kib", unit = "KiB", judge = "value", most = 300 },
        },
    },
    {
        name = "context-echo",
        on = "load",
        sides = { emilua = server(2), one = server(1) },
        figures = {
            {
                name = "CPU per request, 2 threads", key = "cpu_us", unit = "us",
                judge = "ratio", against = "one", most = 1.6, aim = 1.2,
            },
            {
                name = "requests, 2 threads", key = "requests_per_s", unit = "1/s",
                judge = "ratio", against = "one", least = 0.75, aim = 0.95,
            },
        },
    },
}
