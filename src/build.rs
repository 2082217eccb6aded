//! Linker options that a Lua module needs.

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" || os == "freebsd" {
        // lua_close unloads modules while destructors of Rust's thread-locals may still run.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}
