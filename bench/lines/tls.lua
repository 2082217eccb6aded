-- TLS against tokio-rustls, both on the same cryptography. See core.lua for what a line is.

local FILES = "{out}/tls_certificate {out}/tls_key"

local function line(name, mode, figure)
    figure.judge, figure.against = "ratio", "tokio"
    return {
        name = name,
        sides = {
            emilua = ("{luajit} bench/emilua/tls.lua {scale} %s %s"):format(mode, FILES),
            tokio = ("{out}/tls/release/tls {scale} %s %s"):format(mode, FILES),
        },
        needs = "{out}/tls_certificate {out}/tls/release/tls",
        figures = { figure },
    }
end

return {
    line("tls-bulk", "bulk", {
        name = "CPU per GiB", key = "cpu_s_per_gib", unit = "s", most = 1.15, aim = 1,
    }),
    line("tls-full", "full", { name = "full handshakes", key = "per_s", unit = "1/s", least = 0.85, aim = 0.95 }),
    line("tls-resumed", "resumed", {
        name = "resumed handshakes", key = "per_s", unit = "1/s", least = 0.85, aim = 0.95,
    }),
}
