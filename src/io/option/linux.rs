//! Options of Linux: socket(7), tcp(7).

use socket2::SockRef;
use std::io;

/// Linux doubles the sizes of buffers that it is given, and reports the double.
pub const BUFFER_FACTOR: usize = 2;

/// Level and name.
pub const USER_TIMEOUT: Option<(i32, i32)> = Some((libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT));

/// `SO_REUSEADDR`.
pub fn set_reuse_address(socket: &SockRef<'_>, on: bool) -> io::Result<()> {
    socket.set_reuse_address(on)
}
