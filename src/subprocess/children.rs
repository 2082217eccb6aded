//! The children of this process's VMs that were not detached: they end with the VM that spawned them.

use super::platform::{has_ended, signal};
use crate::bridge::{guard, status};
use crate::system::exit;
use crate::vm::Vm;
use nix::errno::Errno;
use std::collections::BTreeMap;
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A child: the VM that spawned it, and a descriptor that refers to it, so that its id may be another's by now.
struct Child {
    vm: u64,
    handle: OwnedFd,
}

#[derive(Default)]
struct Registry {
    live: BTreeMap<i32, Child>,
    last: i32,
}

static REGISTRY: Mutex<Option<Registry>> = Mutex::new(None);

fn lock() -> MutexGuard<'static, Option<Registry>> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes a child and returns its number here. Those that have ended meanwhile are forgotten.
pub extern "C" fn add(vm: *const Vm, handle: i32) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes its VM and a descriptor that it gives away.
        let (vm, handle) = unsafe { ((*vm).id(), OwnedFd::from_raw_fd(handle)) };
        let mut registry = lock();
        let registry = registry.get_or_insert_with(|| {
            exit::at_exit(kill_all);
            Registry::default()
        });
        registry.live.retain(|_, child| !has_ended(&child.handle));
        registry.last = registry.last.wrapping_add(1) & i32::MAX;
        registry.live.insert(registry.last, Child { vm, handle });
        registry.last
    })
}

/// Sends a signal to a child.
pub extern "C" fn kill(number: i32, signo: i32) -> i32 {
    guard(|| {
        let registry = lock();
        let child = registry
            .as_ref()
            .and_then(|registry| registry.live.get(&number));
        status(match child {
            Some(child) => signal(&child.handle, signo).map_err(Into::into),
            // It has ended, or else would be here.
            None => Err(Errno::ESRCH.into()),
        })
    })
}

/// The child does not end with its VM any more.
pub extern "C" fn forget(number: i32) -> i32 {
    guard(|| {
        if let Some(registry) = &mut *lock() {
            registry.live.remove(&number);
        }
        0
    })
}

/// A VM has ended.
pub fn kill_those_of(vm: u64) {
    if let Some(registry) = &mut *lock() {
        registry
            .live
            .retain(|_, child| child.vm != vm || !end(child));
    }
}

fn kill_all() {
    if let Some(registry) = &*lock() {
        registry.live.values().for_each(|child| {
            end(child);
        });
    }
}

/// Kills a child, which may be beyond that; always true.
fn end(child: &Child) -> bool {
    let _ = signal(&child.handle, libc::SIGKILL);
    true
}
