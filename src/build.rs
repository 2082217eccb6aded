//! Linker options that a Lua module needs, the version of its engine, and the lists of what is embedded.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Where the Lua half lives.
const LUA: &str = "lua/emilua";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=src/build.rs");
    println!("cargo:rerun-if-changed=Cargo.lock");
    println!("cargo:rerun-if-changed={LUA}");
    println!("cargo:rustc-env=EMILUA_TOKIO_VERSION={}", tokio_version());
    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if os == "linux" || os == "freebsd" {
        // lua_close unloads modules while destructors of Rust's thread-locals may still run.
        println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
    }
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("sources.rs"), sources()?)?;
    fs::write(out.join("exports.rs"), exports()?)
}

/// The version of tokio, for `emilua --version`.
fn tokio_version() -> String {
    let lock = fs::read_to_string("Cargo.lock").unwrap_or_default();
    let mut lines = lock.lines().skip_while(|line| *line != "name = \"tokio\"");
    let version = lines.nth(1).unwrap_or_default();
    version
        .trim_start_matches("version = ")
        .trim_matches('"')
        .to_owned()
}

/// `&[(import name, text)]` of every file below [`LUA`], sorted by name: `core/fiber.lua` is imported as `core.fiber`.
fn sources() -> io::Result<String> {
    let mut files = Vec::new();
    find(Path::new(LUA), "", &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for (name, path) in files {
        let path = path.canonicalize()?;
        let _ = writeln!(list, "(c{name:?}, include_str!({path:?})),");
    }
    list.push(']');
    Ok(list)
}

fn find(directory: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let name = format!("{prefix}{stem}");
        if path.is_dir() {
            find(&path, &format!("{name}."), files)?;
        } else if path.extension().is_some_and(|extension| extension == "lua") {
            files.push((name, path));
        }
    }
    Ok(())
}

/// `exports! { luaopen_emilua_NAME => c"emilua.NAME", ... }` of the names in public.lua and of the launcher.
fn exports() -> io::Result<String> {
    let public = fs::read_to_string(format!("{LUA}/public.lua"))?;
    let names = public
        .lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix("\","));
    let mut list = String::from("exports! {\nluaopen_emilua => c\"emilua\",\n");
    for name in names.chain(["program.launcher"]) {
        let _ = writeln!(
            list,
            "luaopen_emilua_{} => c\"emilua.{name}\",",
            name.replace('.', "_")
        );
    }
    list.push('}');
    Ok(list)
}
