//! The boundary: structs of function pointers that the Lua half calls through the FFI, one for each area.
//!
//! An area declares its operations once, by [`operations!`]; their C prototypes stand in the same order in a Lua
//! file beside those that use them, which binds them (`native.bind`). Results are `i32` where nothing else is
//! said: at least 0 a result, else a negated error number or one of [`PENDING`], [`EOF`], [`PANIC`].

mod area;
pub mod guard;
mod twins;

pub(crate) use area::operations;
pub use area::{Operations, copy_text};
pub use guard::{EOF, PENDING, count, failure, guard, message, status};
pub use twins::FUNCTIONS;

use crate::system;
use std::ffi::{CStr, c_char};

operations! {
    panic_message: fn(*mut c_char, i32) -> i32;
    panic: fn() -> i32;
    system::strerror: fn(i32, *mut c_char, i32) -> i32;
    system::report: fn(*const c_char, usize) -> i32;
    system::is_terminal: fn() -> i32;
}

/// The areas by name.
pub const AREAS: &[(&CStr, &Operations)] = &[
    (c"actor", &crate::actor::OPERATIONS),
    #[cfg(target_os = "freebsd")]
    (c"capsicum", &crate::io::descriptor::capsicum::OPERATIONS),
    (c"core", &OPERATIONS),
    (c"descriptor", &crate::io::descriptor::OPERATIONS),
    (c"exit", &system::exit::OPERATIONS),
    (c"file", &crate::file::OPERATIONS),
    (c"fs", &crate::fs::OPERATIONS),
    #[cfg(unix)]
    (c"identity", &system::identity::OPERATIONS),
    #[cfg(unix)]
    (c"init_script", &crate::subprocess::INIT_SCRIPT),
    (c"io", &crate::io::OPERATIONS),
    #[cfg(unix)]
    (c"ipc", &crate::subprocess::OPERATIONS),
    #[cfg(target_os = "freebsd")]
    (c"jail", &crate::sandbox::OPERATIONS),
    (c"json", &crate::json::OPERATIONS),
    #[cfg(unix)]
    (c"libc_service", &crate::libc_service::OPERATIONS),
    (c"number", &crate::number::OPERATIONS),
    (c"process", &crate::process::OPERATIONS),
    (c"regex", &crate::regex::OPERATIONS),
    (c"resolve", &crate::resolve::OPERATIONS),
    #[cfg(target_os = "linux")]
    (c"sandbox", &crate::sandbox::OPERATIONS),
    (c"scanner", &crate::scanner::OPERATIONS),
    (c"serial", &crate::io::serial::OPERATIONS),
    (c"signal", &system::signal::OPERATIONS),
    (c"span", &crate::span::OPERATIONS),
    (c"splice", &crate::io::splice::OPERATIONS),
    (c"standard", &system::standard::OPERATIONS),
    #[cfg(unix)]
    (c"terminal", &system::terminal::OPERATIONS),
    (c"timer", &crate::vm::timer::OPERATIONS),
    (c"tls", &crate::tls::OPERATIONS),
    #[cfg(unix)]
    (c"unix", &crate::io::unix::OPERATIONS),
    (c"vm", &crate::vm::OPERATIONS),
];

/// Text of the last caught panic.
extern "C" fn panic_message(buffer: *mut c_char, size: i32) -> i32 {
    copy_text(message().as_bytes(), buffer, size)
}

/// Panics: the test suite shows by it that no panic reaches the interpreter.
extern "C" fn panic() -> i32 {
    guard(|| panic!("forced by the test suite"))
}
