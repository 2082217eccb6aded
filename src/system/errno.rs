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
    &[(c"errno", errno), (c"to_generic", to_generic)];

/// The number of a name in the first of these lists that has it.
fn number(name: &[u8], lists: &[&[(&str, c_int)]]) -> Option<c_int> {
    let mut all = lists.iter().copied().flatten();
    Some(all.find(|(other, _)| other.as_bytes() == name)?.1)
}

/// `errno(list, name) -> number | nil`: of list 0 generic, 1 system, 2 resolver.
unsafe extern "C-unwind" fn errno(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a number and a value; the name is on the stack while it is used.
    unsafe {
        if ffi::lua_type(l, 2) != ffi::LUA_TSTRING {
            return 0;
        }
        let lists: &[&[_]] = match ffi::lua_tonumber(l, 1) as c_int {
            0 => &[GENERIC],
            1 => &[SYSTEM_NUMBERS, GENERIC],
            _ => &[RESOLVER_NUMBERS],
        };
        let name = CStr::from_ptr(ffi::lua_tostring(l, 2));
        let Some(number) = number(name.to_bytes(), lists) else {
            return 0;
        };
        ffi::lua_pushinteger(l, number as ffi::lua_Integer);
    }
    1
}

/// `to_generic(code) -> number | nil`: the generic number with the name of a system's number.
unsafe extern "C-unwind" fn to_generic(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a number.
    unsafe {
        let code = ffi::lua_tonumber(l, 1) as c_int;
        let named = SYSTEM_NUMBERS.iter().find(|(_, number)| *number == code);
        let Some(number) = named.and_then(|(name, _)| number(name.as_bytes(), &[GENERIC])) else {
            return 0;
        };
        ffi::lua_pushinteger(l, number as ffi::lua_Integer);
    }
    1
}
