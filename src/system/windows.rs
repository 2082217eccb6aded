//! Texts of Windows; it has none of the signals that are handled elsewhere.

use socket2::SockRef;
use std::io;
use windows_sys::Win32::Networking::WinSock::gethostname;

/// FormatMessage of an error code.
pub fn error_text(code: i32) -> String {
    io::Error::from_raw_os_error(code).to_string()
}

/// gethostname of WinSock, which any socket starts.
pub fn host_name() -> io::Result<String> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None)?;
    let _started = SockRef::from(&socket);
    let mut buffer = [0_u8; 257];
    // SAFETY: the buffer has the length that is passed.
    match unsafe { gethostname(buffer.as_mut_ptr(), buffer.len() as i32) } {
        0 => {
            let end = buffer.iter().position(|&b| b == 0).unwrap_or(buffer.len());
            Ok(String::from_utf8_lossy(&buffer[..end]).into_owned())
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// There is no SIGPIPE.
pub fn ignore_sigpipe() {}

/// Ctrl-C ends a Windows program by itself.
pub struct InterruptDefault;

impl InterruptDefault {
    pub fn new() -> Self {
        Self
    }
}
