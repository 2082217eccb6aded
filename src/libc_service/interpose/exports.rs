//! The calls on files that every platform has, under the names by which programs find them.

use crate::call::Call;
use crate::platform::bits;
use crate::real;
use crate::status;
use crate::wire::Function;
use libc::{AT_FDCWD, mode_t, stat as Stat};
use std::ffi::{CStr, c_char, c_int};

/// Whether a call names the same file without its directory.
///
/// # Safety
/// `path` is null or a terminated string.
pub unsafe fn is_plain(directory: c_int, path: *const c_char) -> bool {
    // SAFETY: as the caller promises; a string has at least its end.
    directory == AT_FDCWD || !path.is_null() && unsafe { *path } == b'/' as c_char
}

/// A descriptor that was served gets the flags that the program has asked for.
fn adapt(fd: c_int, flags: c_int) -> c_int {
    if fd >= 0 {
        let close = if flags & libc::O_CLOEXEC != 0 {
            libc::FD_CLOEXEC
        } else {
            0
        };
        // SAFETY: no memory is passed; what is no descriptor is refused.
        unsafe {
            libc::fcntl(fd, libc::F_SETFD, close);
            let old = libc::fcntl(fd, libc::F_GETFL);
            let new = old & !libc::O_NONBLOCK | flags & libc::O_NONBLOCK;
            if old >= 0 && new != old {
                libc::fcntl(fd, libc::F_SETFL, new);
            }
        }
    }
    fd
}

/// Asks for an open file; nothing when the program is to open it itself.
///
/// # Safety
/// `path` is null or a terminated string.
pub unsafe fn ask_open(
    directory: c_int,
    path: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> Option<c_int> {
    // SAFETY: as the caller promises.
    unsafe {
        let call = if is_plain(directory, path) {
            Call::new(Function::Open)
        } else {
            Call::with_descriptor(Function::Openat, directory)
        };
        let mut call = call?.text(0, path)?;
        call.request.flags = flags as u32;
        call.request.mode = bits(mode);
        Some(adapt(call.number()?, flags))
    }
}

/// Asks for a call of one path.
///
/// # Safety
/// `path` is null or a terminated string.
pub unsafe fn ask(function: Function, path: *const c_char, flags: u32, mode: u32) -> Option<c_int> {
    // SAFETY: as the caller promises.
    let mut call = unsafe { Call::new(function)?.text(0, path) }?;
    call.request.flags = flags;
    call.request.mode = mode;
    call.number()
}

/// Defines functions of C, which have their own names.
macro_rules! export {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block)*) => {$(
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            // SAFETY: the program keeps the contract of the function of that name.
            unsafe { $body }
        }
    )*};
}
pub(crate) use export;

