//! What sockets need of POSIX systems beyond socket2.

use crate::io::readiness::Descriptor;
use socket2::{Domain, SockRef, Socket, Type};
use std::ffi::{c_int, c_ulong};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

/// socket(2), non-blocking and close-on-exec from the start.
pub fn open(domain: Domain, kind: Type) -> io::Result<Descriptor> {
    Socket::new(domain, kind.nonblocking(), None).map(Descriptor::from)
}

/// accept4(2): one call for a descriptor that is non-blocking and close-on-exec.
pub fn accept(listener: SockRef<'_>) -> io::Result<Descriptor> {
    let (socket, _) = listener.accept4(libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC)?;
    Ok(Descriptor::from(socket))
}

/// connect(2) with AF_UNSPEC.
pub fn disconnect(socket: &SockRef<'_>) -> io::Result<()> {
    // SAFETY: integers, for which zero is valid; the family AF_UNSPEC is zero.
    let nobody: libc::sockaddr = unsafe { MaybeUninit::zeroed().assume_init() };
    let length = size_of_val(&nobody) as libc::socklen_t;
    // SAFETY: `nobody` is that long.
    match unsafe { libc::connect(socket.as_raw_fd(), &raw const nobody, length) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `SIOCATMARK`, which libc lacks: sockio.h.
const AT_MARK: c_ulong = if cfg!(target_os = "linux") {
    0x8905
} else {
    0x4004_7307
};

fn control(socket: &SockRef<'_>, request: c_ulong) -> io::Result<i32> {
    let mut value: c_int = 0;
    // SAFETY: both requests write an int.
    match unsafe { libc::ioctl(socket.as_raw_fd(), request as _, &raw mut value) } {
        0 => Ok(value),
        _ => Err(io::Error::last_os_error()),
    }
}

/// `FIONREAD` of ioctl(2).
pub fn bytes_readable(socket: &SockRef<'_>) -> io::Result<i32> {
    control(socket, libc::FIONREAD as c_ulong)
}

/// sockatmark(3).
pub fn at_mark(socket: &SockRef<'_>) -> io::Result<bool> {
    control(socket, AT_MARK).map(|mark| mark != 0)
}

/// The system's flags of a message, from the bits that ip/flags.lua gives their names.
pub fn message_flags(bits: i32) -> i32 {
    [
        (1, libc::MSG_DONTROUTE),
        (2, libc::MSG_EOR),
        (4, libc::MSG_OOB),
        (8, libc::MSG_PEEK),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .fold(0, |flags, (_, flag)| flags | flag)
}
