-- Lines of UNIX sockets and of stream.copy.

-- kind: as bench/reference/load.c calls it; argument: as the servers do.
local function echo(kind, argument)
    local function served_by(command)
        return ("{out}/load %s:64 {seconds} {warm_up} {cpu} %s %s"):format(kind, command, argument)
    end
    return {
        name = kind .. "-echo",
        on = "load",
        sides = {
            emilua = served_by("{luajit} bench/emilua/unix_echo.lua"),
            tokio = served_by("{out}/tokio/release/unix_echo"),
        },
        figures = {
            {
                name = "CPU per request", key = "cpu_us", unit = "us",
                judge = "ratio", against = "tokio", most = 1.2,
            },
            { name = "requests", key = "requests_per_s", unit = "1/s", judge = "ratio", against = "tokio" },
        },
    }
end

return {
    echo("unix", "stream"),
    echo("seqpacket", "seqpacket"),
    {
        name = "copy",
        on = "load",
        needs = "{out}/relay {out}/splice",
        sides = {
            emilua = "{out}/relay {scale} {cpu} {luajit} bench/emilua/copy.lua",
            splice = "{out}/relay {scale} {cpu} {out}/splice",
        },
        figures = {
            {
                name = "CPU per GiB", key = "cpu_s_per_gib", unit = "s",
                judge = "ratio", against = "splice", most = 1.15,
            },
            { name = "GiB/s", key = "gib_per_s", unit = "GiB/s", judge = "ratio", against = "splice" },
        },
    },
}
