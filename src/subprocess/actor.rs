//! The Lua VM of an actor's process.

use super::barrier::Barrier;
use super::child::{self, Start};
use crate::lua;
use crate::push_function;
use mlua::ffi::{self, lua_State};
use std::ffi::c_int;
use std::io;
use std::os::fd::{IntoRawFd, OwnedFd};

/// Runs the actor and ends the process with its status.
pub fn main(start: Start) -> ! {
    let Start {
        inbox,
        mut configuration,
        service,
        barriers,
    } = start;
    // SAFETY: a state of its own, which only this thread uses.
    let status = unsafe {
        let l = ffi::luaL_newstate();
        if l.is_null() {
            1
        } else {
            ffi::luaL_openlibs(l);
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
            if let Some(service) = service
                && let Err(error) = attach(service)
            {
                super::report(&format!("libc_service: {error}\n"));
                child::exit(1);
            }
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

/// Has calls of libc served by the library that the first zygote was started with.
fn attach(service: OwnedFd) -> io::Result<()> {
    // The actor's low descriptors are those that it was started with.
    let service = child::out_of_the_way(service)?;
    // SAFETY: a name that lives for ever.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"emilua_libc_service_attach".as_ptr()) };
    if symbol.is_null() {
        return Err(io::ErrorKind::NotFound.into());
    }
    // SAFETY: the function of that name has this type.
    let attach: extern "C" fn(c_int) = unsafe { std::mem::transmute(symbol) };
    attach(service.into_raw_fd());
    Ok(())
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
