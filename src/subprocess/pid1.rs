//! The duties of PID 1 in a PID namespace: passing signals on, reaping, ending as the actor ends.
//!
//! The signals are blocked and waited for, not handled: one that comes before this process is ready stays pending, where
//! the kernel would drop it for want of a handler.

use super::barrier::Barrier;
use super::child::exit;
use super::close::close_from;
use super::platform::{first_realtime_signal, hide};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::unistd::{ForkResult, Pid, fork};

/// Signals that are passed on to the actor.
const FORWARDED: [Signal; 5] = [
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGHUP,
    Signal::SIGINT,
];

/// The real-time signal that is passed on too: what systemd sends a container to power it off.
fn power_off() -> libc::c_int {
    first_realtime_signal() + 4
}

/// Forks when this is PID 1. Returns in the actor only; the original process goes on as `init` when `wipe` has erased
/// what it knows of the actor, which waits for that at the barrier.
pub fn split(wipe: impl FnOnce()) -> nix::Result<Option<Barrier>> {
    if nix::unistd::getpid().as_raw() != 1 {
        return Ok(None);
    }
    let (barrier, held) = Barrier::new()?;
    let waited = waited_for();
    let mut before = SigSet::empty();
    sigprocmask(SigmaskHow::SIG_BLOCK, Some(&waited), Some(&mut before))?;
    // SAFETY: the process has one thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            sigprocmask(SigmaskHow::SIG_SETMASK, Some(&before), None)?;
            Ok(Some(barrier))
        }
        ForkResult::Parent { child } => {
            wipe();
            hide();
            held.leave();
            std::mem::forget(barrier);
            close_from(0);
            init(child, &waited)
        }
    }
}

fn waited_for() -> SigSet {
    let mut set: SigSet = FORWARDED.into_iter().chain([Signal::SIGCHLD]).collect();
    // SAFETY: the set is a valid one; nix knows no real-time signals.
    unsafe {
        let mut raw = *set.as_ref();
        libc::sigaddset(&raw mut raw, power_off());
        set = SigSet::from_sigset_t_unchecked(raw);
    }
    set
}

fn init(actor: Pid, signals: &SigSet) -> ! {
    loop {
        let mut signal = 0;
        // SAFETY: the set is valid, and the kernel writes the number.
        if unsafe { libc::sigwait(signals.as_ref(), &raw mut signal) } != 0 {
            continue;
        }
        if signal == libc::SIGCHLD {
            reap(actor);
        } else {
            // SAFETY: no memory is passed. The actor may have ended: its status is on the way then.
            unsafe { libc::kill(actor.as_raw(), signal) };
        }
    }
}

/// Reaps what has ended; ends this process like the actor when that is among it.
fn reap(actor: Pid) {
    loop {
        let mut status = 0;
        // SAFETY: the kernel writes the status. (To nix's `waitpid` a real-time signal that ended one is an error.)
        match unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) } {
            pid if pid == actor.as_raw() => exit(if libc::WIFSIGNALED(status) {
                128 + libc::WTERMSIG(status)
            } else {
                libc::WEXITSTATUS(status)
            }),
            // Others are only reaped.
            1.. => {}
            _ => return,
        }
    }
}
