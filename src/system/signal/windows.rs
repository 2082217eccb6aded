//! Signals of the C library and events of the console, which Windows reports on a thread of its own.

use super::count;
use crate::bridge::PENDING;
use crate::vm::{Token, Vm};
use std::ffi::c_int;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// A handler as signal(3) takes and returns it.
pub type Action = libc::sighandler_t;

const SIG_DFL: Action = 0;
const SIG_IGN: Action = 1;
const SIG_ERR: Action = usize::MAX;

/// The wakers of the sets that wait; a set that has been woken is taken out.
static LISTENING: Mutex<Vec<Waker>> = Mutex::new(Vec::new());

fn listening() -> MutexGuard<'static, Vec<Waker>> {
    LISTENING.lock().unwrap_or_else(PoisonError::into_inner)
}

extern "C" fn handler(signal: c_int) {
    // The C library has put the default back.
    let handler: extern "C" fn(c_int) = handler;
    // SAFETY: the handler does nothing but count and wake.
    unsafe { libc::signal(signal, handler as Action) };
    count(signal);
    for waker in listening().drain(..) {
        waker.wake();
    }
}

/// What wakes a set's fiber.
pub struct Bell(Waker);

impl Bell {
    pub fn new(vm: &Vm, tokens: [u32; 2]) -> Self {
        Self(Token::waker(vm.shared(), tokens[0]))
    }

    pub fn open(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// What `next` gives as soon as that is something; PENDING before.
    pub fn hear(&mut self, mut next: impl FnMut() -> Option<c_int>) -> i32 {
        let mut listening = listening();
        if !listening.iter().any(|waker| waker.will_wake(&self.0)) {
            listening.push(self.0.clone());
        }
        next().unwrap_or(PENDING)
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        listening().retain(|waker| !waker.will_wake(&self.0));
    }
}

fn set(signal: c_int, action: Action) -> io::Result<Action> {
    // SAFETY: the action is a default, ignore, our handler, or the one that was there before.
    match unsafe { libc::signal(signal, action) } {
        SIG_ERR => Err(io::Error::from_raw_os_error(libc::EINVAL)),
        before => Ok(before),
    }
}

/// Installs the handler that counts; what was there before.
pub fn install(signal: c_int) -> io::Result<Action> {
    let handler: extern "C" fn(c_int) = handler;
    set(signal, handler as Action)
}

/// Brings a disposition back that [`install`] has returned.
pub fn restore(signal: c_int, before: &Action) {
    // It was accepted before.
    let _ = set(signal, *before);
}

pub fn set_plain(signal: c_int, ignore: bool) -> io::Result<()> {
    set(signal, if ignore { SIG_IGN } else { SIG_DFL }).map(|_| ())
}

pub fn is_default(signal: c_int) -> io::Result<bool> {
    let before = set(signal, SIG_DFL)?;
    restore(signal, &before);
    Ok(before == SIG_DFL)
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
