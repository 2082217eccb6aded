-- The modules that users can require, `emilua.NAME`, beside `emilua` itself. src/build.rs makes an entry point
-- of the shared object for each.
return {
    "asio_error",
    "busted",
    "byte_span",
    "condition_variable",
    "file",
    "future",
    "generic_error",
    "ip",
    "mutex",
    "recursive_mutex",
    "stream",
    "time",
}
