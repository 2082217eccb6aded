//! Descriptors of any kind: handing them over, reading, writing, pipes, and what `file_descriptor` tells.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

#[cfg(target_os = "freebsd")]
pub mod capsicum;

#[cfg(unix)]
pub use platform::flag_bits as open_flags;

use super::transfer::{LONGEST, code};
use super::{Descriptor, Io, object};
use crate::bridge::{EOF, count, failure, guard, operations, status};
use crate::span::Span;
use socket2::{Domain, SockRef};
use std::ffi::c_char;
use std::io;

operations! {
    transfer: fn(*mut Io, *mut Io) -> i32;
    adopt: fn(*mut Io, i32) -> i32;
    number: fn(*mut Io) -> i32;
    give: fn(*mut Io) -> i32;
    duplicate: fn(*mut Io, *mut Io) -> i32;
    compare: fn(*mut Io, *mut Io) -> i32;
    file_type: fn(*mut Io) -> i32;
    socket_type: fn(*mut Io, *mut [i32; 3]) -> i32;
    is_non_blocking: fn(*mut Io) -> i32;
    set_non_blocking: fn(*mut Io, i32) -> i32;
    open_at: fn(*mut Io, *const c_char, usize, u32, i32, *mut Io) -> i32;
    pipe: fn(*mut Io, *mut Io) -> i32;
    read: fn(*mut Io, *const Span) -> i32;
    write: fn(*mut Io, *const Span) -> i32;
    capabilities_get: fn(*mut Io, *mut u8, usize) -> i32;
    capabilities_set: fn(*mut Io, *const u8, usize) -> i32;
}

/// Moves the descriptor of `from`, set to non-blocking mode, to `to`, which is closed.
extern "C" fn transfer(from: *mut Io, to: *mut Io) -> i32 {
    guard(|| {
        let from = object(from);
        status((|| {
            platform::set_non_blocking(from.descriptor()?, true)?;
            object(to).set(from.take()?);
            Ok(())
        })())
    })
}

/// Takes over the descriptor `number`, which the caller owns, in an object that is closed.
extern "C" fn adopt(this: *mut Io, number: i32) -> i32 {
    guard(|| {
        object(this).set(platform::from_number(number));
        0
    })
}

/// The number, which stays the object's.
extern "C" fn number(this: *mut Io) -> i32 {
    guard(|| match object(this).descriptor() {
        Ok(descriptor) => platform::number(&descriptor),
        Err(error) => failure(&error),
    })
}

/// The number, which is the caller's from now on; the object is closed.
extern "C" fn give(this: *mut Io) -> i32 {
    guard(|| {
        let number = object(this).take().and_then(platform::into_number);
        number.unwrap_or_else(|error| failure(&error))
    })
}

/// dup(2), close-on-exec, into `new`, which is closed.
extern "C" fn duplicate(this: *mut Io, new: *mut Io) -> i32 {
    guard(|| {
        status((|| {
            let copy = platform::duplicate(object(this).descriptor()?)?;
            object(new).set(copy);
            Ok(())
        })())
    })
}

/// A copy of an object's descriptor, for a message.
pub fn copy_descriptor(this: *mut Io) -> io::Result<Descriptor> {
    platform::duplicate(object(this).descriptor()?)
}

/// Gives an object, which is closed, a descriptor.
pub fn fill(this: *mut Io, descriptor: Descriptor) {
    object(this).set(descriptor);
}

/// kcmp(2) of two open files: 0 the same, 1 less, 2 greater, 3 unordered.
extern "C" fn compare(this: *mut Io, other: *mut Io) -> i32 {
    guard(|| {
        let result = object(this).descriptor().and_then(|this| {
            let other = object(other).descriptor()?;
            platform::compare(this, other)
        });
        result.unwrap_or_else(|error| failure(&error))
    })
}

/// What fstat(2) says that it is, as an index into the names of the Lua half.
extern "C" fn file_type(this: *mut Io) -> i32 {
    guard(|| {
        let result = object(this).descriptor().and_then(platform::file_type);
        result.unwrap_or_else(|error| failure(&error))
    })
}

