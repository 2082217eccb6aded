//! Functions of an init.script that are more than a C prototype, as operations. They fail with a negated error number.
//!
//! The library that is preloaded into other programs has this file too: see `src/libc_service`.

use super::close::close_from as close_from_number;
use super::{constants, message, platform};
use crate::bridge::{copy_text, operations};
use nix::errno::Errno;
use nix::sys::stat;
use std::ffi::{CStr, c_char, c_int};
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};
use std::slice;

operations! {
    constant: fn(i32, *mut c_char, i32, *mut f64) -> i32;
    report: fn(*const c_char, usize);
    exit: fn(i32);
    error_text: fn(i32, *mut c_char, i32) -> i32;
    close_from: fn(i32);
    set_no_new_privs: fn() -> i32;
    bind_unix: fn(i32, *const c_char, usize) -> i32;
    send_with_fd: fn(i32, *const c_char, usize, i32) -> i32;
    receive_with_fd: fn(i32, *mut c_char, usize, *mut i32) -> i32;
    mknod: fn(*const c_char, u32, f64) -> i32;
    make_device: fn(u32, u32) -> f64;
    major: fn(f64) -> u32;
    minor: fn(f64) -> u32;
}

/// The bytes of a string that the Lua half passes and keeps during the call.
fn bytes<'a>(text: *const c_char, length: usize) -> &'a [u8] {
    // SAFETY: the string has that many bytes.
    unsafe { slice::from_raw_parts(text.cast(), length) }
}

/// A descriptor's number, borrowed for one call. A wrong one is the kernel's to refuse.
fn descriptor<'a>(number: RawFd) -> nix::Result<BorrowedFd<'a>> {
    match number {
        -1 => Err(Errno::EBADF),
        // SAFETY: -1 is the one number that may not be borrowed.
        fd => Ok(unsafe { BorrowedFd::borrow_raw(fd) }),
    }
}

fn status(result: nix::Result<()>) -> i32 {
    result.map_or_else(|error| -(error as i32), |()| 0)
}

/// The name of a constant goes to the buffer and its number to `value`; the name's length, or -1 behind the last.
extern "C" fn constant(index: i32, buffer: *mut c_char, size: i32, value: *mut f64) -> i32 {
    let mut all = [constants::POSIX, platform::CONSTANTS]
        .into_iter()
        .flatten();
    match all.nth(index.max(0) as usize) {
        Some((name, number)) => {
            // SAFETY: the Lua half passes a double.
            unsafe { *value = *number as f64 };
            copy_text(name.as_bytes(), buffer, size)
        }
        None => -1,
    }
}

/// Writes to the error stream.
extern "C" fn report(text: *const c_char, length: usize) {
    let mut rest = bytes(text, length);
    // A stream that takes nothing is no reason to fail.
    while let Ok(n @ 1..) = nix::unistd::write(std::io::stderr(), rest) {
        rest = &rest[n..];
    }
}

/// Ends the process without the destructors and handlers of the image it was forked from.
extern "C" fn exit(status: i32) {
    // SAFETY: C's streams may hold what the script has written.
    unsafe {
        libc::fflush(std::ptr::null_mut());
        libc::_exit(status)
    }
}

/// strerror(3).
extern "C" fn error_text(code: i32, buffer: *mut c_char, size: i32) -> i32 {
    let mut text = [0_u8; 256];
    // SAFETY: the buffer has the length that is passed.
    unsafe { libc::strerror_r(code, text.as_mut_ptr().cast(), text.len()) };
    let text = CStr::from_bytes_until_nul(&text).unwrap_or_default();
    copy_text(text.to_bytes(), buffer, size)
}

extern "C" fn close_from(low: i32) {
    close_from_number(low.max(0));
}

extern "C" fn set_no_new_privs() -> i32 {
    status(platform::set_no_new_privs())
}

/// bind(2) to a path, on Linux also to an abstract name, which begins with a zero.
extern "C" fn bind_unix(fd: i32, path: *const c_char, length: usize) -> i32 {
    let address = platform::unix_address(bytes(path, length));
    status(address.and_then(|address| nix::sys::socket::bind(fd, &address)))
}

/// The count of bytes that were sent.
extern "C" fn send_with_fd(fd: i32, text: *const c_char, length: usize, other: i32) -> i32 {
    let sent =
        descriptor(fd).and_then(|socket| message::send(socket, bytes(text, length), &[other]));
    sent.map_or_else(|error| -(error as i32), |n| n as i32)
}

/// The count of bytes that were received; `received` is -1 for no descriptor. More than one are closed.
extern "C" fn receive_with_fd(
    fd: i32,
    buffer: *mut c_char,
    size: usize,
    received: *mut c_int,
) -> i32 {
    // SAFETY: the Lua half passes a buffer of that many bytes, which are zeros.
    let buffer = unsafe { slice::from_raw_parts_mut(buffer.cast(), size) };
    match descriptor(fd).and_then(|socket| message::receive(socket, buffer)) {
        Ok(message) => {
            let first = message.descriptors.into_iter().next();
            // SAFETY: the Lua half passes an int.
            unsafe { *received = first.map_or(-1, IntoRawFd::into_raw_fd) };
            message.length as i32
        }
        Err(error) => -(error as i32),
    }
}

extern "C" fn mknod(path: *const c_char, mode: u32, device: f64) -> i32 {
    let mode = mode as libc::mode_t;
    let kind = stat::SFlag::from_bits_truncate(mode & libc::S_IFMT);
    let permissions = stat::Mode::from_bits_truncate(mode);
    // SAFETY: the Lua half passes a terminated string.
    let path = unsafe { CStr::from_ptr(path) };
    status(stat::mknod(path, kind, permissions, device as libc::dev_t))
}

extern "C" fn make_device(major: u32, minor: u32) -> f64 {
    libc::makedev(major as _, minor as _) as f64
}

extern "C" fn major(device: f64) -> u32 {
    libc::major(device as libc::dev_t) as u32
}

extern "C" fn minor(device: f64) -> u32 {
    libc::minor(device as libc::dev_t) as u32
}
