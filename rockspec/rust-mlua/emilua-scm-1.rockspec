-- For those who build all their Rust rocks the same way: LuaRocks' build type for mlua modules. It gives the
-- module alone; ../emilua-scm-1.rockspec needs no other rock and installs the definitions and documents too.
rockspec_format = "3.0"
package = "emilua"
version = "scm-1"
source = {
    url = "git+https://github.com/emilua/emilua.git",
}
description = {
    summary = "Fibers, actors and sandboxes for stock LuaJIT",
    homepage = "https://github.com/emilua/emilua",
    license = "MIT",
}
dependencies = {
    "lua == 5.1",
}
build_dependencies = {
    "luarocks-build-rust-mlua >= 0.2.3",
}
-- The launcher finds emilua.so from its own place.
deploy = {
    wrap_bin_scripts = false,
}
build = {
    type = "rust-mlua",
    -- The build type chooses the feature by itself: luajit or lua51.
    modules = { "emilua" },
    default_features = false,
    install = {
        bin = { "lua/bin/emilua" },
    },
    copy_directories = { "docs", "examples" },
}
