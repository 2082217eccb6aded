//! Who the process is: its ids, groups, session and process group.

use crate::bridge::operations;
use nix::errno::Errno;
use std::ffi::c_int;

operations! {
    getpid: fn() -> i32;
    getppid: fn() -> i32;
    getpgrp: fn() -> i32;
    getpgid: fn(i32) -> i32;
    getsid: fn(i32) -> i32;
    setpgid: fn(i32, i32) -> i32;
    setsid: fn() -> i32;
    kill: fn(i32, i32) -> i32;
    getresuid: fn(*mut [u32; 3]) -> i32;
    getresgid: fn(*mut [u32; 3]) -> i32;
    setresuid: fn(u32, u32, u32) -> i32;
    setresgid: fn(u32, u32, u32) -> i32;
    getgroups: fn(*mut u32, i32) -> i32;
    setgroups: fn(*const u32, i32) -> i32;
}

/// The result of a call that returns -1 when it fails.
fn result(returned: c_int) -> i32 {
    match Errno::result(returned) {
        Ok(value) => value,
        Err(errno) => -(errno as i32),
    }
}

extern "C" fn getpid() -> i32 {
    // SAFETY: no memory is passed; the same holds for the calls below that take integers.
    unsafe { libc::getpid() }
}

extern "C" fn getppid() -> i32 {
    // SAFETY: as above.
    unsafe { libc::getppid() }
}

extern "C" fn getpgrp() -> i32 {
    // SAFETY: as above.
    unsafe { libc::getpgrp() }
}

extern "C" fn getpgid(pid: i32) -> i32 {
    // SAFETY: as above.
    result(unsafe { libc::getpgid(pid) })
}

extern "C" fn getsid(pid: i32) -> i32 {
    // SAFETY: as above.
    result(unsafe { libc::getsid(pid) })
}

extern "C" fn setpgid(pid: i32, group: i32) -> i32 {
    // SAFETY: as above.
    result(unsafe { libc::setpgid(pid, group) })
}

extern "C" fn setsid() -> i32 {
    // SAFETY: as above.
    result(unsafe { libc::setsid() })
}

extern "C" fn kill(pid: i32, signal: i32) -> i32 {
    // SAFETY: as above.
    result(unsafe { libc::kill(pid, signal) })
}

extern "C" fn getresuid(ids: *mut [u32; 3]) -> i32 {
    // SAFETY: the Lua half passes a uint32_t[3].
    let [real, effective, saved] = unsafe { &mut *ids };
    // SAFETY: three ids to write to.
    result(unsafe { libc::getresuid(real, effective, saved) })
}

extern "C" fn getresgid(ids: *mut [u32; 3]) -> i32 {
    // SAFETY: the Lua half passes a uint32_t[3].
    let [real, effective, saved] = unsafe { &mut *ids };
    // SAFETY: three ids to write to.
    result(unsafe { libc::getresgid(real, effective, saved) })
}

/// By the C library, which changes every thread of the process.
extern "C" fn setresuid(real: u32, effective: u32, saved: u32) -> i32 {
    // SAFETY: no memory is passed.
    result(unsafe { libc::setresuid(real, effective, saved) })
}

/// By the C library, which changes every thread of the process.
extern "C" fn setresgid(real: u32, effective: u32, saved: u32) -> i32 {
    // SAFETY: no memory is passed.
    result(unsafe { libc::setresgid(real, effective, saved) })
}

/// getgroups(2): how many there are, all of which are written if `size` is enough.
extern "C" fn getgroups(groups: *mut u32, size: i32) -> i32 {
    // SAFETY: the Lua half passes room for `size` groups.
    result(unsafe { libc::getgroups(size, groups) })
}

/// By the C library, which changes every thread of the process.
extern "C" fn setgroups(groups: *const u32, size: i32) -> i32 {
    // SAFETY: the Lua half passes `size` groups.
    result(unsafe { libc::setgroups(size as _, groups) })
}
