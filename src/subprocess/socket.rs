//! One end of a channel between processes.

use super::platform::limit_to_sending;
use super::wire::Format;
use crate::io::Descriptor;
use nix::sys::socket::{AddressFamily, Shutdown, SockFlag, SockType, shutdown, socketpair};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// A SOCK_SEQPACKET socket that is open in one direction, and how messages on it are written.
pub struct Socket {
    pub descriptor: Descriptor,
    pub format: Format,
}

impl Socket {
    /// A new channel: the end that receives and the end that sends. Each is closed in the other direction, so that the
    /// kernel's count of references tells when no sender is left.
    pub fn pair(format: Format) -> io::Result<(Self, Self)> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (receive, send) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
        shutdown(receive.as_raw_fd(), Shutdown::Write)?;
        shutdown(send.as_raw_fd(), Shutdown::Read)?;
        limit_to_sending(send.as_fd())?;
        Ok((Self::of(receive, format), Self::of(send, format)))
    }

    /// An address that was received, whose format has the limit `limit`.
    pub fn address(descriptor: Descriptor, limit: f64) -> Self {
        Self::of(descriptor, Format::of_limit(limit))
    }

    /// The opposite.
    pub fn into_parts(self) -> (Descriptor, f64) {
        (self.descriptor, f64::from(self.format.limit()))
    }

    fn of(descriptor: OwnedFd, format: Format) -> Self {
        Self { descriptor, format }
    }
}
