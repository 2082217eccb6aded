//! Files through sockets.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "copied.rs")]
mod platform;

use super::transfer::code;
use super::{Direction, Io, object};
use crate::bridge::{count, failure, guard};
use crate::file::File;

/// Sends at most `size` bytes of a file from `offset` on, without moving its position; 0 at its end.
pub extern "C" fn send_file(this: *mut Io, file: *const File, offset: f64, size: f64) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes the handle of a file and keeps it alive during the call.
        let file = match unsafe { &*file }.get() {
            Ok(file) => file,
            Err(error) => return failure(&error),
        };
        // Checked by the Lua half: integers that a double holds.
        let (offset, size) = (offset as u64, size as usize);
        let result = object(this).attempt(
            Direction::Write,
            |socket| platform::send(&socket, file, offset, size),
            |_| false,
        );
        code(result, count)
    })
}
