-- Sandboxes.

local function emilua(arguments) return "{luajit} bench/emilua/sandbox.lua {scale} " .. arguments end

local BWRAP = "{out}/first_byte {times} bench/reference/bwrap.sh {out}/worker --unshare-net --ro-bind /usr /usr " ..
    "--symlink usr/lib /lib --symlink usr/lib64 /lib64 --ro-bind bench/reference/landlock.lua /landlock.lua " ..
    "{luajit} /landlock.lua"

return {
    {
        name = "sandbox",
        sides = { emilua = emilua "start", bwrap = BWRAP },
        needs = "{out}/first_byte {out}/worker",
        figures = {
            { name = "first message", key = "wall_ms", unit = "ms", judge = "value", most = 5 },
            {
                name = "first message, ratio", key = "wall_ms", unit = "ms",
                judge = "ratio", against = "bwrap", most = 0.6,
            },
        },
    },
    {
        name = "sandbox-pool",
        sides = { emilua = emilua "pool sandbox", plain = emilua "pool plain" },
        figures = {
            {
                name = "requests", key = "requests_per_s", unit = "1/s",
                judge = "ratio", against = "plain", least = 0.8,
            },
        },
    },
}