/// Family (1 UNIX, 4, 6, else 0), type (1 stream, 2 datagram, 5 seqpacket) and protocol of a socket.
fn socket_kind(socket: &SockRef<'_>) -> io::Result<[i32; 3]> {
    let kind = i32::from(socket.r#type()?);
    let domain = socket.local_addr()?.domain();
    let family = match domain {
        Domain::UNIX => 1,
        Domain::IPV4 => 4,
        Domain::IPV6 => 6,
        _ => 0,
    };
    // UNIX sockets have none.
    let protocol = match socket.protocol() {
        Ok(Some(protocol)) if family != 1 => i32::from(protocol),
        _ => 0,
    };
    Ok([family, kind, protocol])
}

/// Fills what [`socket_kind`] tells. 1, or 0 when it is no socket.
extern "C" fn socket_type(this: *mut Io, kind: *mut [i32; 3]) -> i32 {
    guard(|| {
        match object(this)
            .socket()
            .and_then(|socket| socket_kind(&socket))
        {
            Ok(found) => {
                // SAFETY: the Lua half passes an int32_t[3].
                unsafe { *kind = found };
                1
            }
            Err(error) if error.raw_os_error() == Some(libc::ENOTSOCK) => 0,
            Err(error) => failure(&error),
        }
    })
}

/// Whether O_NONBLOCK is set.
extern "C" fn is_non_blocking(this: *mut Io) -> i32 {
    guard(|| {
        match object(this)
            .descriptor()
            .and_then(platform::is_non_blocking)
        {
            Ok(on) => i32::from(on),
            Err(error) => failure(&error),
        }
    })
}

/// Sets or clears O_NONBLOCK.
extern "C" fn set_non_blocking(this: *mut Io, on: i32) -> i32 {
    guard(|| {
        let descriptor = object(this).descriptor();
        status(descriptor.and_then(|fd| platform::set_non_blocking(fd, on != 0)))
    })
}

/// openat(2), or openat2(2) for the flags that only it has, into `new`, which is closed. Without an object, the working
/// directory is where relative paths begin. `flags` has a bit for each
/// name of the Lua half's list.
extern "C" fn open_at(
    this: *mut Io,
    path: *const c_char,
    length: usize,
    flags: u32,
    mode: i32,
    new: *mut Io,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a string with its length.
        let path = unsafe { std::slice::from_raw_parts(path.cast::<u8>(), length) };
        status((|| {
            let directory = match this.is_null() {
                true => None,
                false => Some(object(this).descriptor()?),
            };
            let opened = platform::open_at(directory, path, flags, mode)?;
            object(new).set(opened);
            Ok(())
        })())
    })
}

/// pipe(2), both ends non-blocking and close-on-exec, into two closed objects.
extern "C" fn pipe(read: *mut Io, write: *mut Io) -> i32 {
    guard(|| {
        status(platform::pipe().map(|(reading, writing)| {
            object(read).set(reading);
            object(write).set(writing);
        }))
    })
}

/// read(2) into a span; [`EOF`] at the end.
extern "C" fn read(this: *mut Io, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let span = unsafe { &*span };
        // SAFETY: the span's memory has `len` bytes, and only this thread uses it.
        let buffer = unsafe { std::slice::from_raw_parts_mut(span.data, span.len.min(LONGEST)) };
        let result = platform::read(object(this), buffer);
        code(result, |n| if n == 0 { EOF } else { count(n) })
    })
}

/// write(2) from a span.
extern "C" fn write(this: *mut Io, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let span = unsafe { &*span };
        // SAFETY: the span's memory has `len` readable bytes.
        let bytes = unsafe { std::slice::from_raw_parts(span.data, span.len.min(LONGEST)) };
        let result = platform::write(object(this), bytes);
        code(result, count)
    })
}

/// Reads the attribute with the capabilities of a file; its size.
extern "C" fn capabilities_get(this: *mut Io, buffer: *mut u8, size: usize) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes `size` bytes.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, size) };
        let descriptor = object(this).descriptor();
        match descriptor.and_then(|fd| platform::get_capabilities(fd, buffer)) {
            Ok(n) => count(n),
            Err(error) => failure(&error),
        }
    })
}

/// Writes the attribute with the capabilities of a file.
extern "C" fn capabilities_set(this: *mut Io, bytes: *const u8, size: usize) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes `size` bytes.
        let bytes = unsafe { std::slice::from_raw_parts(bytes, size) };
        let descriptor = object(this).descriptor();
        status(descriptor.and_then(|fd| platform::set_capabilities(fd, bytes)))
    })
}
