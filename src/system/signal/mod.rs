//! Signals that fibers wait for. A handler counts each delivery and rings a bell that every waiting set
//! hears; a set remembers the counts up to which it has taken, so nothing is queued and nothing is lost.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use platform::{InterruptDefault, ignore_sigpipe, reset_signals};

use crate::bridge::{guard, operations, status};
use crate::vm::Vm;
use platform::{Action, Bell};
use std::collections::BTreeMap;
use std::ffi::c_int;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

operations! {
    new: fn(*mut Vm, u32, u32) -> *mut Set;
    free: fn(*mut Set);
    add: fn(*mut Set, i32) -> i32;
    remove: fn(*mut Set, i32) -> i32;
    clear: fn(*mut Set) -> i32;
    take: fn(*mut Set) -> i32;
    ignore: fn(i32) -> i32;
    default: fn(i32) -> i32;
    is_default: fn(i32) -> i32;
    raise: fn(i32) -> i32;
}

/// One more than the greatest signal number of any platform, FreeBSD's SIGRTMAX.
const END: usize = 127;

/// How often each signal was delivered to our handler; it wraps around.
static COUNTS: [AtomicU32; END] = [const { AtomicU32::new(0) }; END];

/// A signal that some set holds.
struct Held {
    sets: u32,
    /// What was installed before, and comes back when the last set gives the signal up.
    before: Action,
}

static HELD: Mutex<BTreeMap<c_int, Held>> = Mutex::new(BTreeMap::new());

fn held() -> MutexGuard<'static, BTreeMap<c_int, Held>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Called by the handler.
fn count(signal: c_int) {
    if let Some(count) = usize::try_from(signal).ok().and_then(|i| COUNTS.get(i)) {
        count.fetch_add(1, Ordering::Release);
    }
}

/// How often `signal` was delivered.
fn counted(signal: c_int) -> u32 {
    usize::try_from(signal)
        .ok()
        .and_then(|i| COUNTS.get(i))
        .map_or(0, |count| count.load(Ordering::Acquire))
}

/// A set of signals. The Lua half owns it through a cdata with a finaliser.
pub struct Set {
    bell: Bell,
    /// The count of each member up to which its deliveries were taken.
    taken: BTreeMap<c_int, u32>,
}

impl Set {
    fn add(&mut self, signal: c_int) -> io::Result<()> {
        if self.taken.contains_key(&signal) {
            return Ok(());
        }
        self.bell.open()?;
        let taken = counted(signal);
        let mut held = held();
        match held.get_mut(&signal) {
            Some(entry) => entry.sets += 1,
            None => {
                let before = platform::install(signal)?;
                held.insert(signal, Held { sets: 1, before });
            }
        }
        self.taken.insert(signal, taken);
        Ok(())
    }

    fn remove(&mut self, signal: c_int) {
        if self.taken.remove(&signal).is_none() {
            return;
        }
        let mut held = held();
        if let Some(entry) = held.get_mut(&signal) {
            entry.sets -= 1;
            if entry.sets == 0
                && let Some(entry) = held.remove(&signal)
            {
                platform::restore(signal, &entry.before);
            }
        }
    }

    fn clear(&mut self) {
        while let Some((&signal, _)) = self.taken.first_key_value() {
            self.remove(signal);
        }
    }
}

/// The lowest signal that was delivered and not taken.
fn next(taken: &mut BTreeMap<c_int, u32>) -> Option<c_int> {
    for (&signal, taken) in taken {
        if counted(signal) != *taken {
            *taken = taken.wrapping_add(1);
            return Some(signal);
        }
    }
    None
}

impl Drop for Set {
    fn drop(&mut self) {
        self.clear();
    }
}

fn set<'a>(this: *mut Set) -> &'a mut Set {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    unsafe { &mut *this }
}

/// An empty set, whose waiting fibers are woken by the first token.
extern "C" fn new(vm: *mut Vm, token: u32, other: u32) -> *mut Set {
    Box::into_raw(Box::new(Set {
        // SAFETY: the Lua half passes its VM.
        bell: Bell::new(unsafe { &*vm }, [token, other]),
        taken: BTreeMap::new(),
    }))
}

/// Gives every signal of a set up and destroys it.
extern "C" fn free(this: *mut Set) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

extern "C" fn add(this: *mut Set, signal: i32) -> i32 {
    guard(|| status(set(this).add(signal)))
}

extern "C" fn remove(this: *mut Set, signal: i32) -> i32 {
    guard(|| {
        set(this).remove(signal);
        0
    })
}

extern "C" fn clear(this: *mut Set) -> i32 {
    guard(|| {
        set(this).clear();
        0
    })
}

/// The next signal of a set, or PENDING.
extern "C" fn take(this: *mut Set) -> i32 {
    guard(|| {
        let Set { bell, taken } = set(this);
        next(taken).unwrap_or_else(|| bell.hear(|| next(taken)))
    })
}

/// Sets a signal that no set holds to a disposition without a handler.
fn set_plain(signal: c_int, ignore: bool) -> i32 {
    if held().contains_key(&signal) {
        return -libc::EPERM;
    }
    status(platform::set_plain(signal, ignore))
}

/// Ignores a signal; EPERM while a set holds it.
extern "C" fn ignore(signal: i32) -> i32 {
    guard(|| set_plain(signal, true))
}

/// Sets a signal to its default; EPERM while a set holds it.
extern "C" fn default(signal: i32) -> i32 {
    guard(|| set_plain(signal, false))
}

/// 1 if a signal is at its default.
extern "C" fn is_default(signal: i32) -> i32 {
    guard(|| match platform::is_default(signal) {
        Ok(yes) => i32::from(yes),
        Err(error) => crate::bridge::failure(&error),
    })
}

/// What raise(3) returns.
extern "C" fn raise(signal: i32) -> i32 {
    // SAFETY: it only sends a signal to the calling thread.
    guard(|| unsafe { libc::raise(signal) })
}
