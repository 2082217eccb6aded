//! What a new process is told about its actor, straight from the host: the zygote never sees it.
//!
//! The bytes are the Lua half's. What is too long for a packet, as a tree of sources may be, travels as a file in memory.

use super::message;
use super::platform::library_path;
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes at most.
pub const LONGEST: usize = 64 << 20;

/// Bytes that are in the packet itself, at most. A socket's buffer has room for more.
const INLINE: usize = 64 << 10;

/// Bytes before the configuration: orders, and how many of the descriptors, the last, are directories.
const HEAD: usize = 2;

/// A bit of the packet's first byte beside those of [`Orders`]: the configuration is a file, the first descriptor, and
/// not the rest of the packet.
const FILE: u8 = 0x80;

/// Bytes that are erased when they are not needed any more.
pub struct Configuration {
    /// Behind the [`HEAD`] of the packet.
    bytes: Vec<u8>,
    /// C modules that the actor may load, by the paths under which the dynamic linker knows them.
    libraries: Vec<CString>,
    /// Directories that the dynamic linker searches for libraries.
    pub directories: Vec<OwnedFd>,
    pub orders: Orders,
    /// The socket of a `libc_service.slave`.
    pub service: Option<OwnedFd>,
}

/// What there is to do before the VM starts, bits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Orders {
    /// The init script is the next packet.
    pub script: bool,
    /// The seccomp program is the packet behind that.
    pub filter: bool,
    /// The actor gets a zygote of its own.
    pub zygote: bool,
    pub jit: bool,
    /// A service comes along.
    pub service: bool,
}

impl Orders {
    fn to_byte(self) -> u8 {
        let Self {
            script,
            filter,
            zygote,
            jit,
            service,
        } = self;
        [script, filter, zygote, jit, service]
            .into_iter()
            .rev()
            .fold(0, |byte, order| byte << 1 | u8::from(order))
    }

    fn from_byte(byte: u8) -> Self {
        let [script, filter, zygote, jit, service] =
            [0, 1, 2, 3, 4].map(|bit| byte >> bit & 1 != 0);
        Self {
            script,
            filter,
            zygote,
            jit,
            service,
        }
    }
}

impl Configuration {
    /// Sends `bytes` to a child, libraries, directories and a service for it, and its orders.
    pub fn send(
        socket: BorrowedFd<'_>,
        bytes: &[u8],
        libraries: &[PathBuf],
        directories: &[OwnedFd],
        service: Option<RawFd>,
        orders: Orders,
    ) -> io::Result<()> {
        let descriptors = libraries.len() + directories.len() + 1;
        if bytes.len() > LONGEST || descriptors >= message::DESCRIPTORS {
            return Err(Errno::EMSGSIZE.into());
        }
        let mut packet = vec![orders.to_byte(), directories.len() as u8];
        let mut files = Vec::new();
        if bytes.len() <= INLINE {
            packet.extend_from_slice(bytes);
        } else {
            packet[0] |= FILE;
            let mut file = File::from(memfd_create("emilua", MFdFlags::MFD_CLOEXEC)?);
            file.write_all(bytes)?;
            files.push(file);
        }
        for library in libraries {
            files.push(File::open(library)?);
        }
        let mut numbers: Vec<RawFd> = files.iter().map(AsRawFd::as_raw_fd).collect();
        // Behind the file of the configuration.
        let place = numbers.len() - libraries.len();
        numbers.splice(place..place, service);
        numbers.extend(directories.iter().map(AsRawFd::as_raw_fd));
        message::send(socket, &packet, &numbers)?;
        Ok(())
    }

    /// Receives them in the child.
    pub fn receive(socket: BorrowedFd<'_>) -> io::Result<Self> {
        let mut bytes = vec![0; message::length(socket)?];
        let message = message::receive(socket, &mut bytes)?;
        let &[first, directories, ..] = &bytes[..] else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let mut descriptors = message.descriptors;
        let others = descriptors.len().saturating_sub(directories.into());
        let directories = descriptors.split_off(others);
        let mut descriptors = descriptors.into_iter();
        if first & FILE != 0 {
            let file = descriptors.next().ok_or(io::ErrorKind::UnexpectedEof)?;
            read(File::from(file), &mut bytes)?;
        }
        let orders = Orders::from_byte(first);
        let service = orders.service.then(|| descriptors.next()).flatten();
        let libraries = descriptors.map(|library| open(&library));
        let libraries = libraries.collect::<io::Result<_>>()?;
        Ok(Self {
            bytes,
            libraries,
            directories,
            orders,
            service,
        })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes[HEAD..]
    }

    pub fn libraries(&self) -> &[CString] {
        &self.libraries
    }

    /// Erases them.
    pub fn wipe(&mut self) {
        super::wipe(&mut self.bytes);
    }
}

/// Appends what a file holds.
fn read(mut file: File, bytes: &mut Vec<u8>) -> io::Result<()> {
    file.rewind()?;
    // Room for one byte more, by which the end is seen: growing would leave a copy behind.
    bytes.reserve_exact(file.metadata()?.len() as usize + 1);
    file.read_to_end(bytes)?;
    Ok(())
}

/// Libraries that this process and those that it was forked from have loaded.
static LOADED: AtomicUsize = AtomicUsize::new(0);

/// Loads a library while the host's view of files is there. The dynamic linker knows it by this path from now on, whatever
/// the path leads to later.
fn open(library: &OwnedFd) -> io::Result<CString> {
    let path = library_path(library, LOADED.fetch_add(1, Ordering::Relaxed))?;
    // SAFETY: a terminated path; the library's initialisers are what the host has chosen.
    if unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) }.is_null() {
        return Err(io::ErrorKind::InvalidData.into());
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_read_back() {
        for byte in 0..32 {
            assert_eq!(Orders::from_byte(byte).to_byte(), byte);
        }
        assert!(Orders::from_byte(1).script && Orders::from_byte(8).jit);
    }
}
