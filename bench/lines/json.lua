-- JSON, against Debian's lua-cjson.

return {
    {
        name = "json",
        sides = {
            emilua = "{luajit} bench/emilua/json.lua {scale}",
            cjson = "{luajit} bench/reference/cjson.lua {scale}",
        },
        figures = {
            {
                name = "decode of 1 MB", key = "decode_mb_per_s", unit = "MB/s",
                judge = "ratio", against = "cjson", least = 1.3,
            },
            {
                name = "encode of 1 MB", key = "encode_mb_per_s", unit = "MB/s",
                judge = "ratio", against = "cjson", least = 1.3,
            },
        },
    },
}
