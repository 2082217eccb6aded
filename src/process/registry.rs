//! The children that have not been reaped: those that were not detached are killed when the process ends.

use super::child;
use crate::system::exit;
use std::collections::BTreeSet;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The process that started them, which is not the one that a fork has made since, and their ids.
static LIVE: Mutex<(u32, BTreeSet<i32>)> = Mutex::new((0, BTreeSet::new()));

fn live() -> MutexGuard<'static, (u32, BTreeSet<i32>)> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes a child. One whose last signal is 0 is detached.
pub fn add(pid: i32, last_signal: i32) {
    if last_signal == 0 {
        return;
    }
    let mut live = live();
    if live.0 != process::id() {
        if live.0 == 0 {
            exit::at_exit(kill_all);
        }
        *live = (process::id(), BTreeSet::new());
    }
    live.1.insert(pid);
}

/// Forgets a child that has been reaped.
pub fn remove(pid: i32) {
    live().1.remove(&pid);
}

fn kill_all() {
    let live = live();
    if live.0 == process::id() {
        live.1.iter().for_each(|&pid| child::kill_at_exit(pid));
    }
}
