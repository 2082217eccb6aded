//! Ending the process, and what has to be done before.

use crate::bridge::operations;
use std::sync::{Mutex, PoisonError};

operations! {
    at_once: fn(i32) -> i32;
    abort: fn() -> i32;
}

/// What is called when the process ends in order.
static DUTIES: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Has `duty` called when the process ends by exit(3).
#[cfg(unix)]
pub fn at_exit(duty: fn()) {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: `fulfil` lets no panic out; for want of memory it is not called.
        unsafe { libc::atexit(fulfil) };
    });
    DUTIES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(duty);
}

extern "C" fn fulfil() {
    crate::bridge::guard(|| {
        let duties = std::mem::take(&mut *DUTIES.lock().unwrap_or_else(PoisonError::into_inner));
        duties.into_iter().for_each(|duty| duty());
        0
    });
}

/// Ends the process without the handlers of others.
extern "C" fn at_once(code: i32) -> i32 {
    fulfil();
    // SAFETY: it does not return.
    unsafe { libc::_exit(code) }
}

/// abort(3).
extern "C" fn abort() -> i32 {
    std::process::abort()
}