export! {
    // In C the mode is a variadic argument, which is passed in the same register as a parameter. It is looked at only
    // where the flags say that there is one.
    open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        ask_open(AT_FDCWD, path, flags, mode).unwrap_or_else(|| real::open(path, flags, mode))
    }

    openat(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        ask_open(directory, path, flags, mode)
            .unwrap_or_else(|| real::openat(directory, path, flags, mode))
    }

    creat(path: *const c_char, mode: mode_t) -> c_int {
        open(path, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, mode)
    }

    fopen(path: *const c_char, mode: *const c_char) -> *mut libc::FILE {
        if mode.is_null() {
            return real::fopen(path, mode);
        }
        match ask_open(AT_FDCWD, path, stream_flags(CStr::from_ptr(mode)), 0o666) {
            Some(fd) if fd < 0 => std::ptr::null_mut(),
            Some(fd) => {
                let stream = libc::fdopen(fd, mode);
                if stream.is_null() {
                    libc::close(fd);
                }
                stream
            }
            None => real::fopen(path, mode),
        }
    }

    opendir(path: *const c_char) -> *mut libc::DIR {
        match ask_open(AT_FDCWD, path, libc::O_DIRECTORY | libc::O_CLOEXEC, 0) {
            Some(fd) if fd < 0 => std::ptr::null_mut(),
            Some(fd) => {
                let directory = libc::fdopendir(fd);
                if directory.is_null() {
                    libc::close(fd);
                }
                directory
            }
            None => real::opendir(path),
        }
    }

    unlink(path: *const c_char) -> c_int {
        ask(Function::Unlink, path, 0, 0).unwrap_or_else(|| real::unlink(path))
    }

    rmdir(path: *const c_char) -> c_int {
        ask(Function::Rmdir, path, 0, 0).unwrap_or_else(|| real::rmdir(path))
    }

    unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
        let function = if flags & libc::AT_REMOVEDIR != 0 {
            Function::Rmdir
        } else {
            Function::Unlink
        };
        let served = is_plain(directory, path).then(|| ask(function, path, 0, 0)).flatten();
        served.unwrap_or_else(|| real::unlinkat(directory, path, flags))
    }

    remove(path: *const c_char) -> c_int {
        match ask(Function::Unlink, path, 0, 0) {
            // What unlink(2) says of directories on Linux, and elsewhere.
            Some(-1) if matches!(real::errno(), libc::EISDIR | libc::EPERM) => rmdir(path),
            Some(result) => result,
            None => real::remove(path),
        }
    }

    rename(from: *const c_char, to: *const c_char) -> c_int {
        ask_rename(from, to).unwrap_or_else(|| real::rename(from, to))
    }

    renameat(
        from_directory: c_int, from: *const c_char, to_directory: c_int, to: *const c_char
    ) -> c_int {
        let is_plain = is_plain(from_directory, from) && is_plain(to_directory, to);
        let served = is_plain.then(|| ask_rename(from, to)).flatten();
        served.unwrap_or_else(|| real::renameat(from_directory, from, to_directory, to))
    }

    mkdir(path: *const c_char, mode: mode_t) -> c_int {
        ask(Function::Mkdir, path, 0, bits(mode)).unwrap_or_else(|| real::mkdir(path, mode))
    }

    mkdirat(directory: c_int, path: *const c_char, mode: mode_t) -> c_int {
        let served = is_plain(directory, path).then(|| ask(Function::Mkdir, path, 0, bits(mode)));
        served.flatten().unwrap_or_else(|| real::mkdirat(directory, path, mode))
    }

    access(path: *const c_char, mode: c_int) -> c_int {
        ask(Function::Access, path, mode as u32, 0).unwrap_or_else(|| real::access(path, mode))
    }

    eaccess(path: *const c_char, mode: c_int) -> c_int {
        ask(Function::Eaccess, path, mode as u32, 0).unwrap_or_else(|| real::eaccess(path, mode))
    }

    faccessat(directory: c_int, path: *const c_char, mode: c_int, flags: c_int) -> c_int {
        let function = match flags {
            0 => Some(Function::Access),
            libc::AT_EACCESS => Some(Function::Eaccess),
            _ => None,
        };
        let served = function
            .filter(|_| is_plain(directory, path))
            .and_then(|function| ask(function, path, mode as u32, 0));
        served.unwrap_or_else(|| real::faccessat(directory, path, mode, flags))
    }

    stat(path: *const c_char, status: *mut Stat) -> c_int {
        status::ask(Function::Stat, path, status).unwrap_or_else(|| real::stat(path, status))
    }

    lstat(path: *const c_char, status: *mut Stat) -> c_int {
        status::ask(Function::Lstat, path, status).unwrap_or_else(|| real::lstat(path, status))
    }

    fstatat(directory: c_int, path: *const c_char, status: *mut Stat, flags: c_int) -> c_int {
        let served = status::function(directory, path, flags)
            .and_then(|function| status::ask(function, path, status));
        served.unwrap_or_else(|| real::fstatat(directory, path, status, flags))
    }
}

unsafe fn ask_rename(from: *const c_char, to: *const c_char) -> Option<c_int> {
    // SAFETY: strings of rename(2).
    unsafe {
        Call::new(Function::Rename)?
            .text(0, from)?
            .text(1, to)?
            .number()
    }
}

/// What fopen(3) opens a file with.
fn stream_flags(mode: &CStr) -> c_int {
    let mode = mode.to_bytes();
    let has = |letter| mode.contains(&letter);
    let access = match mode.first() {
        _ if has(b'+') => libc::O_RDWR,
        Some(b'r') => libc::O_RDONLY,
        _ => libc::O_WRONLY,
    };
    let make = match mode.first() {
        Some(b'w') => libc::O_CREAT | libc::O_TRUNC,
        Some(b'a') => libc::O_CREAT | libc::O_APPEND,
        _ => 0,
    };
    let exclusive = if has(b'x') { libc::O_EXCL } else { 0 };
    let close = if has(b'e') { libc::O_CLOEXEC } else { 0 };
    access | make | exclusive | close
}
