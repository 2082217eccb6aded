//! Capsicum (capsicum(4)): what a descriptor may be used for, on FreeBSD.

use crate::bridge::{count, failure, guard, operations, status};
use crate::io::{Io, object};
use nix::errno::Errno;
use std::ffi::{c_char, c_ulong};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

operations! {
    right: fn(*const c_char, usize) -> i32;
    rights_limit: fn(*mut Io, *const u8, usize) -> i32;
    rights_remove: fn(*mut Io, *const u8, usize) -> i32;
    rights_contains: fn(*mut Io, *const u8, usize) -> i32;
    ioctls_limit: fn(*mut Io, *const c_ulong, usize) -> i32;
    ioctls_get: fn(*mut Io, *mut c_ulong, usize) -> i32;
    fcntls_limit: fn(*mut Io, u32) -> i32;
    fcntls_get: fn(*mut Io) -> i32;
}

/// Rights by name, those of rights(4) in lower case without `CAP_`.
const RIGHTS: &[(&str, u64)] = &[
    ("accept", libc::CAP_ACCEPT),
    ("acl_check", libc::CAP_ACL_CHECK),
    ("acl_delete", libc::CAP_ACL_DELETE),
    ("acl_get", libc::CAP_ACL_GET),
    ("acl_set", libc::CAP_ACL_SET),
    ("bind", libc::CAP_BIND),
    ("bindat", libc::CAP_BINDAT),
    ("chflagsat", libc::CAP_CHFLAGSAT),
    ("connect", libc::CAP_CONNECT),
    ("connectat", libc::CAP_CONNECTAT),
    ("create", libc::CAP_CREATE),
    ("event", libc::CAP_EVENT),
    ("extattr_delete", libc::CAP_EXTATTR_DELETE),
    ("extattr_get", libc::CAP_EXTATTR_GET),
    ("extattr_list", libc::CAP_EXTATTR_LIST),
    ("extattr_set", libc::CAP_EXTATTR_SET),
    ("fchdir", libc::CAP_FCHDIR),
    ("fchflags", libc::CAP_FCHFLAGS),
    ("fchmod", libc::CAP_FCHMOD),
    ("fchmodat", libc::CAP_FCHMODAT),
    ("fchown", libc::CAP_FCHOWN),
    ("fchownat", libc::CAP_FCHOWNAT),
    ("fcntl", libc::CAP_FCNTL),
    ("fexecve", libc::CAP_FEXECVE),
    ("flock", libc::CAP_FLOCK),
    ("fpathconf", libc::CAP_FPATHCONF),
    ("fsck", libc::CAP_FSCK),
    ("fstat", libc::CAP_FSTAT),
    ("fstatat", libc::CAP_FSTATAT),
    ("fstatfs", libc::CAP_FSTATFS),
    ("fsync", libc::CAP_FSYNC),
    ("ftruncate", libc::CAP_FTRUNCATE),
    ("futimes", libc::CAP_FUTIMES),
    ("futimesat", libc::CAP_FUTIMESAT),
    ("getpeername", libc::CAP_GETPEERNAME),
    ("getsockname", libc::CAP_GETSOCKNAME),
    ("getsockopt", libc::CAP_GETSOCKOPT),
    ("ioctl", libc::CAP_IOCTL),
    ("kqueue", libc::CAP_KQUEUE),
    ("kqueue_change", libc::CAP_KQUEUE_CHANGE),
    ("kqueue_event", libc::CAP_KQUEUE_EVENT),
    ("linkat_source", libc::CAP_LINKAT_SOURCE),
    ("linkat_target", libc::CAP_LINKAT_TARGET),
    ("listen", libc::CAP_LISTEN),
    ("lookup", libc::CAP_LOOKUP),
    ("mac_get", libc::CAP_MAC_GET),
    ("mac_set", libc::CAP_MAC_SET),
    ("mkdirat", libc::CAP_MKDIRAT),
    ("mkfifoat", libc::CAP_MKFIFOAT),
    ("mknodat", libc::CAP_MKNODAT),
    ("mmap", libc::CAP_MMAP),
    ("mmap_r", libc::CAP_MMAP_R),
    ("mmap_rw", libc::CAP_MMAP_RW),
    ("mmap_rwx", libc::CAP_MMAP_RWX),
    ("mmap_rx", libc::CAP_MMAP_RX),
    ("mmap_w", libc::CAP_MMAP_W),
    ("mmap_wx", libc::CAP_MMAP_WX),
    ("mmap_x", libc::CAP_MMAP_X),
    ("pdgetpid", libc::CAP_PDGETPID),
    ("pdkill", libc::CAP_PDKILL),
    ("peeloff", libc::CAP_PEELOFF),
    ("pread", libc::CAP_PREAD),
    ("pwrite", libc::CAP_PWRITE),
    ("read", libc::CAP_READ),
    ("recv", libc::CAP_RECV),
    ("renameat_source", libc::CAP_RENAMEAT_SOURCE),
    ("renameat_target", libc::CAP_RENAMEAT_TARGET),
    ("seek", libc::CAP_SEEK),
    ("sem_getvalue", libc::CAP_SEM_GETVALUE),
    ("sem_post", libc::CAP_SEM_POST),
    ("sem_wait", libc::CAP_SEM_WAIT),
    ("send", libc::CAP_SEND),
    ("setsockopt", libc::CAP_SETSOCKOPT),
    ("shutdown", libc::CAP_SHUTDOWN),
    ("symlinkat", libc::CAP_SYMLINKAT),
    ("ttyhook", libc::CAP_TTYHOOK),
    ("unlinkat", libc::CAP_UNLINKAT),
    ("write", libc::CAP_WRITE),
];

