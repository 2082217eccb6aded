//! `init.script`: a chunk that sets up the world of an actor's process, in a Lua state of its own whose memory is wiped.

mod arena;
mod constants;
mod functions;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd.rs")]
mod platform;

use crate::lua;
use crate::subprocess::{actor, close, message, report, zygote};
use arena::Arena;
pub use functions::OPERATIONS;
use mlua::ffi::{self, lua_State};
use std::ffi::{c_int, c_void};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::{io, ptr};

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

/// A state in which no script has run: the libraries and the calls are there. Its memory is wiped at its end.
struct World {
    state: *mut lua_State,
    /// Does not move: the state has its address.
    arena: Box<Arena>,
}

impl World {
    fn new() -> io::Result<Self> {
        let mut arena = Box::new(Arena::new()?);
        // SAFETY: the arena outlives the state, which is closed before it is dropped.
        let state = unsafe { ffi::lua_newstate(arena::allocate, (&raw mut *arena).cast()) };
        if state.is_null() {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let mut world = Self { state, arena };
        if world.call(open, ptr::null_mut()) {
            Ok(world)
        } else {
            Err(io::ErrorKind::OutOfMemory.into())
        }
    }

    /// Calls a function with a pointer; an error of Lua's is reported.
    fn call(&mut self, function: Function, argument: *mut c_void) -> bool {
        // SAFETY: the state is this thread's.
        unsafe {
            let succeeded = lua_cpcall(self.state, function, argument) == 0;
            if !succeeded {
                actor::report_error(self.state);
            }
            succeeded
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // SAFETY: it is used no more, and the arena is still there.
        unsafe { ffi::lua_close(self.state) };
    }
}

/// The world for the next script; null when none is ready.
static READY: AtomicPtr<World> = AtomicPtr::new(ptr::null_mut());

/// Makes a world for scripts of the processes that are forked from this one. Without it each makes its own.
pub fn prepare() {
    if let Ok(mut world) = World::new() {
        world.arena.share();
        READY.store(Box::into_raw(Box::new(world)), Ordering::Relaxed);
    }
}

fn try_run(script: &Script) -> io::Result<bool> {
    let ready = READY.swap(ptr::null_mut(), Ordering::Relaxed);
    let mut world = if ready.is_null() {
        World::new()?
    } else {
        // SAFETY: `prepare` has made it, and it is taken once.
        *unsafe { Box::from_raw(ready) }
    };
    if script.text.is_empty() {
        return Err(io::Error::other("the script is empty"));
    }
    if !world.arena.reserve(script.text.len()) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    let mut run = Run {
        script,
        failed: false,
    };
    Ok(world.call(main, (&raw mut run).cast()) && !run.failed)
}

/// The argument of [`main`].
struct Run<'a> {
    script: &'a Script<'a>,
    /// An error of the script has been reported.
    failed: bool,
}

type Function = unsafe extern "C-unwind" fn(*mut lua_State) -> c_int;

// SAFETY: as lua.h declares it.
unsafe extern "C-unwind" {
    fn lua_cpcall(l: *mut lua_State, function: Function, argument: *mut c_void) -> c_int;
}

/// Body of a protected call: opens the libraries and makes the world of scripts.
unsafe extern "C-unwind" fn open(l: *mut lua_State) -> c_int {
    // SAFETY: called by `lua_cpcall`; nothing here needs dropping when Lua raises.
    unsafe {
        ffi::lua_gc(l, ffi::LUA_GCSTOP, 0);
        ffi::luaL_openlibs(l);
        lua::push(l, c"subprocess.init_script.main");
        crate::push_function(l, lua::source);
        lua::push_operations(l);
        ffi::lua_call(l, 2, 0);
        zygote::make_room(l);
        // The room is what these strings leave.
        ffi::lua_gc(l, ffi::LUA_GCCOLLECT, 0);
        ffi::lua_gc(l, ffi::LUA_GCSTOP, 0);
    }
    0
}

/// Body of a protected call: runs a script. What cannot be compiled is the error of this call.
unsafe extern "C-unwind" fn main(l: *mut lua_State) -> c_int {
    // SAFETY: called by `lua_cpcall` with a script; nothing here needs dropping when Lua raises.
    unsafe {
        let run = &mut *ffi::lua_touserdata(l, 1).cast::<Run>();
        let script = run.script;
        if let Some(fd) = script.argument {
            ffi::lua_pushinteger(l, fd as ffi::lua_Integer);
            ffi::lua_setglobal(l, c"arg".as_ptr());
        }
        ffi::lua_getglobal(l, c"debug".as_ptr());
        ffi::lua_getfield(l, -1, c"traceback".as_ptr());
        let text = script.text.as_ptr().cast();
        if ffi::luaL_loadbuffer(l, text, script.text.len(), c"=init.script".as_ptr()) != 0 {
            ffi::lua_error(l);
        }
        if ffi::lua_pcall(l, 0, 0, -2) != 0 {
            report(&format!(
                "<3>ipc_actor/init/script: {}\n",
                actor::error_text(l)
            ));
            run.failed = true;
        }
    }
    0
}
