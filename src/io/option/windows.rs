//! Options that socket2 has no function for, by WinSock.

use socket2::SockRef;
use std::io;
use std::os::windows::io::AsRawSocket;
use windows_sys::Win32::Networking::WinSock::{
    AF_INET6, IPPROTO_TCP, SO_DEBUG, SO_DONTROUTE, SO_PROTOCOL_INFOW, SO_RCVLOWAT, SO_SNDLOWAT,
    SOL_SOCKET, TCP_KEEPCNT, TCP_KEEPIDLE, TCP_KEEPINTVL, WSAPROTOCOL_INFOW, getsockopt,
    setsockopt,
};

/// Level and name of an option.
pub type Name = (i32, i32);

/// Sizes of buffers are reported as they were set.
pub const BUFFER_FACTOR: usize = 1;

pub const DEBUG: Name = (SOL_SOCKET, SO_DEBUG);
pub const DONTROUTE: Name = (SOL_SOCKET, SO_DONTROUTE);
pub const SNDLOWAT: Name = (SOL_SOCKET, SO_SNDLOWAT);
pub const RCVLOWAT: Name = (SOL_SOCKET, SO_RCVLOWAT);
/// Windows shares ports by `SO_REUSEADDR`, without balancing.
pub const REUSE_PORT: Option<Name> = None;
pub const KEEPIDLE: Name = (IPPROTO_TCP, TCP_KEEPIDLE as i32);
pub const KEEPINTVL: Name = (IPPROTO_TCP, TCP_KEEPINTVL as i32);
pub const KEEPCNT: Name = (IPPROTO_TCP, TCP_KEEPCNT as i32);
/// `TCP_MAXRT` counts from the first retransmission: another thing.
pub const USER_TIMEOUT: Option<Name> = None;

/// `SO_REUSEADDR`.
pub fn set_reuse_address(socket: &SockRef<'_>, on: bool) -> io::Result<()> {
    socket.set_reuse_address(on)
}

/// Whether the socket is of family v6.
pub fn is_v6(socket: &SockRef<'_>) -> io::Result<bool> {
    // SAFETY: integers and arrays of them, for which zero is valid.
    let mut info: WSAPROTOCOL_INFOW = unsafe { std::mem::zeroed() };
    let mut length = size_of_val(&info) as i32;
    let (raw, pointer) = (socket.as_raw_socket() as usize, (&raw mut info).cast());
    // SAFETY: `info` has room for `length` bytes.
    match unsafe { getsockopt(raw, SOL_SOCKET, SO_PROTOCOL_INFOW, pointer, &raw mut length) } {
        0 => Ok(info.iAddressFamily == i32::from(AF_INET6)),
        _ => Err(io::Error::last_os_error()),
    }
}

pub fn set(socket: &SockRef<'_>, (level, name): Name, value: i32) -> io::Result<()> {
    let value = (&raw const value).cast();
    // SAFETY: `value` points to four bytes.
    match unsafe { setsockopt(socket.as_raw_socket() as usize, level, name, value, 4) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub fn get(socket: &SockRef<'_>, (level, name): Name) -> io::Result<i32> {
    let mut value = 0_i32;
    let mut length = 4;
    let pointer = (&raw mut value).cast();
    // SAFETY: `value` has room for four bytes.
    match unsafe {
        getsockopt(
            socket.as_raw_socket() as usize,
            level,
            name,
            pointer,
            &raw mut length,
        )
    } {
        0 => Ok(value),
        _ => Err(io::Error::last_os_error()),
    }
}
