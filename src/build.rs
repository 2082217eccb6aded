//! Linker options that a Lua module needs, the version of its engine, and the lists of what is embedded.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// Where the Lua half lives.
const LUA: &str = "lua/emilua";

/// Given pairs of a name and a path, and where to write: makes NAME.bc of each source, `src/lua/source.rs` says what for.
const DUMP: &str = r#"
    local out = arg[1]
    for i = 2, #arg, 2 do
        local file = assert(io.open(arg[i + 1], "rb"))
        local chunk = assert(loadstring(file:read("*a"), "=[emilua." .. arg[i] .. "]"))
        file:close()
        file = assert(io.open(out .. "/" .. arg[i] .. ".bc", "wb"))
        assert(file:write(string.dump(chunk)))
        file:close()
    end
"#;

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
    fs::write(out.join("sources.rs"), sources(&out)?)?;
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

/// `&[Source, ...]` of every file below [`LUA`], sorted by name: `core/fiber.lua` is imported as `core.fiber`.
fn sources(out: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    find(Path::new(LUA), "", &mut files)?;
    files.sort();
    let dumped = dump(out, &files);
    let mut list = String::from("&[\n");
    for (name, path) in files {
        let path = path.canonicalize()?;
        let bytecode = if dumped {
            format!("include_bytes!({:?})", out.join(format!("{name}.bc")))
        } else {
            String::from("&[]")
        };
        let _ = writeln!(
            list,
            "Source {{ name: c{name:?}, text: include_str!({path:?}), bytecode: {bytecode} }},"
        );
    }
    list.push(']');
    Ok(list)
}

/// Makes the bytecode of the sources, if this machine runs what is built and has an interpreter.
fn dump(out: &Path, files: &[(String, PathBuf)]) -> bool {
    println!("cargo:rerun-if-env-changed=LUAJIT");
    if env::var("HOST") != env::var("TARGET") {
        return false;
    }
    let interpreter = env::var("LUAJIT").unwrap_or_else(|_| String::from("luajit"));
    let mut words = interpreter.split_whitespace();
    let script = out.join("dump.lua");
    let Some(program) = words.next() else {
        return false;
    };
    let mut command = Command::new(program);
    command.args(words).arg(&script).arg(out);
    for (name, path) in files {
        command.arg(name).arg(path);
    }
    fs::write(&script, DUMP).is_ok() && command.status().is_ok_and(|status| status.success())
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
