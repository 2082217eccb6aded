rockspec_format = "3.0"
package = "emilua"
version = "scm-1"
source = {
    url = "git+https://github.com/emilua/emilua.git",
}
description = {
    summary = "Fibers, actors and sandboxes for stock LuaJIT",
    detailed = [[
emilua is a Lua C module for an ordinary luajit. emilua.run(main) drives an event loop; inside it, IO
operations suspend only the fiber that calls them, so that programs stay serial when concurrency comes.
It is written in Rust: building it needs cargo.]],
    homepage = "https://github.com/emilua/emilua",
    license = "MIT",
    labels = { "async", "coroutine", "network", "sandbox" },
}
dependencies = {
    "lua == 5.1",
}
-- The launcher finds emilua.so from its own place.
deploy = {
    wrap_bin_scripts = false,
}
build = {
    -- Needs no other rock: the Makefile calls cargo.
    type = "make",
    build_target = "build",
    install_variables = {
        BINDIR = "$(BINDIR)",
        LUA_CMOD = "$(LIBDIR)",
        MANDIR = "$(PREFIX)/man/man1",
        METADIR = "$(PREFIX)/meta",
        DOCDIR = "$(PREFIX)/doc",
    },
    -- `make install` has put the documents there.
    copy_directories = {},
    platforms = {
        windows = {
            type = "command",
            build_command = "cargo build --release --locked",
            install_command = [[copy target\release\emilua.dll "$(LIBDIR)" && xcopy /e /i lua\meta "$(PREFIX)\meta"]],
            copy_directories = { "docs", "examples" },
        },
    },
}
