//! Size and mode of terminals. A mode that was changed comes back when the process ends.

use super::exit;
use crate::bridge::{guard, operations, status};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use nix::sys::stat::fstat;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use std::ffi::c_int;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

operations! {
    size: fn(i32, *mut libc::winsize) -> i32;
    set_size: fn(i32, *const libc::winsize) -> i32;
    raw: fn(i32) -> i32;
    restore: fn(i32) -> i32;
}

nix::ioctl_read_bad!(get_window_size, libc::TIOCGWINSZ, libc::winsize);
nix::ioctl_write_ptr_bad!(set_window_size, libc::TIOCSWINSZ, libc::winsize);

/// A terminal in raw mode.
struct Raw {
    /// Which one it is, whatever descriptor leads to it.
    device: libc::dev_t,
    /// A descriptor that nobody closes.
    terminal: OwnedFd,
    before: Termios,
}

static RAW: Mutex<Vec<Raw>> = Mutex::new(Vec::new());

fn raw_terminals() -> MutexGuard<'static, Vec<Raw>> {
    RAW.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A descriptor that the Lua half knows to be open.
fn borrow<'a>(number: c_int) -> BorrowedFd<'a> {
    // SAFETY: it is used for one call, which fails if it is closed.
    unsafe { BorrowedFd::borrow_raw(number) }
}

extern "C" fn size(number: i32, size: *mut libc::winsize) -> i32 {
    // SAFETY: the Lua half passes a struct to fill.
    let result = unsafe { get_window_size(number, size) };
    status(result.map(|_| ()).map_err(io::Error::from))
}

extern "C" fn set_size(number: i32, size: *const libc::winsize) -> i32 {
    // SAFETY: the Lua half passes a struct to read.
    let result = unsafe { set_window_size(number, size) };
    status(result.map(|_| ()).map_err(io::Error::from))
}

/// Sets attributes although the process may be in the background.
fn set(terminal: BorrowedFd<'_>, attributes: &Termios) -> io::Result<()> {
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGTTOU);
    let mut before = SigSet::empty();
    pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&mask), Some(&mut before))?;
    let result = tcsetattr(terminal, SetArg::TCSANOW, attributes);
    pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
    Ok(result?)
}

/// Hands every byte through as it is typed, unchanged and not shown.
extern "C" fn raw(number: i32) -> i32 {
    guard(|| {
        status((|| {
            let terminal = borrow(number);
            let before = tcgetattr(terminal)?;
            let device = fstat(terminal)?.st_rdev;
            let mut attributes = before.clone();
            cfmakeraw(&mut attributes);
            let mut list = raw_terminals();
            if !list.iter().any(|raw| raw.device == device) {
                static ONCE: Once = Once::new();
                ONCE.call_once(|| exit::at_exit(restore_all));
                let terminal = terminal.try_clone_to_owned()?;
                list.push(Raw {
                    device,
                    terminal,
                    before,
                });
            }
            set(terminal, &attributes)
        })())
    })
}

/// Brings the mode back that a terminal had before [`raw`]; nothing if it was not called.
extern "C" fn restore(number: i32) -> i32 {
    guard(|| {
        status((|| {
            let device = fstat(borrow(number))?.st_rdev;
            let mut list = raw_terminals();
            match list.iter().position(|raw| raw.device == device) {
                Some(i) => set(borrow(number), &list.swap_remove(i).before),
                None => Ok(()),
            }
        })())
    })
}

fn restore_all() {
    for raw in raw_terminals().drain(..) {
        // The terminal may be gone.
        let _ = set(
            borrow(std::os::fd::AsRawFd::as_raw_fd(&raw.terminal)),
            &raw.before,
        );
    }
}
