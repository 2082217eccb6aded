//! What a new process is told about its actor, straight from the host: the zygote never sees it.
//!
//! The bytes are the Lua half's. They travel as a file in memory, so that a tree of sources may be of any size.

use super::message;
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::path::PathBuf;

/// Bytes at most.
pub const LONGEST: usize = 64 << 20;

/// Bytes that are erased when they are not needed any more.
pub struct Configuration {
    bytes: Vec<u8>,
    /// C modules that the actor may load, by the paths under which the dynamic linker knows them.
    libraries: Vec<CString>,
    pub orders: Orders,
}

/// What there is to do before the VM starts, one byte on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Orders {
    /// The init script is the next packet.
    pub script: bool,
    /// The seccomp program is the packet behind that.
    pub filter: bool,
    /// The actor gets a zygote of its own.
    pub zygote: bool,
    pub jit: bool,
}

impl Orders {
    fn to_byte(self) -> u8 {
        let Self {
            script,
            filter,
            zygote,
            jit,
        } = self;
        [script, filter, zygote, jit]
            .into_iter()
            .rev()
            .fold(0, |byte, order| byte << 1 | u8::from(order))
    }

    fn from_byte(byte: u8) -> Self {
        let [script, filter, zygote, jit] = [0, 1, 2, 3].map(|bit| byte >> bit & 1 != 0);
        Self {
            script,
            filter,
            zygote,
            jit,
        }
    }
}

impl Configuration {
    /// Sends `bytes` to a child, libraries for it, and its orders.
    pub fn send(
        socket: BorrowedFd<'_>,
        bytes: &[u8],
        libraries: &[PathBuf],
        orders: Orders,
    ) -> io::Result<()> {
        if bytes.len() > LONGEST || libraries.len() >= message::DESCRIPTORS {
            return Err(Errno::EMSGSIZE.into());
        }
        let mut file = File::from(memfd_create("emilua", MFdFlags::MFD_CLOEXEC)?);
        file.write_all(bytes)?;
        let libraries = libraries.iter().map(File::open);
        let libraries = libraries.collect::<io::Result<Vec<_>>>()?;
        let files = std::iter::once(&file).chain(&libraries);
        let numbers: Vec<RawFd> = files.map(AsRawFd::as_raw_fd).collect();
        message::send(socket, &[orders.to_byte()], &numbers)?;
        Ok(())
    }

    /// Receives them in the child.
    pub fn receive(socket: BorrowedFd<'_>) -> io::Result<Self> {
        let mut orders = [0];
        let message = message::receive(socket, &mut orders)?;
        let mut descriptors = message.descriptors.into_iter();
        let descriptor = descriptors.next();
        let (1, Some(descriptor)) = (message.length, descriptor) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let mut file = File::from(descriptor);
        file.rewind()?;
        let size = file.metadata()?.len();
        // Room for one byte more, by which the end is seen: growing would leave a copy behind.
        let mut bytes = Vec::with_capacity(size as usize + 1);
        file.read_to_end(&mut bytes)?;
        let libraries = descriptors.map(|library| open(&library));
        let libraries = libraries.collect::<io::Result<_>>()?;
        let orders = Orders::from_byte(orders[0]);
        Ok(Self {
            bytes,
            libraries,
            orders,
        })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn libraries(&self) -> &[CString] {
        &self.libraries
    }

    /// Erases them.
    pub fn wipe(&mut self) {
        super::wipe(&mut self.bytes);
    }
}

/// Loads a library while the host's view of files is there. The dynamic linker knows it by this path from now on, whatever
/// the path leads to later.
fn open(library: &OwnedFd) -> io::Result<CString> {
    let path = CString::new(format!("/proc/self/fd/{}", library.as_raw_fd()))?;
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
        for byte in 0..16 {
            assert_eq!(Orders::from_byte(byte).to_byte(), byte);
        }
        assert!(Orders::from_byte(1).script && Orders::from_byte(8).jit);
    }
}
