//! Descriptors on POSIX.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "freebsd.rs")]
mod kernel;

pub use kernel::{compare, get_capabilities, set_capabilities};

use crate::io::{Direction, Io};
use nix::fcntl::{AT_FDCWD, FcntlArg, OFlag, fcntl};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::unistd;
use socket2::SockRef;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::task::Poll;

pub fn from_number(number: i32) -> OwnedFd {
    // SAFETY: the caller owns it and gives it away.
    unsafe { OwnedFd::from_raw_fd(number) }
}

pub fn number(descriptor: &BorrowedFd<'_>) -> i32 {
    descriptor.as_raw_fd()
}

pub fn into_number(descriptor: OwnedFd) -> io::Result<i32> {
    Ok(descriptor.into_raw_fd())
}

pub fn duplicate(descriptor: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    descriptor.try_clone_to_owned()
}

fn flags(descriptor: BorrowedFd<'_>) -> io::Result<OFlag> {
    Ok(OFlag::from_bits_retain(fcntl(
        descriptor,
        FcntlArg::F_GETFL,
    )?))
}

pub fn is_non_blocking(descriptor: BorrowedFd<'_>) -> io::Result<bool> {
    Ok(flags(descriptor)?.contains(OFlag::O_NONBLOCK))
}

pub fn set_non_blocking(descriptor: BorrowedFd<'_>, on: bool) -> io::Result<()> {
    let old = flags(descriptor)?;
    let mut new = old;
    new.set(OFlag::O_NONBLOCK, on);
    if new != old {
        fcntl(descriptor, FcntlArg::F_SETFL(new))?;
    }
    Ok(())
}

/// In the order of the Lua half's names, from 1 on; 0 for what has no name.
pub fn file_type(descriptor: BorrowedFd<'_>) -> io::Result<i32> {
    let mode = fstat(descriptor)?.st_mode;
    Ok(match SFlag::from_bits_truncate(mode) & SFlag::S_IFMT {
        SFlag::S_IFSOCK => 1,
        SFlag::S_IFLNK => 2,
        SFlag::S_IFREG => 3,
        SFlag::S_IFBLK => 4,
        SFlag::S_IFDIR => 5,
        SFlag::S_IFCHR => 6,
        SFlag::S_IFIFO => 7,
        _ => 0,
    })
}

/// Bits of the Lua half's names that every POSIX system knows.
const FLAGS: [(u32, OFlag); 9] = [
    (1, OFlag::O_APPEND),
    (1 << 1, OFlag::O_CREAT),
    (1 << 2, OFlag::O_EXCL),
    (1 << 3, OFlag::O_RDONLY),
    (1 << 4, OFlag::O_RDWR),
    (1 << 5, OFlag::O_WRONLY),
    (1 << 6, OFlag::O_SYNC),
    (1 << 7, OFlag::O_TRUNC),
    (1 << 8, OFlag::O_DIRECTORY),
];

pub fn open_at(
    directory: Option<BorrowedFd<'_>>,
    path: &[u8],
    flags: u32,
    mode: i32,
) -> io::Result<OwnedFd> {
    let path = CString::new(path).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let base = OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
    let known = FLAGS.iter().chain(kernel::FLAGS);
    let (bits, open) = known
        .filter(|(bit, _)| flags & bit != 0)
        .fold((0, base), |(bits, open), (bit, flag)| {
            (bits | bit, open | *flag)
        });
    let mode = Mode::from_bits_truncate(mode as libc::mode_t);
    let directory = directory.unwrap_or(AT_FDCWD);
    kernel::open_at(directory, &path, open, flags & !bits, mode)
}

/// The opposite of what [`open_at`] does: the bits of C's flags. What has no name is left out.
pub fn flag_bits(flags: i32) -> u32 {
    const DIRECTORY: u32 = 1 << 8;
    const PATH: u32 = 1 << 10;
    const TEMPORARY: u32 = 1 << 11;
    const ACCESS: u32 = 1 << 3 | 1 << 4 | 1 << 5;
    let flags = OFlag::from_bits_retain(flags);
    let access = flags & OFlag::O_ACCMODE;
    let bits = FLAGS.iter().chain(kernel::FLAGS).filter(|(bit, flag)| {
        if bit & ACCESS != 0 {
            access == *flag
        } else {
            flags.contains(*flag)
        }
    });
    let bits = bits.fold(0, |bits, (bit, _)| bits | bit);
    match bits {
        // Linux's flag for temporary files has that of directories in it.
        _ if bits & TEMPORARY != 0 => bits & !DIRECTORY,
        _ if bits & PATH != 0 => bits & !ACCESS,
        _ => bits,
    }
}

pub fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(unistd::pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?)
}

// A short count tells nothing about what comes next: a terminal gives a line at a time.

pub fn read(io: &mut Io, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    let call = |descriptor: SockRef<'_>| Ok(unistd::read(&*descriptor, buffer)?);
    io.attempt(Direction::Read, call, |_| false)
}

pub fn write(io: &mut Io, bytes: &[u8]) -> Poll<io::Result<usize>> {
    let call = |descriptor: SockRef<'_>| Ok(unistd::write(&*descriptor, bytes)?);
    io.attempt(Direction::Write, call, |_| false)
}
