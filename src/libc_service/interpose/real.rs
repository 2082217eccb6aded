//! The functions of libc that this library stands before.

use crate::platform::errno_location;
use libc::{addrinfo, mode_t, sockaddr, socklen_t, stat as Stat};
use std::ffi::{c_char, c_int};
use std::ptr::null_mut;

/// Says why a function failed.
pub fn set_errno(code: c_int) {
    // SAFETY: the C library's variable of this thread.
    unsafe { *errno_location() = code };
}

/// Why a function failed.
pub fn errno() -> c_int {
    // SAFETY: as above.
    unsafe { *errno_location() }
}

/// `name(argument: type, ...) -> type, failure`: functions of C. One that the C library lacks gives its failure, and ENOSYS.
macro_rules! real {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty, $failure:expr;)*) => {
        struct Functions {
            $($name: Option<unsafe extern "C" fn($($type),*) -> $result>,)*
        }

        /// Seeks the next definitions after this library's, once: that is not allowed everywhere.
        fn functions() -> &'static Functions {
            static FUNCTIONS: std::sync::OnceLock<Functions> = std::sync::OnceLock::new();
            FUNCTIONS.get_or_init(|| {
                let find = |name: &str| {
                    // SAFETY: a name that ends with a zero.
                    unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr().cast()) }
                };
                Functions {
                    // SAFETY: the function of that name has this type; a null pointer is none.
                    $($name: unsafe {
                        std::mem::transmute::<*mut std::ffi::c_void, Option<unsafe extern "C" fn($($type),*) -> $result>>(
                            find(concat!(stringify!($name), "\0")),
                        )
                    },)*
                }
            })
        }

        /// Seeks the functions now.
        pub fn find() {
            functions();
        }

        $(
            /// # Safety
            /// As for the function of that name.
            pub unsafe fn $name($($argument: $type),*) -> $result {
                match functions().$name {
                    // SAFETY: the caller keeps the function's contract.
                    Some(function) => unsafe { function($($argument),*) },
                    None => {
                        $crate::real::set_errno(libc::ENOSYS);
                        $failure
                    }
                }
            }
        )*
    };
}

// open and openat are variadic in C: the mode is passed in the same register as a parameter.
real! {
    open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int, -1;
    openat(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int, -1;
    fopen(path: *const c_char, mode: *const c_char) -> *mut libc::FILE, null_mut();
    opendir(path: *const c_char) -> *mut libc::DIR, null_mut();
    unlink(path: *const c_char) -> c_int, -1;
    unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int, -1;
    rmdir(path: *const c_char) -> c_int, -1;
    remove(path: *const c_char) -> c_int, -1;
    rename(from: *const c_char, to: *const c_char) -> c_int, -1;
    renameat(
        from_directory: c_int, from: *const c_char, to_directory: c_int, to: *const c_char
    ) -> c_int, -1;
    mkdir(path: *const c_char, mode: mode_t) -> c_int, -1;
    mkdirat(directory: c_int, path: *const c_char, mode: mode_t) -> c_int, -1;
    access(path: *const c_char, mode: c_int) -> c_int, -1;
    eaccess(path: *const c_char, mode: c_int) -> c_int, -1;
    faccessat(directory: c_int, path: *const c_char, mode: c_int, flags: c_int) -> c_int, -1;
    stat(path: *const c_char, status: *mut Stat) -> c_int, -1;
    lstat(path: *const c_char, status: *mut Stat) -> c_int, -1;
    fstatat(
        directory: c_int, path: *const c_char, status: *mut Stat, flags: c_int
    ) -> c_int, -1;
    connect(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int, -1;
    bind(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int, -1;
    getaddrinfo(
        node: *const c_char, service: *const c_char, hints: *const addrinfo,
        result: *mut *mut addrinfo
    ) -> c_int, libc::EAI_FAIL;
    freeaddrinfo(list: *mut addrinfo) -> (), ();
}
