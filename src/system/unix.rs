//! Texts and names of POSIX systems.

use std::borrow::Cow;
use std::ffi::{CStr, OsStr, c_int, c_void};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// strerror_r(3).
pub fn error_text(code: i32) -> String {
    let mut buffer = [0_u8; 256];
    // SAFETY: the buffer has the length that is passed.
    unsafe { libc::strerror_r(code, buffer.as_mut_ptr().cast(), buffer.len()) };
    CStr::from_bytes_until_nul(&buffer)
        .map(|text| text.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// gethostname(2).
pub fn host_name() -> io::Result<String> {
    let name = nix::unistd::gethostname()?;
    Ok(name.to_string_lossy().into_owned())
}

/// The category of setlocale(3) that messages belong to.
pub use libc::LC_MESSAGES;

/// The path that a Lua string names.
pub fn path(bytes: &[u8]) -> Cow<'_, Path> {
    Cow::Borrowed(Path::new(OsStr::from_bytes(bytes)))
}

/// The Lua string that names a path.
pub fn bytes(path: PathBuf) -> Vec<u8> {
    path.into_os_string().into_vec()
}

/// Numbers of category "system" that the generic ones lack.
pub const SYSTEM_NUMBERS: &[(&str, c_int)] = &[("ESHUTDOWN", libc::ESHUTDOWN)];

/// Numbers of getaddrinfo(3).
pub const RESOLVER_NUMBERS: &[(&str, c_int)] = &[
    ("EAI_SERVICE", libc::EAI_SERVICE),
    ("EAI_SOCKTYPE", libc::EAI_SOCKTYPE),
];

/// The address of a function of the interpreter, which need not have it: dlsym(3).
pub fn symbol(name: &CStr) -> *mut c_void {
    // SAFETY: a terminated name.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// `(name, number)` of each listed signal.
macro_rules! signals {
    ($($name:ident)*) => { &[$((stringify!($name), libc::$name)),*] };
}

/// The signals by name.
#[rustfmt::skip]
pub const SIGNALS: &[(&str, c_int)] = signals![
    SIGABRT SIGALRM SIGBUS SIGCHLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGKILL SIGPIPE SIGPROF SIGQUIT
    SIGSEGV SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH
    SIGXCPU SIGXFSZ
];
