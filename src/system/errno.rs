//! The error numbers of the platform, by name.

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

/// Numbers of category "system" that differ from the generic ones.
#[cfg(unix)]
const SYSTEM: &[(&str, c_int)] = numbers![ESHUTDOWN];

/// Numbers of category "system" that differ from the generic ones: those of WinSock.
#[cfg(windows)]
#[rustfmt::skip]
const SYSTEM: &[(&str, c_int)] = &[
    ("EINTR", 10004), ("EBADF", 10009), ("EACCES", 10013), ("EFAULT", 10014), ("EINVAL", 10022),
    ("EMFILE", 10024), ("EWOULDBLOCK", 10035), ("EAGAIN", 10035), ("EINPROGRESS", 10036),
    ("EALREADY", 10037), ("ENOTSOCK", 10038), ("EDESTADDRREQ", 10039), ("EMSGSIZE", 10040),
    ("EPROTOTYPE", 10041), ("ENOPROTOOPT", 10042), ("EPROTONOSUPPORT", 10043),
    ("EOPNOTSUPP", 10045), ("EAFNOSUPPORT", 10047), ("EADDRINUSE", 10048),
    ("EADDRNOTAVAIL", 10049), ("ENETDOWN", 10050), ("ENETUNREACH", 10051), ("ENETRESET", 10052),
    ("ECONNABORTED", 10053), ("ECONNRESET", 10054), ("ENOBUFS", 10055), ("EISCONN", 10056),
    ("ENOTCONN", 10057), ("ESHUTDOWN", 10058), ("ETIMEDOUT", 10060), ("ECONNREFUSED", 10061),
    ("ELOOP", 10062), ("ENAMETOOLONG", 10063), ("EHOSTUNREACH", 10065), ("ECANCELED", 995),
];

/// Numbers of getaddrinfo(3): EAI_SERVICE and EAI_SOCKTYPE.
#[cfg(unix)]
const RESOLVER: &[(&str, c_int)] = numbers![EAI_SERVICE EAI_SOCKTYPE];
#[cfg(windows)]
const RESOLVER: &[(&str, c_int)] = &[("EAI_SERVICE", 10109), ("EAI_SOCKTYPE", 10044)];

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"errno", errno)];

/// `errno() -> generic, system, resolver`: tables from names to numbers.
unsafe extern "C-unwind" fn errno(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua; nothing needs dropping when Lua raises.
    unsafe {
        for list in [GENERIC, SYSTEM, RESOLVER] {
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
