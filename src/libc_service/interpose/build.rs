//! Linker options.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    // The program may still call what is interposed when this library's destructors have run.
    println!("cargo:rustc-link-arg-cdylib=-Wl,-z,nodelete");
}
