//! preadv2(2) and pwritev2(2) with RWF_NOWAIT: what the page cache holds, at the cost of one system call.

use nix::errno::Errno;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// Whether a file may be tried at all.
pub const AVAILABLE: bool = true;

/// Whether a failed try says that this file, or this kernel, knows no such transfer: ext4 has none for writing.
pub fn is_refused(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EPERM | libc::EINVAL)
    )
}

fn vector(data: *mut u8, length: usize) -> libc::iovec {
    libc::iovec {
        iov_base: data.cast(),
        iov_len: length,
    }
}

/// The offset of the system call: -1 stands for the position of the file.
fn offset(at: Option<u64>) -> i64 {
    at.map_or(-1, u64::cast_signed)
}

fn result(n: isize) -> io::Result<usize> {
    Ok(Errno::result(n)?.cast_unsigned())
}

/// Reads to `data`, which has `length` writable bytes.
pub fn read(file: &File, data: *mut u8, length: usize, at: Option<u64>) -> io::Result<usize> {
    let vector = vector(data, length);
    // SAFETY: one vector on memory that the caller vouches for.
    result(unsafe {
        libc::preadv2(
            file.as_raw_fd(),
            &raw const vector,
            1,
            offset(at),
            libc::RWF_NOWAIT,
        )
    })
}

/// Writes from `data`, which has `length` readable bytes.
pub fn write(file: &File, data: *mut u8, length: usize, at: Option<u64>) -> io::Result<usize> {
    let vector = vector(data, length);
    // SAFETY: one vector on memory that the caller vouches for.
    result(unsafe {
        libc::pwritev2(
            file.as_raw_fd(),
            &raw const vector,
            1,
            offset(at),
            libc::RWF_NOWAIT,
        )
    })
}
