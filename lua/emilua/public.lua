-- The modules that users can require, `emilua.NAME`, beside `emilua` itself. src/build.rs makes an entry point
-- of the shared object for each.
return {
    "asio_error",
    "busted",
    "byte_span",
    "condition_variable",
    "file",
    "filesystem",
    "future",
    "generic_error",
    "ip",
    "json",
    "mutex",
    "pipe",
    "recursive_mutex",
    "regex",
    "serial_port",
    "stream",
    "system",
    "time",
    "tls",
    "unix",
}
