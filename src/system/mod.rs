//! What the Lua half asks of the process: texts of errors, the error stream, signals, identity.

pub mod data;
mod errno;
pub mod exit;
#[cfg(unix)]
pub mod identity;
#[cfg_attr(unix, path = "inherited.rs")]
#[cfg_attr(windows, path = "nothing_inherited.rs")]
pub mod inherited;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
pub mod program;
pub mod signal;
pub mod standard;
#[cfg(unix)]
pub mod terminal;

pub use errno::FUNCTIONS;
pub use platform::{block_signals, error_text, path, symbol};
pub use signal::{InterruptDefault, ignore_sigpipe, reset_signals};

use crate::bridge::{copy_text, failure, guard, status};
use std::ffi::c_char;
use std::io::{self, IsTerminal, Write};

/// strerror(3) of an error number.
pub extern "C" fn strerror(code: i32, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| copy_text(error_text(code).as_bytes(), buffer, size))
}

/// Writes to the error stream what C's `stdout` must not overtake: that is flushed first.
pub extern "C" fn report(text: *const c_char, length: usize) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a string with its length.
        let text = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
        status(write_report(text))
    })
}

/// As [`report`].
pub fn write_report(text: &[u8]) -> io::Result<()> {
    // SAFETY: a null pointer flushes every output stream.
    unsafe { libc::fflush(std::ptr::null_mut()) };
    io::stderr().write_all(text)
}

/// Whether the error stream is a terminal.
pub extern "C" fn is_terminal() -> i32 {
    i32::from(io::stderr().is_terminal())
}

/// gethostname(2).
pub extern "C" fn host_name(buffer: *mut c_char, size: i32) -> i32 {
    guard(|| match platform::host_name() {
        Ok(name) => copy_text(name.as_bytes(), buffer, size),
        Err(error) => failure(&error),
    })
}
