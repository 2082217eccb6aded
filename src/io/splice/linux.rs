//! splice(2).

use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::unistd;
use socket2::Socket;
use std::io;
use std::os::fd::OwnedFd;

/// What the pipe is asked to hold: the most that users without privileges get. A smaller one is as good as that.
const SIZE: i32 = 1 << 20;

pub struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
}

impl Pipe {
    pub fn new() -> io::Result<Self> {
        let (read, write) = unistd::pipe2(OFlag::O_NONBLOCK | OFlag::O_CLOEXEC)?;
        let _ = fcntl(&write, FcntlArg::F_SETPIPE_SZ(SIZE));
        Ok(Self { read, write })
    }

    pub fn fill(&self, from: &Socket, limit: usize) -> io::Result<usize> {
        Ok(splice(from, None, &self.write, None, limit, flags())?)
    }

    pub fn drain(&self, to: &Socket, held: usize) -> io::Result<usize> {
        Ok(splice(&self.read, None, to, None, held, flags())?)
    }

    pub fn take(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(unistd::read(&self.read, buffer)?)
    }
}

fn flags() -> SpliceFFlags {
    SpliceFFlags::SPLICE_F_MOVE | SpliceFFlags::SPLICE_F_NONBLOCK
}
