//! What only the launcher asks: how a program starts, and where its files are.

use super::platform;
use crate::bridge::guard;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};
use std::path::{Path, PathBuf};

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[
    (c"reset_signals", reset_signals),
    (c"native_locale", native_locale),
    (c"message_locale", message_locale),
    (c"absolute_path", absolute_path),
    (c"is_directory", is_directory),
    (c"engine", engine),
];

/// Runs `body`, which gives a text, and pushes that; nil when there is none.
///
/// # Safety
/// `l` is a valid state with a free slot.
unsafe fn push_text(l: *mut lua_State, body: impl FnOnce() -> Option<Vec<u8>>) -> c_int {
    let mut text = None;
    guard(|| {
        text = body();
        0
    });
    // SAFETY: as the caller promises; Lua raises for want of memory only, and the process ends then.
    unsafe {
        match text {
            Some(text) => {
                ffi::lua_pushlstring(l, text.as_ptr().cast(), text.len());
            }
            None => ffi::lua_pushnil(l),
        }
    }
    1
}

/// The path that is argument 1.
///
/// # Safety
/// `l` is a valid state in a call with a string.
unsafe fn path<'a>(l: *mut lua_State) -> std::borrow::Cow<'a, Path> {
    // SAFETY: the string is on the stack while the function runs.
    let bytes = unsafe {
        let mut length = 0;
        let text = ffi::luaL_checklstring(l, 1, &mut length);
        std::slice::from_raw_parts(text.cast::<u8>(), length)
    };
    platform::path(bytes)
}

/// Empties the signal mask and sets every signal to its default.
unsafe extern "C-unwind" fn reset_signals(_: *mut lua_State) -> c_int {
    super::signal::reset_signals();
    0
}

/// `native_locale() -> boolean`: takes the locale from the environment.
unsafe extern "C-unwind" fn native_locale(l: *mut lua_State) -> c_int {
    // SAFETY: called by the launcher before any other thread exists.
    unsafe {
        let name = libc::setlocale(libc::LC_ALL, c"".as_ptr());
        ffi::lua_pushboolean(l, c_int::from(!name.is_null()));
    }
    1
}

/// `message_locale() -> string`: the name of the locale of messages.
unsafe extern "C-unwind" fn message_locale(l: *mut lua_State) -> c_int {
    // SAFETY: a null pointer only asks; the text is copied at once.
    unsafe {
        let name = libc::setlocale(platform::LC_MESSAGES, std::ptr::null());
        let name = if name.is_null() { c"C".as_ptr() } else { name };
        ffi::lua_pushstring(l, name);
    }
    1
}

/// `absolute_path(path) -> string | nil`: without `.` and double slashes, links are kept.
unsafe extern "C-unwind" fn absolute_path(l: *mut lua_State) -> c_int {
    // SAFETY: called by the launcher with a string.
    unsafe {
        let path = path(l);
        push_text(l, || {
            let path = std::path::absolute(path).ok()?;
            // A slash at the end is kept by `absolute`, not by the components.
            Some(platform::bytes(path.components().collect::<PathBuf>()))
        })
    }
}

/// `is_directory(path) -> boolean`.
unsafe extern "C-unwind" fn is_directory(l: *mut lua_State) -> c_int {
    // SAFETY: called by the launcher with a string.
    unsafe {
        let found = path(l).is_dir();
        ffi::lua_pushboolean(l, c_int::from(found));
    }
    1
}

/// `engine() -> string`: name and version of the event loop.
unsafe extern "C-unwind" fn engine(l: *mut lua_State) -> c_int {
    const ENGINE: &str = concat!("Tokio ", env!("EMILUA_TOKIO_VERSION"));
    // SAFETY: a C function called by Lua has free slots.
    unsafe { ffi::lua_pushlstring(l, ENGINE.as_ptr().cast(), ENGINE.len()) };
    1
}
