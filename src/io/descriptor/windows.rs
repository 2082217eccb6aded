//! Descriptors on Windows are sockets, and have little in common with files.

use socket2::Socket;
use std::io;
use std::os::windows::io::{
    AsRawSocket, BorrowedSocket, FromRawSocket, IntoRawSocket, OwnedSocket, RawSocket,
};

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

pub fn from_number(number: i32) -> OwnedSocket {
    // SAFETY: the caller owns it and gives it away.
    unsafe { OwnedSocket::from_raw_socket(number as RawSocket) }
}

// Handles have 32 significant bits.

pub fn number(socket: &BorrowedSocket<'_>) -> i32 {
    socket.as_raw_socket() as i32
}

pub fn into_number(socket: OwnedSocket) -> i32 {
    socket.into_raw_socket() as i32
}

pub fn duplicate(_: BorrowedSocket<'_>) -> io::Result<OwnedSocket> {
    unsupported()
}

pub fn compare(_: BorrowedSocket<'_>, _: BorrowedSocket<'_>) -> io::Result<i32> {
    unsupported()
}

pub fn file_type(_: BorrowedSocket<'_>) -> io::Result<i32> {
    unsupported()
}

pub fn is_non_blocking(_: BorrowedSocket<'_>) -> io::Result<bool> {
    unsupported()
}

pub fn set_non_blocking(_: BorrowedSocket<'_>, _: bool) -> io::Result<()> {
    unsupported()
}

pub fn open_at(_: Option<BorrowedSocket<'_>>, _: &[u8], _: u32, _: i32) -> io::Result<OwnedSocket> {
    unsupported()
}

pub fn pipe() -> io::Result<(OwnedSocket, OwnedSocket)> {
    unsupported()
}

pub fn read(_: &Socket, _: &mut [u8]) -> io::Result<usize> {
    unsupported()
}

pub fn write(_: &Socket, _: &[u8]) -> io::Result<usize> {
    unsupported()
}

pub fn get_capabilities(_: BorrowedSocket<'_>, _: &mut [u8]) -> io::Result<usize> {
    unsupported()
}

pub fn set_capabilities(_: BorrowedSocket<'_>, _: &[u8]) -> io::Result<()> {
    unsupported()
}
