//! Files of POSIX systems.

use nix::errno::Errno;
use nix::fcntl::{self, FcntlArg, OFlag};
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::stat::Mode;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Flags in the order of their names: append, create, exclusive, read_only, read_write, sync_all_on_write, truncate,
/// write_only.
const FLAGS: [OFlag; 8] = [
    OFlag::O_APPEND,
    OFlag::O_CREAT,
    OFlag::O_EXCL,
    OFlag::O_RDONLY,
    OFlag::O_RDWR,
    OFlag::O_SYNC,
    OFlag::O_TRUNC,
    OFlag::O_WRONLY,
];

/// open(2), close-on-exec and never a controlling terminal.
pub fn open(path: &Path, names: u32, mask: i32) -> io::Result<File> {
    let mut flags = OFlag::from_bits_retain(mask) | OFlag::O_CLOEXEC | OFlag::O_NOCTTY;
    for (i, flag) in FLAGS.iter().enumerate() {
        if names & (1 << i) != 0 {
            flags |= *flag;
        }
    }
    loop {
        match fcntl::open(path, flags, Mode::from_bits_retain(0o777)) {
            Err(Errno::EINTR) => {}
            result => return Ok(result?.into()),
        }
    }
}

/// The file of a descriptor.
pub fn adopt(descriptor: OwnedFd) -> io::Result<File> {
    Ok(descriptor.into())
}

/// The descriptor of a file.
pub fn surrender(file: File) -> io::Result<OwnedFd> {
    Ok(file.into())
}

/// Whether writing goes to the end, wherever the position is.
pub fn appends(file: &File) -> bool {
    fcntl::fcntl(file, FcntlArg::F_GETFL).is_ok_and(|flags| flags & libc::O_APPEND != 0)
}

/// flock(2) without waiting, whether it is held now. Kinds as the Lua half numbers them.
pub fn lock(file: &File, kind: i32) -> io::Result<bool> {
    let operation = match kind {
        0 => libc::LOCK_UN,
        1 => libc::LOCK_SH | libc::LOCK_NB,
        _ => libc::LOCK_EX | libc::LOCK_NB,
    };
    // SAFETY: a call without pointers on an open descriptor.
    match Errno::result(unsafe { libc::flock(file.as_raw_fd(), operation) }) {
        Ok(_) => Ok(kind != 0),
        Err(Errno::EWOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Milliseconds after which a thread that waits looks whether it is still wanted.
const PERIOD: u8 = 50;

/// Waits until a transfer need not wait, which regular files never do; ECANCELED when nobody wants it any more.
pub fn wait(file: &File, write: bool, go_on: impl Fn() -> bool) -> io::Result<()> {
    let events = if write {
        PollFlags::POLLOUT
    } else {
        PollFlags::POLLIN
    };
    loop {
        match poll(&mut [PollFd::new(file.as_fd(), events)], PERIOD) {
            Ok(0) | Err(Errno::EINTR) if go_on() => {}
            Ok(0) | Err(Errno::EINTR) => return Err(Errno::ECANCELED.into()),
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// pread(2), or read(2) at the position of the file.
pub fn read(mut file: &File, buffer: &mut [u8], at: Option<u64>) -> io::Result<usize> {
    match at {
        Some(offset) => file.read_at(buffer, offset),
        None => file.read(buffer),
    }
}

/// pwrite(2), or write(2) at the position of the file.
pub fn write(mut file: &File, bytes: &[u8], at: Option<u64>) -> io::Result<usize> {
    match at {
        Some(offset) => file.write_at(bytes, offset),
        None => file.write(bytes),
    }
}
