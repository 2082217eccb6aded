//! Tables that describe the process: its arguments, its environment, the numbers of its signals.

use super::platform;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[
    (c"arguments", arguments),
    (c"environment", environment),
    (c"signal_numbers", signal_numbers),
];

/// Pushes bytes as a string.
///
/// # Safety
/// `l` is a valid state with a free slot.
unsafe fn push(l: *mut lua_State, bytes: &[u8]) {
    // SAFETY: as the caller promises.
    unsafe { ffi::lua_pushlstring(l, bytes.as_ptr().cast(), bytes.len()) };
}

/// `arguments() -> table`: the words that the process was started with.
unsafe extern "C-unwind" fn arguments(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua has free slots; Lua raises for want of memory only.
    unsafe {
        ffi::lua_createtable(l, 0, 0);
        for (i, word) in std::env::args_os().enumerate() {
            push(l, word.as_encoded_bytes());
            ffi::lua_rawseti(l, -2, i as ffi::lua_Integer + 1);
        }
    }
    1
}

/// `environment() -> table`: name to value.
unsafe extern "C-unwind" fn environment(l: *mut lua_State) -> c_int {
    // SAFETY: as above.
    unsafe {
        ffi::lua_createtable(l, 0, 0);
        for (name, value) in std::env::vars_os() {
            push(l, name.as_encoded_bytes());
            push(l, value.as_encoded_bytes());
            ffi::lua_rawset(l, -3);
        }
    }
    1
}

/// `signal_numbers() -> table`: name to number.
unsafe extern "C-unwind" fn signal_numbers(l: *mut lua_State) -> c_int {
    // SAFETY: as above.
    unsafe {
        ffi::lua_createtable(l, 0, platform::SIGNALS.len() as c_int);
        for (name, number) in platform::SIGNALS {
            push(l, name.as_bytes());
            ffi::lua_pushinteger(l, *number as ffi::lua_Integer);
            ffi::lua_rawset(l, -3);
        }
    }
    1
}
