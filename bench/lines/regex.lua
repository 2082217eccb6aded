-- Regular expressions over 1 MB of a log: against Lua's patterns in the same process, and the crate regex bare.

return {
    {
        name = "regex",
        sides = {
            emilua = "{luajit} bench/emilua/regex.lua {scale} {out}/log.txt",
            crate = "{luajit} bench/emilua/regex.lua 0.01 {out}/log.txt >/dev/null"
                .. " && {out}/regex/release/search {out}/log.txt {scale}",
        },
        needs = "{out}/regex/release/search",
        figures = {
            {
                name = "search that finds nothing", key = "search_mb_per_s", unit = "MB/s",
                judge = "ratio", against = "crate", least = 0.8,
            },
            { name = "search, to string.find", key = "search_ratio", unit = "x", judge = "value", least = 5 },
            { name = "all matches, to gmatch", key = "matches_ratio", unit = "x", judge = "value", least = 5 },
            { name = "split into fields, to gmatch", key = "split_ratio", unit = "x", judge = "value", least = 1 },
            -- The crate counts matches, here they become strings in a table.
            {
                name = "all matches", key = "matches_mb_per_s", unit = "MB/s",
                judge = "ratio", against = "crate",
            },
        },
    },
}
