//! Linker options that a Lua module needs, and the version of its engine.

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rustc-env=EMILUA_TOKIO_VERSION={}", tokio_version());
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" || os == "freebsd" {
        // lua_close unloads modules while destructors of Rust's thread-locals may still run.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
}

/// The version of tokio, for `emilua --version`.
fn tokio_version() -> String {
    let lock = std::fs::read_to_string("Cargo.lock").unwrap_or_default();
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"tokio\"");
    let version = lines.nth(1).unwrap_or_default();
    version
        .trim_start_matches("version = ")
        .trim_matches('"')
        .to_owned()
}
