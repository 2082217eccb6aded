//! Raw C twins of the hot operations. Without the JIT a call through the FFI costs four times
//! a C function's, so the Lua half takes these when `jit.status()` says that it is off.

use crate::io::{self, Io};
use crate::span::Span;
use crate::vm::{self, Vm};
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

/// Name (area, operation) and function of each twin, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[
    (c"vm_collect", collect),
    (c"timer_after", timer_after),
    (c"io_read", read),
    (c"io_write", write),
    (c"io_accept", accept),
];

/// The pointer in a cdata of pointer type. LuaJIT gives the address of its payload.
///
/// # Safety
/// Argument `i` is such a cdata; the Lua half passes nothing else.
unsafe fn pointer<T>(l: *mut lua_State, i: c_int) -> *mut T {
    // SAFETY: as the caller promises.
    unsafe { *ffi::lua_topointer(l, i).cast::<*mut T>() }
}

unsafe extern "C-unwind" fn collect(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with the VM.
    unsafe { ffi::lua_pushinteger(l, vm::collect(pointer::<Vm>(l, 1)) as ffi::lua_Integer) };
    1
}

unsafe extern "C-unwind" fn timer_after(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with the VM, a duration and a token.
    unsafe {
        let token = ffi::lua_tonumber(l, 3) as u32;
        let code = vm::timer::after(pointer::<Vm>(l, 1), ffi::lua_tonumber(l, 2), token);
        ffi::lua_pushinteger(l, code as ffi::lua_Integer);
    }
    1
}

unsafe extern "C-unwind" fn read(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a handle and a byte_span.
    unsafe {
        let code = io::read(
            pointer::<Io>(l, 1),
            ffi::lua_touserdata(l, 2).cast::<Span>(),
        );
        ffi::lua_pushinteger(l, code as ffi::lua_Integer);
    }
    1
}

unsafe extern "C-unwind" fn write(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a handle and a byte_span.
    unsafe {
        let code = io::write(
            pointer::<Io>(l, 1),
            ffi::lua_touserdata(l, 2).cast::<Span>(),
        );
        ffi::lua_pushinteger(l, code as ffi::lua_Integer);
    }
    1
}

unsafe extern "C-unwind" fn accept(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with two handles.
    unsafe {
        let code = io::accept(pointer::<Io>(l, 1), pointer::<Io>(l, 2));
        ffi::lua_pushinteger(l, code as ffi::lua_Integer);
    }
    1
}
