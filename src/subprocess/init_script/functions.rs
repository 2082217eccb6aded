//! Functions of an init.script that are more than a C prototype. On failure they return an error number behind the
//! place of their value.

use super::{constants, platform};
use crate::push_function;
use crate::subprocess::platform::close_from as close_from_number;
use crate::subprocess::{message, report as report_text};
use mlua::ffi::{self, lua_State};
use nix::errno::Errno;
use nix::sys::stat;
use std::ffi::{CStr, c_int};
use std::os::fd::{BorrowedFd, IntoRawFd, RawFd};
use std::slice;

type Function = unsafe extern "C-unwind" fn(*mut lua_State) -> c_int;

const FUNCTIONS: &[(&CStr, Function)] = &[
    (c"bind_unix", bind_unix),
    (c"close_from", close_from),
    (c"constants", all_constants),
    (c"error_text", error_text),
    (c"exit", exit),
    (c"make_device", make_device),
    (c"mknod", mknod),
    (c"receive_with_fd", receive_with_fd),
    (c"report", report),
    (c"send_with_fd", send_with_fd),
    (c"set_no_new_privs", set_no_new_privs),
    (c"split_device", split_device),
];

/// Pushes a table of the functions.
///
/// # Safety
/// `l` is a valid state with three free slots.
pub unsafe fn push(l: *mut lua_State) {
    // SAFETY: as the caller promises.
    unsafe {
        ffi::lua_createtable(l, 0, FUNCTIONS.len() as c_int);
        for (name, function) in FUNCTIONS {
            push_function(l, *function);
            ffi::lua_setfield(l, -2, name.as_ptr());
        }
    }
}

/// The bytes of a string argument, which live as long as it is on the stack.
///
/// # Safety
/// Argument `i` is a string.
unsafe fn bytes<'a>(l: *mut lua_State, i: c_int) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: as the caller promises.
    unsafe {
        let text = ffi::lua_tolstring(l, i, &raw mut length);
        slice::from_raw_parts(text.cast(), length)
    }
}

/// An argument that the Lua half has checked to be a number.
unsafe fn integer(l: *mut lua_State, i: c_int) -> i64 {
    // SAFETY: a C function's state.
    unsafe { ffi::lua_tonumber(l, i) as i64 }
}

/// A descriptor's number, borrowed for one call. A wrong one is the kernel's to refuse.
unsafe fn descriptor<'a>(l: *mut lua_State, i: c_int) -> Result<BorrowedFd<'a>, Errno> {
    // SAFETY: as the caller promises; -1 is the one number that may not be borrowed.
    unsafe {
        match integer(l, i) as RawFd {
            -1 => Err(Errno::EBADF),
            fd => Ok(BorrowedFd::borrow_raw(fd)),
        }
    }
}

/// Pushes nothing for a success, the number of an error.
unsafe fn outcome(l: *mut lua_State, result: Result<(), Errno>) -> c_int {
    match result {
        Ok(()) => 0,
        Err(error) => {
            // SAFETY: a C function's state.
            unsafe { ffi::lua_pushinteger(l, error as ffi::lua_Integer) };
            1
        }
    }
}

/// Pushes nil and the number of an error.
unsafe fn failure(l: *mut lua_State, error: Errno) -> c_int {
    // SAFETY: a C function's state.
    unsafe {
        ffi::lua_pushnil(l);
        ffi::lua_pushinteger(l, error as ffi::lua_Integer);
    }
    2
}

/// `constants() -> table`: a new one.
unsafe extern "C-unwind" fn all_constants(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua.
    unsafe {
        ffi::lua_createtable(l, 0, 256);
        for (name, number) in [constants::POSIX, platform::CONSTANTS]
            .into_iter()
            .flatten()
        {
            ffi::lua_pushlstring(l, name.as_ptr().cast(), name.len());
            ffi::lua_pushnumber(l, *number as ffi::lua_Number);
            ffi::lua_rawset(l, -3);
        }
    }
    1
}

unsafe extern "C-unwind" fn report(l: *mut lua_State) -> c_int {
    // SAFETY: called with a string.
    report_text(&String::from_utf8_lossy(unsafe { bytes(l, 1) }));
    0
}

/// Ends the process without the destructors and handlers of the image it was forked from.
unsafe extern "C-unwind" fn exit(l: *mut lua_State) -> c_int {
    // SAFETY: called with a number; C's streams may hold what the script has written.
    unsafe {
        libc::fflush(std::ptr::null_mut());
        libc::_exit(integer(l, 1) as c_int)
    }
}

