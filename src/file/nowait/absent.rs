//! Platforms without such transfers: every one is an operation.

use std::fs::File;
use std::io;

/// Whether a file may be tried at all.
pub const AVAILABLE: bool = false;

/// Whether a failed try says that the file knows no such transfer.
pub fn is_refused(_: &io::Error) -> bool {
    true
}

pub fn read(_: &File, _: *mut u8, _: usize, _: Option<u64>) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

pub fn write(_: &File, _: *mut u8, _: usize, _: Option<u64>) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
