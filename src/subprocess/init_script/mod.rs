//! `init.script`: a chunk that sets up the world of an actor's process, in a Lua state of its own whose memory is wiped.

mod arena;
mod constants;
mod functions;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd.rs")]
mod platform;

use crate::lua;
use crate::subprocess::{actor, close, message, report};
use arena::Arena;
pub use functions::OPERATIONS;
use mlua::ffi::{self, lua_State};
use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::RawFd;

/// A script, and the descriptor that is its `arg`.
pub struct Script<'a> {
    pub text: &'a [u8],
    pub argument: Option<RawFd>,
}

/// Runs a script; says whether it succeeded. A failure has been reported on the error stream.
pub fn run(script: &Script) -> bool {
    match try_run(script) {
        Ok(succeeded) => succeeded,
        Err(error) => {
            report(&format!("<3>ipc_actor/init/script: {error}\n"));
            false
        }
    }
}

fn try_run(script: &Script) -> io::Result<bool> {
    let mut arena = Arena::new()?;
    if script.text.is_empty() || !arena.reserve(script.text.len()) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    // SAFETY: the state is closed before the arena is dropped; the script outlives the protected call.
    unsafe {
        let l = ffi::lua_newstate(arena::allocate, (&raw mut arena).cast());
        if l.is_null() {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let status = lua_cpcall(l, main, (&raw const *script).cast_mut().cast());
        if status != 0 {
            actor::report_error(l);
        }
        ffi::lua_close(l);
        Ok(status == 0)
    }
}

unsafe extern "C-unwind" {
    fn lua_cpcall(
        l: *mut lua_State,
        function: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int,
        argument: *mut c_void,
    ) -> c_int;
}

/// Body of the protected call: opens the libraries, makes the script's world and runs it.
unsafe extern "C-unwind" fn main(l: *mut lua_State) -> c_int {
    // SAFETY: called by `lua_cpcall` with a script; nothing here needs dropping when Lua raises.
    unsafe {
        let script = &*ffi::lua_touserdata(l, 1).cast::<Script>();
        ffi::lua_gc(l, ffi::LUA_GCSTOP, 0);
        ffi::luaL_openlibs(l);
        lua::push(l, c"subprocess.init_script.main");
        crate::push_function(l, lua::source);
        lua::push_operations(l);
        match script.argument {
            Some(fd) => ffi::lua_pushinteger(l, fd as ffi::lua_Integer),
            None => ffi::lua_pushnil(l),
        }
        ffi::lua_call(l, 3, 0);

        ffi::lua_getglobal(l, c"debug".as_ptr());
        ffi::lua_getfield(l, -1, c"traceback".as_ptr());
        let text = script.text.as_ptr().cast();
        if ffi::luaL_loadbuffer(l, text, script.text.len(), c"=init.script".as_ptr()) != 0 {
            ffi::lua_error(l);
        }
        if ffi::lua_pcall(l, 0, 0, -2) != 0 {
            ffi::lua_pushliteral(l, c"<3>ipc_actor/init/script: ");
            ffi::lua_insert(l, -2);
            ffi::lua_concat(l, 2);
            ffi::lua_error(l);
        }
    }
    0
}
