//! Texts of Windows; it has none of the signals that are handled elsewhere.

use socket2::SockRef;
use std::borrow::Cow;
use std::ffi::c_int;
use std::io;
use std::path::{Path, PathBuf};
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

/// Windows has no category of its own for messages.
pub const LC_MESSAGES: c_int = libc::LC_ALL;

/// The path that a Lua string names.
pub fn path(bytes: &[u8]) -> Cow<'_, Path> {
    Cow::Owned(PathBuf::from(String::from_utf8_lossy(bytes).into_owned()))
}

/// The Lua string that names a path.
pub fn bytes(path: PathBuf) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

/// There is no signal mask, and the few signals of the C library are at their defaults.
pub fn reset_signals() {}

/// There is no SIGPIPE.
pub fn ignore_sigpipe() {}

/// Ctrl-C ends a Windows program by itself.
pub struct InterruptDefault;

impl InterruptDefault {
    pub fn new() -> Self {
        Self
    }
}
