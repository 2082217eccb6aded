//! Copying between descriptors without passing through the process, for `stream.copy`.
//!
//! The bytes go through a pipe of the copy's own. It is empty before it is filled, and is filled before it is emptied:
//! so whoever would block is known.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "absent.rs")]
mod platform;

use super::transfer::{LONGEST, code};
use super::{Direction, Io, object};
use crate::bridge::{EOF, count, failure, guard, operations};
use crate::span::Span;
use platform::Pipe;

operations! {
    new: fn(*mut *mut Splice, f64) -> i32;
    free: fn(*mut Splice);
    fill: fn(*mut Io, *mut Splice) -> i32;
    drain: fn(*mut Io, *mut Splice) -> i32;
    take: fn(*mut Splice, *const Span) -> i32;
}

/// A copy that goes on.
pub struct Splice {
    pipe: Pipe,
    /// How many bytes are in the pipe.
    held: usize,
    /// How many more may be taken from the source.
    left: u64,
}

/// The most that one call moves, so that counts fit an `i32`.
const PIECE: u64 = 1 << 20;

fn splice<'a>(this: *mut Splice) -> &'a mut Splice {
    // SAFETY: the Lua half holds the pointer that `new` gave until its finaliser.
    unsafe { &mut *this }
}

/// A copy of at most `limit` bytes; fails with ENOSYS where there is no splice(2).
extern "C" fn new(made: *mut *mut Splice, limit: f64) -> i32 {
    guard(|| match Pipe::new() {
        Ok(pipe) => {
            let left = limit as u64;
            let this = Box::new(Splice {
                pipe,
                held: 0,
                left,
            });
            // SAFETY: the Lua half passes a place for a pointer.
            unsafe { *made = Box::into_raw(this) };
            0
        }
        Err(error) => failure(&error),
    })
}

/// Closes the pipe.
extern "C" fn free(this: *mut Splice) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// Moves bytes from a descriptor into the pipe, which is empty; [`EOF`] at the end. EINVAL when the descriptor cannot
/// be spliced.
extern "C" fn fill(from: *mut Io, this: *mut Splice) -> i32 {
    guard(|| {
        let this = splice(this);
        let limit = this.left.min(PIECE) as usize;
        let result = object(from).attempt(
            Direction::Read,
            |from| this.pipe.fill(&from, limit),
            |_| false,
        );
        code(result, |n| {
            this.held += n;
            this.left -= n as u64;
            if n == 0 { EOF } else { count(n) }
        })
    })
}

/// Moves bytes out of the pipe to a descriptor; how many are left.
extern "C" fn drain(to: *mut Io, this: *mut Splice) -> i32 {
    guard(|| {
        let this = splice(this);
        let result = object(to).attempt(
            Direction::Write,
            |to| this.pipe.drain(&to, this.held),
            |_| false,
        );
        code(result, |n| {
            this.held -= n;
            count(this.held)
        })
    })
}

/// Reads what the pipe holds into a span, for a descriptor that cannot be spliced.
extern "C" fn take(this: *mut Splice, span: *const Span) -> i32 {
    guard(|| {
        let this = splice(this);
        // SAFETY: the Lua half passes a byte_span, used by this thread only.
        let buffer = unsafe {
            let span = &*span;
            std::slice::from_raw_parts_mut(span.data, span.len.min(LONGEST))
        };
        match this.pipe.take(buffer) {
            Ok(n) => {
                this.held -= n;
                count(n)
            }
            Err(error) => failure(&error),
        }
    })
}
