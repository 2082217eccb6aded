//! What TLS needs of a socket: transfers for a neighbour that keeps the bytes itself.

use super::readiness::NO_SIGNAL;
use super::{Direction, Io, object};
use std::io::{self, IoSlice, Read};
use std::net::IpAddr;
use std::task::Poll;

/// recv(2); 0 at the end of the stream.
pub fn receive(this: *mut Io, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    let wanted = buffer.len();
    object(this).attempt(
        Direction::Read,
        |socket| (&*socket).read(buffer),
        |&n| n > 0 && n < wanted,
    )
}

/// sendmsg(2); the fiber of direction `waiter` is woken when the socket takes more.
pub fn send(this: *mut Io, parts: &[IoSlice<'_>], waiter: Direction) -> Poll<io::Result<usize>> {
    let wanted: usize = parts.iter().map(|part| part.len()).sum();
    object(this).attempt_for(
        waiter,
        Direction::Write,
        |socket| socket.send_vectored_with_flags(parts, NO_SIGNAL),
        |&n| n < wanted,
    )
}

/// The address of an internet socket's peer.
pub fn peer_address(this: *mut Io) -> Option<IpAddr> {
    let peer = object(this).socket().ok()?.peer_addr().ok()?;
    peer.as_socket().map(|peer| peer.ip())
}
