//! Options of FreeBSD: setsockopt(2), tcp(4).

use socket2::{SockRef, Type};
use std::io;

/// Sizes of buffers are reported as they were set.
pub const BUFFER_FACTOR: usize = 1;

/// FreeBSD has no such timeout.
pub const USER_TIMEOUT: Option<(i32, i32)> = None;

/// `SO_REUSEADDR`, and for datagrams `SO_REUSEPORT`: only with it several sockets get a multicast.
pub fn set_reuse_address(socket: &SockRef<'_>, on: bool) -> io::Result<()> {
    socket.set_reuse_address(on)?;
    if socket.r#type()? == Type::DGRAM {
        socket.set_reuse_port(on)?;
    }
    Ok(())
}