/// The index of a right, -1 for an unknown name.
extern "C" fn right(name: *const c_char, length: usize) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a string with its length.
        let name = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), length) };
        let found = RIGHTS
            .iter()
            .position(|(known, _)| known.as_bytes() == name);
        found.map_or(-1, count)
    })
}

/// The set of the rights with these indexes.
fn set(indexes: *const u8, n: usize) -> libc::cap_rights_t {
    let mut rights = MaybeUninit::uninit();
    // SAFETY: the Lua half passes `n` indexes that `right` has given; the list of rights ends with 0.
    unsafe {
        libc::__cap_rights_init(libc::CAP_RIGHTS_VERSION, rights.as_mut_ptr(), 0_u64);
        for i in 0..n {
            let (_, right) = RIGHTS[usize::from(*indexes.add(i))];
            libc::__cap_rights_set(rights.as_mut_ptr(), right, 0_u64);
        }
        rights.assume_init()
    }
}

/// The rights that a descriptor has.
fn get(fd: BorrowedFd<'_>) -> io::Result<libc::cap_rights_t> {
    let mut rights = MaybeUninit::uninit();
    // SAFETY: filled when the call succeeds.
    unsafe {
        Errno::result(libc::__cap_rights_get(
            libc::CAP_RIGHTS_VERSION,
            fd.as_raw_fd(),
            rights.as_mut_ptr(),
        ))?;
        Ok(rights.assume_init())
    }
}

fn limit(fd: BorrowedFd<'_>, rights: &libc::cap_rights_t) -> io::Result<()> {
    // SAFETY: a set of rights.
    Errno::result(unsafe { libc::cap_rights_limit(fd.as_raw_fd(), rights) })?;
    Ok(())
}

/// cap_rights_limit(2).
extern "C" fn rights_limit(this: *mut Io, indexes: *const u8, n: usize) -> i32 {
    guard(|| {
        let fd = object(this).descriptor();
        status(fd.and_then(|fd| limit(fd, &set(indexes, n))))
    })
}

/// Limits a descriptor to the rights that it has, without these.
extern "C" fn rights_remove(this: *mut Io, indexes: *const u8, n: usize) -> i32 {
    guard(|| {
        let fd = object(this).descriptor();
        status(fd.and_then(|fd| {
            let mut rights = get(fd)?;
            // SAFETY: two sets of rights.
            unsafe { libc::cap_rights_remove(&raw mut rights, &set(indexes, n)) };
            limit(fd, &rights)
        }))
    })
}

/// Whether a descriptor has all of these rights.
extern "C" fn rights_contains(this: *mut Io, indexes: *const u8, n: usize) -> i32 {
    guard(|| match object(this).descriptor().and_then(get) {
        // SAFETY: two sets of rights.
        Ok(rights) => i32::from(unsafe { libc::cap_rights_contains(&rights, &set(indexes, n)) }),
        Err(error) => failure(&error),
    })
}

/// cap_ioctls_limit(2).
extern "C" fn ioctls_limit(this: *mut Io, commands: *const c_ulong, n: usize) -> i32 {
    guard(|| {
        let fd = object(this).descriptor();
        status(fd.and_then(|fd| {
            // SAFETY: the Lua half passes `n` commands.
            Errno::result(unsafe { libc::cap_ioctls_limit(fd.as_raw_fd(), commands, n) })?;
            Ok(())
        }))
    })
}

/// cap_ioctls_get(2): how many commands are allowed, of which at most `n` are filled in; `i32::MAX` for all.
extern "C" fn ioctls_get(this: *mut Io, commands: *mut c_ulong, n: usize) -> i32 {
    guard(|| {
        let found = object(this).descriptor().and_then(|fd| {
            // SAFETY: the Lua half passes room for `n` commands.
            let found = unsafe { libc::cap_ioctls_get(fd.as_raw_fd(), commands, n) };
            Ok(Errno::result(found)?)
        });
        match found {
            Ok(found) => i32::try_from(found).unwrap_or(i32::MAX),
            Err(error) => failure(&error),
        }
    })
}

/// cap_fcntls_limit(2).
extern "C" fn fcntls_limit(this: *mut Io, bits: u32) -> i32 {
    guard(|| {
        let fd = object(this).descriptor();
        status(fd.and_then(|fd| {
            // SAFETY: numbers only.
            Errno::result(unsafe { libc::cap_fcntls_limit(fd.as_raw_fd(), bits) })?;
            Ok(())
        }))
    })
}

/// cap_fcntls_get(2).
extern "C" fn fcntls_get(this: *mut Io) -> i32 {
    guard(|| {
        let found = object(this).descriptor().and_then(|fd| {
            let mut bits = 0;
            // SAFETY: room for the bits.
            Errno::result(unsafe { libc::cap_fcntls_get(fd.as_raw_fd(), &raw mut bits) })?;
            Ok(bits)
        });
        match found {
            Ok(bits) => bits as i32,
            Err(error) => failure(&error),
        }
    })
}
