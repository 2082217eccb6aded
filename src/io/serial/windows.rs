//! Serial lines of Windows are files that are waited for by threads; the objects here wait for sockets. Not there yet, and said so:
//! every function is ENOSYS.

use super::Setting;
use crate::io::{Borrowed, Descriptor};
use std::io;
use std::path::Path;

fn absent<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

pub fn open(_: &Path) -> io::Result<Descriptor> {
    absent()
}

pub fn pair() -> io::Result<(Descriptor, Descriptor)> {
    absent()
}

pub fn get(_: Borrowed<'_>, _: Setting) -> io::Result<i32> {
    absent()
}

pub fn set(_: Borrowed<'_>, _: Setting, _: i32) -> io::Result<()> {
    absent()
}

pub fn is_terminal(_: Borrowed<'_>) -> io::Result<bool> {
    absent()
}

pub fn foreground(_: Borrowed<'_>) -> io::Result<i32> {
    absent()
}

pub fn set_foreground(_: Borrowed<'_>, _: i32) -> io::Result<()> {
    absent()
}

pub fn send_break(_: Borrowed<'_>) -> io::Result<()> {
    absent()
}
