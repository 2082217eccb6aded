//! What sockets need of WinSock beyond socket2.

use crate::io::readiness::Descriptor;
use socket2::{Domain, SockRef, Socket, Type};
use std::io;
use std::os::windows::io::AsRawSocket;
use windows_sys::Win32::Networking::WinSock::{
    FIONREAD, MSG_DONTROUTE, MSG_OOB, MSG_PEEK, SIOCATMARK, ioctlsocket,
};

/// A non-blocking socket.
pub fn open(domain: Domain, kind: Type) -> io::Result<Descriptor> {
    let socket = Socket::new(domain, kind, None)?;
    socket.set_nonblocking(true)?;
    Ok(Descriptor::from(socket))
}

/// accept, then non-blocking.
pub fn accept(listener: SockRef<'_>) -> io::Result<Descriptor> {
    let (socket, _) = listener.accept()?;
    socket.set_nonblocking(true)?;
    Ok(Descriptor::from(socket))
}

/// WinSock has no way to dissolve an association.
pub fn disconnect(_socket: &SockRef<'_>) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

fn control(socket: &SockRef<'_>, request: i32) -> io::Result<u32> {
    let mut value = 0;
    // SAFETY: both requests write a u_long.
    match unsafe { ioctlsocket(socket.as_raw_socket() as usize, request, &raw mut value) } {
        0 => Ok(value),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `FIONREAD` of ioctlsocket.
pub fn bytes_readable(socket: &SockRef<'_>) -> io::Result<i32> {
    control(socket, FIONREAD).map(|count| i32::try_from(count).unwrap_or(i32::MAX))
}

/// `SIOCATMARK` of ioctlsocket, which is true when there is no urgent data ahead.
pub fn at_mark(socket: &SockRef<'_>) -> io::Result<bool> {
    control(socket, SIOCATMARK).map(|mark| mark != 0)
}

/// The system's flags of a message, from the bits that ip/flags.lua gives their names.
pub fn message_flags(bits: i32) -> i32 {
    [(1, MSG_DONTROUTE), (4, MSG_OOB), (8, MSG_PEEK)]
        .into_iter()
        .filter(|(bit, _)| bits & bit != 0)
        .fold(0, |flags, (_, flag)| flags | flag)
}
