-- The scanner on a stream of 256 MiB, a pipe, against io.lines on the file of it; mawk for information.

local TEXT = "bench/reference/lines.sh {out}/lines.txt {scale} && "

local function line(what, name, least)
    return {
        name = "scanner-" .. what,
        sides = {
            emilua = TEXT .. "cat {out}/lines.txt | {luajit} bench/emilua/scanner.lua " .. what,
            plain = TEXT .. "{luajit} bench/reference/lines.lua " .. what .. " {out}/lines.txt",
            mawk = TEXT .. "bench/reference/mawk.sh " .. what .. " {out}/lines.txt",
        },
        needs = "{out}",
        also = { "mawk" },
        figures = {
            { name = name, key = "ns", unit = "ns", judge = "ratio", against = "plain", most = 1 / least },
        },
    }
end

return {
    line("lines", "CPU per line", 1.5),
    line("fields", "CPU per line with its fields", 1),
}
