//! Options that socket2 has no function for: setsockopt(2), getsockopt(2).

use socket2::SockRef;
use std::io;
use std::os::fd::AsRawFd;

/// Linux doubles the sizes of buffers that it is given (socket(7)), and reports the double.
pub const BUFFER_FACTOR: usize = if cfg!(target_os = "linux") { 2 } else { 1 };

pub const DEBUG: i32 = libc::SO_DEBUG;
pub const DONTROUTE: i32 = libc::SO_DONTROUTE;
pub const SNDLOWAT: i32 = libc::SO_SNDLOWAT;
pub const RCVLOWAT: i32 = libc::SO_RCVLOWAT;

pub fn set(socket: &SockRef<'_>, name: i32, value: i32) -> io::Result<()> {
    let length = size_of::<i32>() as libc::socklen_t;
    let value = (&raw const value).cast();
    // SAFETY: `value` points to `length` bytes.
    match unsafe { libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, name, value, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub fn get(socket: &SockRef<'_>, name: i32) -> io::Result<i32> {
    let mut value = 0_i32;
    let mut length = size_of::<i32>() as libc::socklen_t;
    let pointer = (&raw mut value).cast();
    // SAFETY: `value` has room for `length` bytes.
    match unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            name,
            pointer,
            &raw mut length,
        )
    } {
        0 => Ok(value),
        _ => Err(io::Error::last_os_error()),
    }
}
