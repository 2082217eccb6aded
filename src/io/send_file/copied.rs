//! Read, then sent. What the socket does not take is read again the next time.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod positional;

use crate::io::readiness::NO_SIGNAL;
use socket2::SockRef;
use std::fs::File;
use std::io;

/// Bytes of one piece.
const PIECE: usize = 1 << 16;

pub fn send(socket: &SockRef<'_>, file: &File, offset: u64, size: usize) -> io::Result<usize> {
    let mut buffer = vec![0; size.min(PIECE)];
    let n = positional::read_at(file, &mut buffer, offset)?;
    match n {
        0 => Ok(0),
        n => socket.send_with_flags(&buffer[..n], NO_SIGNAL),
    }
}
