-- Files: a gibibyte in build/bench, against plain C on the same file.

-- `before` prepares the file for each side.
local function line(mode, before, figure)
    local prepare = ("{out}/file {scale} %s && "):format(before)
    figure.judge, figure.against = "ratio", "c"
    return {
        name = "file-" .. mode,
        sides = {
            emilua = prepare .. ("{luajit} bench/emilua/file.lua {scale} %s"):format(mode),
            c = prepare .. ("{out}/file {scale} %s"):format(mode),
        },
        figures = { figure },
    }
end

return {
    line("read", "prepare", { name = "64 KiB pieces, cached", key = "mb_per_s", unit = "MB/s", least = 0.85, aim = 1 }),
    line("random", "prepare", {
        name = "4 KiB by 32 fibers, cached", key = "reads_per_s", unit = "1/s", least = 0.7, aim = 1,
    }),
    line("uncached", "drop", {
        name = "4 KiB by 32 fibers, uncached", key = "reads_per_s", unit = "1/s", least = 0.7, aim = 0.9,
    }),
    line("write", "prepare", {
        name = "1 MiB pieces, fsync", key = "mb_per_s", unit = "MB/s", least = 0.85, aim = 1,
    }),
}
