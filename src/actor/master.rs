//! The master VM of the process, which alone may change its state.

use crate::vm::Vm;
use mlua::ffi::{self, lua_State};
use std::ffi::c_int;
use std::sync::atomic::{AtomicU64, Ordering};

/// The master's id; 0 while there has been none.
static MASTER: AtomicU64 = AtomicU64::new(0);

/// Makes a main VM master if there is none.
pub fn claim_master(id: u64) {
    let _ = MASTER.compare_exchange(0, id, Ordering::AcqRel, Ordering::Relaxed);
}

/// A main VM's state is closed: if it is still master, the next that runs may be.
pub fn resign_master(id: u64) {
    let _ = MASTER.compare_exchange(id, 0, Ordering::AcqRel, Ordering::Relaxed);
}

/// Whether that VM is master.
pub fn is_master_id(id: u64) -> bool {
    MASTER.load(Ordering::Acquire) == id
}

/// Hands the role over, for good.
pub fn hand_over(from: u64, to: u64) {
    let _ = MASTER.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
}

/// `is_master(vm) -> boolean`. A host's state may be before its first run.
pub unsafe extern "C-unwind" fn is_master(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with its VM, which lives as long as its state.
    unsafe {
        let vm = &*ffi::lua_touserdata(l, 1).cast::<Vm>();
        let master = MASTER.load(Ordering::Acquire);
        let may_be = master == 0 && !vm.is_actor();
        ffi::lua_pushboolean(l, c_int::from(master == vm.id() || may_be));
    }
    1
}

/// `note_exit(vm, status)`: the master has called exit.
pub unsafe extern "C-unwind" fn note_exit(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with its VM and a number.
    unsafe {
        let vm = &*ffi::lua_touserdata(l, 1).cast::<Vm>();
        vm.family().note_exit(ffi::lua_tonumber(l, 2));
    }
    0
}

/// `take_exit(vm) -> status | nil`: what was noted in this run, which has ended.
pub unsafe extern "C-unwind" fn take_exit(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with its VM.
    unsafe {
        let vm = &*ffi::lua_touserdata(l, 1).cast::<Vm>();
        match vm.family().take_exit() {
            Some(status) => ffi::lua_pushnumber(l, status),
            None => ffi::lua_pushnil(l),
        }
    }
    1
}
