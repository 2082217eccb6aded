//! Texts and names of Windows.

use socket2::SockRef;
use std::borrow::Cow;
use std::ffi::{CStr, c_int, c_void};
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

/// Numbers of category "system" that differ from the generic ones: those of WinSock.
#[rustfmt::skip]
pub const SYSTEM_NUMBERS: &[(&str, i32)] = &[
    ("EINTR", 10004), ("EBADF", 10009), ("EACCES", 10013), ("EFAULT", 10014), ("EINVAL", 10022),
    ("EMFILE", 10024), ("EWOULDBLOCK", 10035), ("EAGAIN", 10035), ("EINPROGRESS", 10036),
    ("EALREADY", 10037), ("ENOTSOCK", 10038), ("EDESTADDRREQ", 10039), ("EMSGSIZE", 10040),
    ("EPROTOTYPE", 10041), ("ENOPROTOOPT", 10042), ("EPROTONOSUPPORT", 10043),
    ("EOPNOTSUPP", 10045), ("EAFNOSUPPORT", 10047), ("EADDRINUSE", 10048),
    ("EADDRNOTAVAIL", 10049), ("ENETDOWN", 10050), ("ENETUNREACH", 10051), ("ENETRESET", 10052),
    ("ECONNABORTED", 10053), ("ECONNRESET", 10054), ("ENOBUFS", 10055), ("EISCONN", 10056),
    ("ENOTCONN", 10057), ("ESHUTDOWN", 10058), ("ETIMEDOUT", 10060), ("ECONNREFUSED", 10061),
    ("ELOOP", 10062), ("ENAMETOOLONG", 10063), ("EHOSTUNREACH", 10065), ("ECANCELED", 995),
];

/// Numbers of getaddrinfo.
pub const RESOLVER_NUMBERS: &[(&str, i32)] = &[("EAI_SERVICE", 10109), ("EAI_SOCKTYPE", 10044)];

/// The address of a function of the interpreter: not looked up here, the caller does without.
pub fn symbol(_name: &CStr) -> *mut c_void {
    std::ptr::null_mut()
}

/// The signals by name.
pub const SIGNALS: &[(&str, c_int)] = &[
    ("SIGABRT", libc::SIGABRT),
    ("SIGFPE", libc::SIGFPE),
    ("SIGILL", libc::SIGILL),
    ("SIGINT", libc::SIGINT),
    ("SIGSEGV", libc::SIGSEGV),
    ("SIGTERM", libc::SIGTERM),
    // Of MSVC's signal.h; libc does not name it.
    ("SIGBREAK", 21),
];
