//! Waiting until a process of the same fork has let go of what both inherited.
//!
//! While it holds a copy of the inbox's socket the kernel's count of references is wrong. A pipe tells: its writing end,
//! which it holds too, is closed with the rest.

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read};
use std::os::fd::OwnedFd;

/// The end of the process that waits.
pub struct Barrier(OwnedFd);

/// The end of the process that is waited for, which closes it with all else.
pub struct Held(OwnedFd);

impl Barrier {
    /// To be made before the fork; each process drops the end that is not its own.
    pub fn new() -> nix::Result<(Self, Held)> {
        let (reading, writing) = pipe2(OFlag::O_CLOEXEC)?;
        Ok((Self(reading), Held(writing)))
    }

    /// Returns when the other process has closed what it inherited.
    pub fn wait(self) {
        // The end of file, or an error that waiting longer would not mend.
        while let Err(Errno::EINTR) = read(&self.0, &mut [0]) {}
    }
}

impl Held {
    /// It is closed by number, with the rest.
    pub fn leave(self) {
        std::mem::forget(self.0);
    }
}
