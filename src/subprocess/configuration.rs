//! What a new process is told about its actor, straight from the host: the zygote never sees it.
//!
//! The bytes are the Lua half's. They travel as a file in memory, so that a tree of sources may be of any size.

use super::message;
use nix::errno::Errno;
use nix::sys::memfd::{MFdFlags, memfd_create};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsRawFd, BorrowedFd};

/// Bytes at most.
pub const LONGEST: usize = 64 << 20;

/// Bytes that are erased when they are not needed any more.
pub struct Configuration {
    bytes: Vec<u8>,
}

impl Configuration {
    /// Sends `bytes` to a child, and whether an init script follows.
    pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], has_script: bool) -> io::Result<()> {
        if bytes.len() > LONGEST {
            return Err(Errno::EMSGSIZE.into());
        }
        let mut file = File::from(memfd_create("emilua", MFdFlags::MFD_CLOEXEC)?);
        file.write_all(bytes)?;
        message::send(socket, &[u8::from(has_script)], &[file.as_raw_fd()])?;
        Ok(())
    }

    /// Receives them in the child.
    pub fn receive(socket: BorrowedFd<'_>) -> io::Result<(Self, bool)> {
        let mut has_script = [0];
        let message = message::receive(socket, &mut has_script)?;
        let descriptor = message.descriptors.into_iter().next();
        let (1, Some(descriptor)) = (message.length, descriptor) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let mut file = File::from(descriptor);
        file.rewind()?;
        let size = file.metadata()?.len();
        // Room for one byte more, by which the end is seen: growing would leave a copy behind.
        let mut bytes = Vec::with_capacity(size as usize + 1);
        file.read_to_end(&mut bytes)?;
        Ok((Self { bytes }, has_script[0] != 0))
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Erases them.
    pub fn wipe(&mut self) {
        super::wipe(&mut self.bytes);
    }
}
