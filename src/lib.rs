//! What the interpreter sees: `luaopen_*`, nothing else.
use mlua::ffi;
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn luaopen_emilua(l: *mut ffi::lua_State) -> i32 {
    unsafe { ffi::lua_pushinteger(l, 42) };
    1
}
