//! Whether the running Lua thread may be suspended, in one call: asked before every suspension.

use crate::system;
use mlua::ffi::{self, lua_State};
use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

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

/// [`can_yield`], or nothing where the symbol lacks: the Lua half then asks `coroutine.running`
/// and `coroutine.isyieldable`.
pub fn function() -> Option<unsafe extern "C-unwind" fn(*mut lua_State) -> c_int> {
    is_yieldable().map(|_| can_yield as _)
}

/// `can_yield(thread)`: whether `thread` is the running one, and no C function on its stack bars
/// the way to its resumer.
unsafe extern "C-unwind" fn can_yield(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half; the symbol was found, else this is not registered.
    unsafe {
        let same = ffi::lua_tothread(l, 1) == l;
        let yieldable = same && is_yieldable().is_some_and(|f| f(l) != 0);
        ffi::lua_pushboolean(l, c_int::from(yieldable));
    }
    1
}
