//! Systems without inotify.

use crate::io::Io;
use std::ffi::CStr;
use std::io;

fn unavailable<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

pub fn open(_: &mut Io) -> io::Result<()> {
    unavailable()
}

pub fn add(_: &Io, _: &CStr, _: u32) -> io::Result<i32> {
    unavailable()
}

pub fn remove(_: &Io, _: i32) -> io::Result<()> {
    unavailable()
}
