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
    /// The socket of a `libc_service.slave`.
    pub service: Option<OwnedFd>,
}

impl Configuration {
    /// Sends `bytes` to a child, libraries and a service for it, and whether an init script follows.
    pub fn send(
        socket: BorrowedFd<'_>,
        bytes: &[u8],
        libraries: &[PathBuf],
        service: Option<RawFd>,
        has_script: bool,
    ) -> io::Result<()> {
        if bytes.len() > LONGEST || libraries.len() + 1 >= message::DESCRIPTORS {
            return Err(Errno::EMSGSIZE.into());
        }
        let mut file = File::from(memfd_create("emilua", MFdFlags::MFD_CLOEXEC)?);
        file.write_all(bytes)?;
        let libraries = libraries.iter().map(File::open);
        let libraries = libraries.collect::<io::Result<Vec<_>>>()?;
        let mut numbers = vec![file.as_raw_fd()];
        numbers.extend(service);
        numbers.extend(libraries.iter().map(AsRawFd::as_raw_fd));
        let follows = [u8::from(has_script), u8::from(service.is_some())];
        message::send(socket, &follows, &numbers)?;
        Ok(())
    }

    /// Receives them in the child.
    pub fn receive(socket: BorrowedFd<'_>) -> io::Result<(Self, bool)> {
        let mut follows = [0; 2];
        let message = message::receive(socket, &mut follows)?;
        let mut descriptors = message.descriptors.into_iter();
        let descriptor = descriptors.next();
        let (2, Some(descriptor)) = (message.length, descriptor) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        let [has_script, has_service] = follows.map(|flag| flag != 0);
        let service = has_service.then(|| descriptors.next()).flatten();
        let mut file = File::from(descriptor);
        file.rewind()?;
        let size = file.metadata()?.len();
        // Room for one byte more, by which the end is seen: growing would leave a copy behind.
        let mut bytes = Vec::with_capacity(size as usize + 1);
        file.read_to_end(&mut bytes)?;
        let libraries = descriptors.map(|library| open(&library));
        let libraries = libraries.collect::<io::Result<_>>()?;
        let configuration = Self {
            bytes,
            libraries,
            service,
        };
        Ok((configuration, has_script))
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
