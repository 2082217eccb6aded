//! The Lua VM of an actor's process.

use super::barrier::Barrier;
use super::child::Start;
use crate::lua;
use crate::push_function;
use mlua::ffi::{self, lua_State};
use std::ffi::c_int;
use std::os::fd::IntoRawFd;

unsafe extern "C-unwind" {
    fn luaJIT_setmode(l: *mut lua_State, index: c_int, mode: c_int) -> c_int;
}

/// `LUAJIT_MODE_ENGINE` of luajit.h: the whole compiler, off.
const MODE_ENGINE: c_int = 0;

/// Runs the actor and ends the process with its status.
pub fn main(start: Start) -> ! {
    let Start {
        inbox,
        mut configuration,
        barriers,
    } = start;
    // SAFETY: a state of its own, which only this thread uses.
    let status = unsafe {
        let l = ffi::luaL_newstate();
        if l.is_null() {
            1
        } else {
            ffi::luaL_openlibs(l);
            if !configuration.orders.jit {
                // Before any code could be compiled: a filter may forbid the memory for it.
                luaJIT_setmode(l, 0, MODE_ENGINE);
            }
            push_function(l, run);
            ffi::lua_pushinteger(l, inbox.into_raw_fd() as ffi::lua_Integer);
            let bytes = configuration.bytes();
            ffi::lua_pushlstring(l, bytes.as_ptr().cast(), bytes.len());
            configuration.wipe();
            ffi::lua_createtable(l, 0, 0);
            for (i, path) in configuration.libraries().iter().enumerate() {
                ffi::lua_pushstring(l, path.as_ptr());
                ffi::lua_rawseti(l, -2, i as ffi::lua_Integer + 1);
            }
            barriers.into_iter().for_each(Barrier::wait);
            let failed = ffi::lua_pcall(l, 3, 1, 0) != 0;
            if failed {
                report_error(l);
            }
            let status = ffi::lua_tointeger(l, -1) as c_int;
            if failed { 1 } else { status }
        }
    };
    // SAFETY: ends the process; C's streams are flushed.
    unsafe { libc::exit(status) }
}

/// `run(inbox, configuration, libraries) -> status`: the Lua half's `subprocess.child`.
unsafe extern "C-unwind" fn run(l: *mut lua_State) -> c_int {
    // SAFETY: called by `main` with three arguments; nothing here needs dropping when Lua raises.
    unsafe {
        lua::open(l, c"emilua");
        ffi::lua_getfield(l, ffi::LUA_REGISTRYINDEX, c"emilua.import".as_ptr());
        ffi::lua_pushstring(l, c"subprocess.child".as_ptr());
        ffi::lua_call(l, 1, 1);
        ffi::lua_pushvalue(l, 1);
        ffi::lua_pushvalue(l, 2);
        ffi::lua_pushvalue(l, 3);
        ffi::lua_call(l, 3, 1);
    }
    1
}

/// Prints the message on the top of the stack.
///
/// # Safety
/// `l` is a valid state with a value on its top.
pub unsafe fn report_error(l: *mut lua_State) {
    let mut length = 0;
    // SAFETY: the message stays on the stack while it is read.
    let text = unsafe {
        let text = ffi::lua_tolstring(l, -1, &raw mut length);
        if text.is_null() {
            "(error object is not a string)".into()
        } else {
            String::from_utf8_lossy(std::slice::from_raw_parts(text.cast::<u8>(), length))
        }
    };
    super::report(&format!("{text}\n"));
}
