//! Systems whose files have no capabilities.

use std::ffi::CStr;
use std::io;

pub fn get(_: &CStr, _: &CStr, _: &mut [u8]) -> io::Result<usize> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

pub fn set(_: &CStr, _: &CStr, _: &[u8]) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
