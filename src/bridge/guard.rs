//! Panics stop here: an FFI function turns one into [`PANIC`], and its text is kept for Lua.

use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The operation would block; the interest has been registered.
pub const PENDING: i32 = i32::MIN;
/// The peer has closed its side of the stream.
pub const EOF: i32 = i32::MIN + 1;
/// A Rust panic was caught; [`message`] has its text.
pub const PANIC: i32 = i32::MIN + 2;

thread_local! {
    /// Text of the last panic of this thread.
    static MESSAGE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `body`; a panic becomes [`PANIC`].
pub fn guard(body: impl FnOnce() -> i32) -> i32 {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(code) => code,
        Err(payload) => {
            let text = payload
                .downcast_ref::<&str>()
                .map(|s| (*s).to_owned())
                .or_else(|| payload.downcast_ref::<String>().cloned())
                .unwrap_or_default();
            MESSAGE.with(|m| *m.borrow_mut() = text);
            PANIC
        }
    }
}

/// The text of the last panic of this thread.
pub fn message() -> String {
    MESSAGE.with(|m| m.borrow().clone())
}

/// The code of a failed system call: its error number, negated.
pub fn failure(error: &io::Error) -> i32 {
    -error.raw_os_error().unwrap_or(libc::EIO)
}

/// A count as a code; counts beyond an `i32` never occur, because requests are cut to that.
pub fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Result of an operation without a value.
pub fn status(result: io::Result<()>) -> i32 {
    match result {
        Ok(()) => 0,
        Err(error) => failure(&error),
    }
}
