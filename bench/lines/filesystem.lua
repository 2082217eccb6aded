-- The filesystem. Each side is run once before it is measured, so that the kernel's caches are warm.

local DIRECTORY = "/usr"

local function times(command) return ("%s >/dev/null 2>&1; {out}/startup 3 %s 2>/dev/null"):format(command, command) end

return {
    {
        name = "tree",
        sides = {
            emilua = times("{luajit} bench/emilua/filesystem.lua iterate " .. DIRECTORY),
            walk = times("{luajit} bench/emilua/filesystem.lua walk " .. DIRECTORY),
            find = times("find " .. DIRECTORY .. " -fprintf /dev/null %s"),
        },
        also = { "walk" },
        figures = {
            {
                name = "/usr with a stat each", key = "wall_ms", unit = "ms",
                judge = "ratio", against = "find", most = 1,
            },
        },
    },
}
