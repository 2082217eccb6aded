//! What the interpreter sees: `luaopen_*`, nothing else.

mod actor;
mod bridge;
mod context;
mod file;
mod fs;
#[cfg(windows)]
mod handle;
mod io;
mod json;
#[cfg(unix)]
mod libc_service;
mod lua;
mod memory;
mod number;
mod process;
mod rdf;
mod regex;
mod resolve;
#[cfg(any(target_os = "linux", target_os = "freebsd"))]
mod sandbox;
mod scanner;
mod span;
#[cfg_attr(windows, path = "subprocess/windows.rs")]
mod subprocess;
mod system;
mod tls;
mod vm;
mod work;

use mlua::ffi::{self, lua_State};
use std::ffi::c_int;

/// Declares `luaopen_NAME` for each name: `require "emilua.time"` finds its loader in
/// `emilua.so` also when `emilua` itself has not been required yet.
macro_rules! exports {
    ($($name:ident => $module:literal),* $(,)?) => {$(
        /// Entry point for `require`.
        ///
        /// # Safety
        /// Called by `require` with a valid state.
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name(l: *mut lua_State) -> c_int {
            // SAFETY: `require` passes a valid state.
            unsafe { lua::open(l, $module) }
        }
    )*};
}

include!(concat!(env!("OUT_DIR"), "/exports.rs"));

/// Entry point of the zygote's image: see `subprocess/host.rs`.
///
/// # Safety
/// Called once, with a valid state, by what the host runs.
#[cfg(unix)]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn luaopen_emilua_zygote(l: *mut lua_State) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { subprocess::open_zygote(l) }
}

/// `lua_pushcfunction` for functions of this crate.
///
/// # Safety
/// `l` has a free stack slot.
unsafe fn push_function(
    l: *mut lua_State,
    f: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int,
) {
    // SAFETY: as the caller promises.
    unsafe { ffi::lua_pushcclosure(l, f, 0) };
}