unsafe extern "C-unwind" fn error_text(l: *mut lua_State) -> c_int {
    // SAFETY: called with a number; the text is a constant.
    unsafe {
        let text = Errno::from_raw(integer(l, 1) as i32).desc();
        ffi::lua_pushlstring(l, text.as_ptr().cast(), text.len());
    }
    1
}

unsafe extern "C-unwind" fn close_from(l: *mut lua_State) -> c_int {
    // SAFETY: called with a number.
    close_from_number(unsafe { integer(l, 1) }.max(0) as RawFd);
    0
}

unsafe extern "C-unwind" fn set_no_new_privs(l: *mut lua_State) -> c_int {
    // SAFETY: a C function's state.
    unsafe { outcome(l, platform::set_no_new_privs()) }
}

/// bind(2) to a path, on Linux also to an abstract name, which begins with a zero.
unsafe extern "C-unwind" fn bind_unix(l: *mut lua_State) -> c_int {
    // SAFETY: called with a number and a string.
    unsafe {
        let (fd, path) = (integer(l, 1) as RawFd, bytes(l, 2));
        let bound =
            platform::unix_address(path).and_then(|address| nix::sys::socket::bind(fd, &address));
        outcome(l, bound)
    }
}

/// `send_with_fd(fd, bytes, other) -> count | nil, errno`.
unsafe extern "C-unwind" fn send_with_fd(l: *mut lua_State) -> c_int {
    // SAFETY: called with a number, a string and a number.
    unsafe {
        let sent = descriptor(l, 1)
            .and_then(|socket| message::send(socket, bytes(l, 2), &[integer(l, 3) as RawFd]));
        match sent {
            Ok(n) => {
                ffi::lua_pushinteger(l, n as ffi::lua_Integer);
                1
            }
            Err(error) => failure(l, error),
        }
    }
}

/// `receive_with_fd(fd, size) -> bytes, fd | nil, errno`: -1 is no descriptor; more than one are closed.
unsafe extern "C-unwind" fn receive_with_fd(l: *mut lua_State) -> c_int {
    // SAFETY: called with two numbers; the buffer is Lua's, so nothing needs dropping when Lua raises.
    unsafe {
        let size = integer(l, 2).clamp(0, 1 << 20) as usize;
        let buffer = ffi::lua_newuserdata(l, size.max(1)).cast::<u8>();
        buffer.write_bytes(0, size.max(1));
        let buffer = slice::from_raw_parts_mut(buffer, size);
        let received = descriptor(l, 1).and_then(|socket| message::receive(socket, buffer));
        let (n, fd) = match received {
            Ok(message) => (
                message.length,
                message
                    .descriptors
                    .into_iter()
                    .next()
                    .map_or(-1, IntoRawFd::into_raw_fd),
            ),
            Err(error) => return failure(l, error),
        };
        ffi::lua_pushlstring(l, buffer.as_ptr().cast(), n);
        ffi::lua_pushinteger(l, fd as ffi::lua_Integer);
    }
    2
}

unsafe extern "C-unwind" fn mknod(l: *mut lua_State) -> c_int {
    // SAFETY: called with a string and two numbers.
    unsafe {
        let mode = integer(l, 2) as libc::mode_t;
        let kind = stat::SFlag::from_bits_truncate(mode & libc::S_IFMT);
        let permissions = stat::Mode::from_bits_truncate(mode);
        let made = stat::mknod(bytes(l, 1), kind, permissions, integer(l, 3) as libc::dev_t);
        outcome(l, made)
    }
}

unsafe extern "C-unwind" fn make_device(l: *mut lua_State) -> c_int {
    // SAFETY: called with two numbers.
    unsafe {
        let device = libc::makedev(integer(l, 1) as _, integer(l, 2) as _);
        ffi::lua_pushnumber(l, device as ffi::lua_Number);
    }
    1
}

unsafe extern "C-unwind" fn split_device(l: *mut lua_State) -> c_int {
    // SAFETY: called with a number.
    unsafe {
        let device = integer(l, 1) as libc::dev_t;
        ffi::lua_pushinteger(l, libc::major(device) as ffi::lua_Integer);
        ffi::lua_pushinteger(l, libc::minor(device) as ffi::lua_Integer);
    }
    2
}
