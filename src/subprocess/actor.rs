//! The Lua VM of an actor's process.
//!
//! Its state is made ahead, by the zygote, and every actor begins with a copy of it: making it takes longer than the fork.

use super::barrier::Barrier;
use super::child::{self, Start};
use super::zygote;
use crate::libc_service::attach_function;
use crate::lua;
use crate::push_function;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};
use std::io;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// A state with the Lua half's `subprocess.child` on its stack, which no code of an actor has seen; null before it is made.
static READY: AtomicPtr<lua_State> = AtomicPtr::new(ptr::null_mut());

/// Makes the state of actors, unless it is there. What fails is reported.
pub fn prepare() -> *mut lua_State {
    let ready = READY.load(Ordering::Relaxed);
    if !ready.is_null() {
        return ready;
    }
    // SAFETY: a new state, which only this thread uses; what can raise is inside of the protected call.
    unsafe {
        let l = ffi::luaL_newstate();
        if l.is_null() {
            return l;
        }
        push_function(l, load);
        if ffi::lua_pcall(l, 0, 1, 0) != 0 {
            report_error(l);
            ffi::lua_close(l);
            return ptr::null_mut();
        }
        READY.store(l, Ordering::Relaxed);
        l
    }
}

/// `load() -> function`: the Lua half's `subprocess.child`.
unsafe extern "C-unwind" fn load(l: *mut lua_State) -> c_int {
    // SAFETY: called by `prepare`; nothing here needs dropping when Lua raises.
    unsafe {
        // What is freed in between would be used by actors, all over the pages that they share.
        ffi::lua_gc(l, ffi::LUA_GCSTOP, 0);
        ffi::luaL_openlibs(l);
        lua::open(l, c"emilua");
        ffi::lua_getfield(l, ffi::LUA_REGISTRYINDEX, c"emilua.import".as_ptr());
        ffi::lua_pushstring(l, c"subprocess.child".as_ptr());
        ffi::lua_call(l, 1, 1);
        zygote::make_room(l);
        ffi::lua_gc(l, ffi::LUA_GCRESTART, -1);
    }
    1
}

/// Turns the compiler off and drops what it has compiled. By Lua's names: PUC Lua has no `luaJIT_setmode`, and would not
/// load the module far enough to be told that it is not supported.
///
/// # Safety
/// `l` is a valid state with two free slots.
unsafe fn switch_compiler_off(l: *mut lua_State) {
    // SAFETY: as the caller promises; what could raise is in a protected call.
    unsafe {
        ffi::lua_getfield(l, ffi::LUA_GLOBALSINDEX, c"jit".as_ptr());
        for name in [c"flush", c"off"] {
            ffi::lua_getfield(l, -1, name.as_ptr());
            if ffi::lua_pcall(l, 0, 0, 0) != 0 {
                ffi::lua_pop(l, 1);
            }
        }
        ffi::lua_pop(l, 1);
    }
}

/// Runs the actor and ends the process with its status.
pub fn main(start: Start) -> ! {
    let Start {
        inbox,
        mut configuration,
        service,
        barriers,
    } = start;
    let l = prepare();
    let status = if l.is_null() {
        1
    } else {
        // SAFETY: the state is this thread's.
        unsafe {
            if !configuration.orders.jit {
                // A filter may forbid memory for code from now on, new and old.
                switch_compiler_off(l);
            }
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
    let service = child::out_of_the_way(service, 10)?;
    let attach = attach_function().ok_or(io::ErrorKind::NotFound)?;
    attach(service.into_raw_fd());
    Ok(())
}

/// Prints the message on the top of the stack.
///
/// # Safety
/// `l` is a valid state with a value on its top, which no code reads any more.
pub unsafe fn report_error(l: *mut lua_State) {
    // SAFETY: as the caller promises.
    let text = unsafe { error_text(l) };
    super::report(&format!("{text}\n"));
}

/// The message of the error on the top of the stack: a string, or what `__tostring` makes of another value.
///
/// # Safety
/// As for [`report_error`].
pub unsafe fn error_text(l: *mut lua_State) -> String {
    let mut length = 0;
    // SAFETY: the message stays on the stack while it is read; what may raise is called protected.
    unsafe {
        let kind = CStr::from_ptr(ffi::luaL_typename(l, -1)).to_string_lossy();
        if ffi::luaL_getmetafield(l, -1, c"__tostring".as_ptr()) != 0 {
            ffi::lua_insert(l, -2);
            ffi::lua_pcall(l, 1, 1, 0);
        }
        let text = ffi::lua_tolstring(l, -1, &raw mut length);
        if text.is_null() {
            format!("(error object is a {kind} value)")
        } else {
            let bytes = std::slice::from_raw_parts(text.cast::<u8>(), length);
            String::from_utf8_lossy(bytes).into_owned()
        }
    }
}
