//! Signals and texts of POSIX systems.

use std::borrow::Cow;
use std::ffi::{CStr, OsStr, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, Once, PoisonError};

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

/// Empties the signal mask of this thread and sets every signal to its default. Those that have no
/// other disposition, or belong to the C library, refuse.
pub fn reset_signals() {
    // SAFETY: a set of signals is integers, for which zero is valid; sigemptyset fills it.
    unsafe {
        let mut none: libc::sigset_t = MaybeUninit::zeroed().assume_init();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
    // The greatest of any system, FreeBSD's SIGRTMAX; others refuse what they have not.
    for signal in 1..=126 {
        set(signal, &plain(libc::SIG_DFL));
    }
}

/// Blocks every signal in this thread: the handlers of the host, and of the interpreter, are for the threads of the
/// program.
pub fn block_signals() {
    // SAFETY: a set of signals is integers, for which zero is valid; sigfillset fills it.
    unsafe {
        let mut all: libc::sigset_t = MaybeUninit::zeroed().assume_init();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
    }
}

/// The disposition of a signal.
fn disposition(signal: c_int) -> Option<libc::sigaction> {
    let mut current = MaybeUninit::uninit();
    // SAFETY: a null action only asks; the result is written when it succeeds.
    unsafe {
        match libc::sigaction(signal, std::ptr::null(), current.as_mut_ptr()) {
            0 => Some(current.assume_init()),
            _ => None,
        }
    }
}

/// Sets the disposition of a signal; it fails for no signal used here.
fn set(signal: c_int, action: &libc::sigaction) {
    // SAFETY: the action is a default, ignore, or the one that was there before.
    unsafe { libc::sigaction(signal, action, std::ptr::null_mut()) };
}

/// An action without a handler of its own: SIG_DFL or SIG_IGN.
fn plain(handler: libc::sighandler_t) -> libc::sigaction {
    // SAFETY: all fields are integers and sets of bits, for which zero is valid.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler;
    action
}

/// Ignores SIGPIPE, once, unless the program has set it: writing to a closed peer is EPIPE.
pub fn ignore_sigpipe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if disposition(libc::SIGPIPE).is_some_and(|old| old.sa_sigaction == libc::SIG_DFL) {
            set(libc::SIGPIPE, &plain(libc::SIG_IGN));
        }
    });
}

/// Runs that want SIGINT at its default, and the handler to bring back after the last.
static INTERRUPT: Mutex<(u32, Option<libc::sigaction>)> = Mutex::new((0, None));

/// While one is alive in a `luajit` command, SIGINT ends the process. That command's own handler
/// sets a hook, which an idle server would not notice and the scheduler would run into.
pub struct InterruptDefault(bool);

impl InterruptDefault {
    pub fn new() -> Self {
        if !host_is_luajit() {
            return Self(false);
        }
        let mut state = INTERRUPT.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        if state.0 == 1 {
            state.1 = disposition(libc::SIGINT)
                .filter(|old| ![libc::SIG_DFL, libc::SIG_IGN].contains(&old.sa_sigaction));
            if state.1.is_some() {
                set(libc::SIGINT, &plain(libc::SIG_DFL));
            }
        }
        Self(true)
    }
}

impl Drop for InterruptDefault {
    fn drop(&mut self) {
        if !self.0 {
            return;
        }
        let mut state = INTERRUPT.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 -= 1;
        if state.0 == 0
            && let Some(old) = state.1.take()
        {
            set(libc::SIGINT, &old);
        }
    }
}

fn host_is_luajit() -> bool {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().starts_with("luajit")))
        .unwrap_or(false)
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
