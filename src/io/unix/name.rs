//! Names of UNIX sockets: a path, or on Linux an abstract name, which begins with a NUL byte.

use nix::sys::stat::{FchmodatFlags, Mode, fchmodat};
use socket2::SockAddr;
use std::ffi::{CString, OsStr};
use std::io;
use std::mem::offset_of;
use std::os::unix::ffi::OsStrExt;

/// Longest name: `sun_path` with a NUL byte at its end.
const LONGEST: usize = size_of::<libc::sockaddr_un>() - offset_of!(libc::sockaddr_un, sun_path) - 1;

/// A name as it crosses the boundary, unnamed when it is empty. Same layout as in unix/native.lua.
#[repr(C)]
pub struct Name {
    length: u32,
    bytes: [u8; 108],
}

impl Name {
    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length as usize]
    }

    /// As the system calls take it. ENAMETOOLONG, or EINVAL for a path with a NUL byte inside.
    pub fn address(&self) -> io::Result<SockAddr> {
        let bytes = self
            .bytes
            .get(..self.length as usize)
            .filter(|bytes| bytes.len() <= LONGEST)
            .ok_or_else(|| io::Error::from_raw_os_error(libc::ENAMETOOLONG))?;
        if bytes.first() != Some(&0) && bytes.contains(&0) {
            return Err(io::Error::from_raw_os_error(libc::EINVAL));
        }
        address(bytes)
    }

    /// Takes over what a system call gave.
    pub fn set(&mut self, address: &SockAddr) {
        let name = path(address);
        let length = name.len().min(self.bytes.len());
        self.bytes[..length].copy_from_slice(&name[..length]);
        self.length = length as u32;
    }

    /// chmod(2) of the file.
    pub fn change_mode(&self, mode: libc::mode_t) -> io::Result<()> {
        let path =
            CString::new(self.bytes()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
        Ok(fchmodat(
            nix::fcntl::AT_FDCWD,
            path.as_c_str(),
            Mode::from_bits_truncate(mode),
            FchmodatFlags::FollowSymlink,
        )?)
    }
}

fn address(name: &[u8]) -> io::Result<SockAddr> {
    SockAddr::unix(OsStr::from_bytes(name))
}

/// The bytes of `sun_path` that count.
fn path(address: &SockAddr) -> Vec<u8> {
    if let Some(path) = address.as_pathname() {
        return path.as_os_str().as_bytes().to_vec();
    }
    let mut name = vec![0];
    match address.as_abstract_namespace() {
        Some(rest) => name.extend_from_slice(rest),
        None => name.clear(),
    }
    name
}
