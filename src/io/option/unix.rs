//! Options that socket2 has no function for: setsockopt(2), getsockopt(2).

use socket2::SockRef;
use std::io;
use std::os::fd::AsRawFd;

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd.rs")]
mod system;

pub use system::{BUFFER_FACTOR, USER_TIMEOUT, set_reuse_address};

/// Level and name of an option.
pub type Name = (i32, i32);

pub const DEBUG: Name = (libc::SOL_SOCKET, libc::SO_DEBUG);
pub const DONTROUTE: Name = (libc::SOL_SOCKET, libc::SO_DONTROUTE);
pub const SNDLOWAT: Name = (libc::SOL_SOCKET, libc::SO_SNDLOWAT);
pub const RCVLOWAT: Name = (libc::SOL_SOCKET, libc::SO_RCVLOWAT);
pub const REUSE_PORT: Option<Name> = Some((libc::SOL_SOCKET, libc::SO_REUSEPORT));
pub const KEEPIDLE: Name = (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE);
pub const KEEPINTVL: Name = (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL);
pub const KEEPCNT: Name = (libc::IPPROTO_TCP, libc::TCP_KEEPCNT);

/// Whether the socket is of family v6.
pub fn is_v6(socket: &SockRef<'_>) -> io::Result<bool> {
    Ok(socket.local_addr()?.is_ipv6())
}

pub fn set(socket: &SockRef<'_>, (level, name): Name, value: i32) -> io::Result<()> {
    let length = size_of::<i32>() as libc::socklen_t;
    let value = (&raw const value).cast();
    // SAFETY: `value` points to `length` bytes.
    match unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, value, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub fn get(socket: &SockRef<'_>, (level, name): Name) -> io::Result<i32> {
    let mut value = 0_i32;
    let mut length = size_of::<i32>() as libc::socklen_t;
    let pointer = (&raw mut value).cast();
    // SAFETY: `value` has room for `length` bytes.
    match unsafe { libc::getsockopt(socket.as_raw_fd(), level, name, pointer, &raw mut length) } {
        0 => Ok(value),
        _ => Err(io::Error::last_os_error()),
    }
}
