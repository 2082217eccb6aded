//! The lock of the filters' Lua state. Who forks holds it, so that the state of the new process is whole.

use crate::call::is_inside;
use std::cell::UnsafeCell;

struct Mutex(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: a mutex is used by its own functions only.
unsafe impl Sync for Mutex {}

static MUTEX: Mutex = Mutex(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER));

pub fn acquire() {
    // SAFETY: a valid mutex, which this thread does not hold: a thread inside of a filter runs no other.
    unsafe { libc::pthread_mutex_lock(MUTEX.0.get()) };
}

pub fn release() {
    // SAFETY: a valid mutex, which this thread holds, or in a new process the thread that it is a copy of.
    unsafe { libc::pthread_mutex_unlock(MUTEX.0.get()) };
}

/// A filter that forks holds the lock already.
extern "C" fn before_fork() {
    if !is_inside() {
        acquire();
    }
}

extern "C" fn after_fork() {
    if !is_inside() {
        release();
    }
}

/// Makes forks take the lock.
pub fn guard_forks() {
    // SAFETY: functions that live as long as this library, which is never unloaded.
    unsafe { libc::pthread_atfork(Some(before_fork), Some(after_fork), Some(after_fork)) };
}
