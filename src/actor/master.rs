//! The master VM of the process, which alone may change its state.

use super::class::Class;
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

/// `is_master() -> boolean`.
pub unsafe extern "C-unwind" fn is_master(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half.
    unsafe {
        let master = is_master_id(Class::new(l).vm().id());
        ffi::lua_pushboolean(l, c_int::from(master));
    }
    1
}
