//! Handlers of sigaction(2) that write to one eventfd of the process.

use super::{count, held};
use crate::bridge::failure;
use crate::io::{Direction, Io, code};
use crate::vm::Vm;
use nix::errno::Errno;
use std::ffi::c_int;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, Once, PoisonError};

/// A disposition of a signal.
pub type Action = libc::sigaction;

/// The eventfd that the handler writes to. It is never closed, because a handler may be about to write, and
/// never read: each write is an edge for every epoll instance that watches a duplicate of it.
static RUNG: AtomicI32 = AtomicI32::new(-1);

extern "C" fn handler(signal: c_int) {
    let errno = Errno::last_raw();
    count(signal);
    let one = 1_u64;
    // SAFETY: write(2) is safe in a signal handler; RUNG is open before any handler is installed.
    unsafe { libc::write(RUNG.load(Ordering::Relaxed), (&raw const one).cast(), 8) };
    Errno::set_raw(errno);
}

/// Opens the eventfd of the process.
fn rung() -> io::Result<BorrowedFd<'static>> {
    static OPENING: Mutex<()> = Mutex::new(());
    let _opening = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut fd = RUNG.load(Ordering::Relaxed);
    if fd < 0 {
        // SAFETY: no memory is passed.
        fd = Errno::result(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        RUNG.store(fd, Ordering::Relaxed);
    }
    // SAFETY: it stays open as long as the process lives.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// A duplicate of the eventfd, known to the reactor of a set's VM once a fiber has to wait.
pub struct Bell(Io);

impl Bell {
    pub fn new(vm: &Vm, tokens: [u32; 2]) -> Self {
        Self(Io::internal(vm, tokens))
    }

    pub fn open(&mut self) -> io::Result<()> {
        if !self.0.is_open() {
            self.0.set(rung()?.try_clone_to_owned()?);
        }
        Ok(())
    }

    /// What `next` gives as soon as that is something; PENDING before.
    pub fn hear(&mut self, mut next: impl FnMut() -> Option<c_int>) -> i32 {
        if let Err(error) = self.open() {
            return failure(&error);
        }
        let heard = self.0.attempt(
            Direction::Read,
            |_| next().ok_or(io::ErrorKind::WouldBlock.into()),
            |_| false,
        );
        code(heard, |signal| signal)
    }
}

/// The disposition of a signal.
fn disposition(signal: c_int) -> io::Result<Action> {
    let mut current = MaybeUninit::uninit();
    // SAFETY: a null action only asks; the result is written when it succeeds.
    unsafe {
        Errno::result(libc::sigaction(
            signal,
            std::ptr::null(),
            current.as_mut_ptr(),
        ))?;
        Ok(current.assume_init())
    }
}

fn set(signal: c_int, action: &Action) -> io::Result<()> {
    // SAFETY: the action is a default, ignore, our handler, or the one that was there before.
    Errno::result(unsafe { libc::sigaction(signal, action, std::ptr::null_mut()) })?;
    Ok(())
}

/// An action without flags and mask.
fn action(handler: libc::sighandler_t) -> Action {
    // SAFETY: all fields are integers and sets of bits, for which zero is valid.
    let mut action: Action = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler;
    action
}

fn ours() -> Action {
    let handler: extern "C" fn(c_int) = handler;
    let mut action = action(handler as libc::sighandler_t);
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    action
}

/// Installs the handler that counts; what was there before.
pub fn install(signal: c_int) -> io::Result<Action> {
    let before = disposition(signal)?;
    set(signal, &ours())?;
    Ok(before)
}

/// Brings a disposition back that [`install`] has returned.
pub fn restore(signal: c_int, before: &Action) {
    // It was accepted before.
    let _ = set(signal, before);
}

pub fn set_plain(signal: c_int, ignore: bool) -> io::Result<()> {
    set(
        signal,
        &action(if ignore { libc::SIG_IGN } else { libc::SIG_DFL }),
    )
}

pub fn is_default(signal: c_int) -> io::Result<bool> {
    Ok(disposition(signal)?.sa_sigaction == libc::SIG_DFL)
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
    for signal in 1..super::END as c_int {
        let _ = set_plain(signal, false);
    }
}

/// Ignores SIGPIPE, once, unless the program has set it: writing to a closed peer is EPIPE.
pub fn ignore_sigpipe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if is_default(libc::SIGPIPE).unwrap_or(false) {
            let _ = set_plain(libc::SIGPIPE, true);
        }
    });
}

/// Runs that want SIGINT at its default, and the handler to bring back after the last.
static INTERRUPT: Mutex<(u32, Option<Action>)> = Mutex::new((0, None));

/// While one is alive in a `luajit` command, SIGINT ends the process or goes to the sets that hold it. That
/// command's own handler sets a hook, which an idle server would not notice and the scheduler would run into.
pub struct InterruptDefault(bool);

impl InterruptDefault {
    pub fn new() -> Self {
        if !host_is_luajit() {
            return Self(false);
        }
        let mut state = INTERRUPT.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 += 1;
        if state.0 == 1 {
            let mut held = held();
            let entry = held.get_mut(&libc::SIGINT);
            let base = match &entry {
                Some(entry) => Some(entry.before),
                None => disposition(libc::SIGINT).ok(),
            };
            state.1 =
                base.filter(|old| ![libc::SIG_DFL, libc::SIG_IGN].contains(&old.sa_sigaction));
            if state.1.is_some() {
                let plain = action(libc::SIG_DFL);
                restore(libc::SIGINT, &if entry.is_some() { ours() } else { plain });
                if let Some(entry) = entry {
                    entry.before = plain;
                }
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
            restore(libc::SIGINT, &old);
            if let Some(entry) = held().get_mut(&libc::SIGINT) {
                entry.before = old;
            }
        }
    }
}

fn host_is_luajit() -> bool {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().starts_with("luajit")))
        .unwrap_or(false)
}
