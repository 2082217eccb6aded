//! The error numbers of the platform, by name.

use super::platform::{RESOLVER_NUMBERS, SYSTEM_NUMBERS};
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

/// `(name, number)` of each listed constant of libc.
macro_rules! numbers {
    ($($name:ident)*) => { &[$((stringify!($name), libc::$name)),*] };
}

/// Numbers of category "generic": the C library's.
#[rustfmt::skip]
const GENERIC: &[(&str, c_int)] = numbers![
    E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBADMSG EBUSY ECANCELED
    ECHILD ECONNABORTED ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ EDOM EEXIST EFAULT EFBIG
    EHOSTUNREACH EIDRM EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR ELOOP EMFILE EMLINK EMSGSIZE
    ENAMETOOLONG ENETDOWN ENETRESET ENETUNREACH ENFILE ENOBUFS ENODEV ENOENT ENOEXEC ENOLCK ENOLINK
    ENOMEM ENOMSG ENOPROTOOPT ENOSPC ENOSYS ENOTCONN ENOTDIR ENOTEMPTY ENOTRECOVERABLE ENOTSOCK ENOTSUP
    ENOTTY ENXIO EOPNOTSUPP EOVERFLOW EOWNERDEAD EPERM EPIPE EPROTO EPROTONOSUPPORT EPROTOTYPE ERANGE
    EROFS ESPIPE ESRCH ETIMEDOUT ETXTBSY EWOULDBLOCK EXDEV
];

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"errno", errno)];

/// `errno() -> generic, system, resolver`: tables from names to numbers.
unsafe extern "C-unwind" fn errno(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua; nothing needs dropping when Lua raises.
    unsafe {
        for list in [GENERIC, SYSTEM_NUMBERS, RESOLVER_NUMBERS] {
            ffi::lua_createtable(l, 0, list.len() as c_int);
            for (name, number) in list {
                ffi::lua_pushlstring(l, name.as_ptr().cast(), name.len());
                ffi::lua_pushinteger(l, *number as ffi::lua_Integer);
                ffi::lua_rawset(l, -3);
            }
        }
    }
    3
}
