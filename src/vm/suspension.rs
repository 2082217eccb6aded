//! Whether the running Lua thread may be suspended, in one call: asked before every suspension, or with it.

use crate::system;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int, c_void};
use std::sync::OnceLock;

type CFunction = unsafe extern "C-unwind" fn(*mut lua_State) -> c_int;

type IsYieldable = unsafe extern "C-unwind" fn(*mut lua_State) -> c_int;

/// `lua_isyieldable`, which only LuaJIT has among the 5.1 family: as a plain reference it would
/// keep PUC Lua from loading this module, and so from saying what is wrong.
fn is_yieldable() -> Option<IsYieldable> {
    static FOUND: OnceLock<Option<IsYieldable>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let address = system::symbol(c"lua_isyieldable");
        // SAFETY: null, or a function of the interpreter, which has one of that name and type.
        unsafe { std::mem::transmute::<*mut c_void, Option<IsYieldable>>(address) }
    })
}

/// C functions of this module, as [`crate::lua`] registers them. None where the symbol lacks: the Lua half then asks
/// `coroutine.running` and `coroutine.isyieldable`.
pub fn functions() -> &'static [(&'static CStr, CFunction)] {
    match is_yieldable() {
        Some(_) => &[(c"can_yield", can_yield), (c"suspend", suspend)],
        None => &[],
    }
}

/// Whether the thread at index 1 is the running one, and no C function on its stack bars the way to its resumer.
///
/// # Safety
/// Called from a function of the Lua half.
unsafe fn may_yield(l: *mut lua_State) -> bool {
    // SAFETY: `l` runs.
    unsafe { ffi::lua_tothread(l, 1) == l && is_yieldable().is_some_and(|f| f(l) != 0) }
}

/// `can_yield(thread)`: whether `thread` is the running one and may be suspended.
unsafe extern "C-unwind" fn can_yield(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half; the symbol was found, else this is not registered.
    unsafe { ffi::lua_pushboolean(l, c_int::from(may_yield(l))) };
    1
}

/// `suspend(thread, value)`: yields `value` to the resumer of `thread`, and returns nothing when it is resumed. Returns
/// false at once where [`can_yield`] would.
unsafe extern "C-unwind" fn suspend(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with two values, of which the last is yielded; nothing to drop.
    unsafe {
        if may_yield(l) {
            return ffi::lua_yield(l, 1);
        }
        ffi::lua_pushboolean(l, 0);
    }
    1
}
