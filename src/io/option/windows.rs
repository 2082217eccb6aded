//! Options that socket2 has no function for, by WinSock.

use socket2::SockRef;
use std::io;
use std::os::windows::io::AsRawSocket;
use windows_sys::Win32::Networking::WinSock::{
    SO_DEBUG, SO_DONTROUTE, SO_RCVLOWAT, SO_SNDLOWAT, SOL_SOCKET, getsockopt, setsockopt,
};

/// Sizes of buffers are reported as they were set.
pub const BUFFER_FACTOR: usize = 1;

pub const DEBUG: i32 = SO_DEBUG;
pub const DONTROUTE: i32 = SO_DONTROUTE;
pub const SNDLOWAT: i32 = SO_SNDLOWAT;
pub const RCVLOWAT: i32 = SO_RCVLOWAT;

pub fn set(socket: &SockRef<'_>, name: i32, value: i32) -> io::Result<()> {
    let value = (&raw const value).cast();
    // SAFETY: `value` points to four bytes.
    match unsafe { setsockopt(socket.as_raw_socket() as usize, SOL_SOCKET, name, value, 4) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

pub fn get(socket: &SockRef<'_>, name: i32) -> io::Result<i32> {
    let mut value = 0_i32;
    let mut length = 4;
    let pointer = (&raw mut value).cast();
    // SAFETY: `value` has room for four bytes.
    match unsafe {
        getsockopt(
            socket.as_raw_socket() as usize,
            SOL_SOCKET,
            name,
            pointer,
            &raw mut length,
        )
    } {
        0 => Ok(value),
        _ => Err(io::Error::last_os_error()),
    }
}
