//! Capsicum (capsicum(4)): what a descriptor may be used for, on FreeBSD.

use crate::bridge::{count, failure, guard, operations, status};
use crate::io::{Io, object};
use capsicum::{CapRights, Fcntl, FcntlRights, FileRights, IoctlRights, Right};
use nix::errno::Errno;
use std::ffi::{c_char, c_ulong};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

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

/// Rights by name, those of rights(4) in lower case without `CAP_`. Sending is writing, and receiving is reading.
const RIGHTS: &[(&str, Right)] = &[
    ("accept", Right::Accept),
    ("acl_check", Right::AclCheck),
    ("acl_delete", Right::AclDelete),
    ("acl_get", Right::AclGet),
    ("acl_set", Right::AclSet),
    ("bind", Right::Bind),
    ("bindat", Right::Bindat),
    ("chflagsat", Right::Chflagsat),
    ("connect", Right::Connect),
    ("connectat", Right::Connectat),
    ("create", Right::Create),
    ("event", Right::Event),
    ("extattr_delete", Right::ExtattrDelete),
    ("extattr_get", Right::ExtattrGet),
    ("extattr_list", Right::ExtattrList),
    ("extattr_set", Right::ExtattrSet),
    ("fchdir", Right::Fchdir),
    ("fchflags", Right::Fchflags),
    ("fchmod", Right::Fchmod),
    ("fchmodat", Right::Fchmodat),
    ("fchown", Right::Fchown),
    ("fchownat", Right::Fchownat),
    ("fcntl", Right::Fcntl),
    ("fexecve", Right::Fexecve),
    ("flock", Right::Flock),
    ("fpathconf", Right::Fpathconf),
    ("fsck", Right::Fsck),
    ("fstat", Right::Fstat),
    ("fstatat", Right::Fstatat),
    ("fstatfs", Right::Fstatfs),
    ("fsync", Right::Fsync),
    ("ftruncate", Right::Ftruncate),
    ("futimes", Right::Futimes),
    ("futimesat", Right::Futimesat),
    ("getpeername", Right::Getpeername),
    ("getsockname", Right::Getsockname),
    ("getsockopt", Right::Getsockopt),
    ("ioctl", Right::Ioctl),
    ("kqueue", Right::Kqueue),
    ("kqueue_change", Right::KqueueChange),
    ("kqueue_event", Right::KqueueEvent),
    ("linkat_source", Right::LinkatSource),
    ("linkat_target", Right::LinkatTarget),
    ("listen", Right::Listen),
    ("lookup", Right::Lookup),
    ("mac_get", Right::MacGet),
    ("mac_set", Right::MacSet),
    ("mkdirat", Right::Mkdirat),
    ("mkfifoat", Right::Mkfifoat),
    ("mknodat", Right::Mknodat),
    ("mmap", Right::Mmap),
    ("mmap_r", Right::MmapR),
    ("mmap_rw", Right::MmapRW),
    ("mmap_rwx", Right::MmapRWX),
    ("mmap_rx", Right::MmapRX),
    ("mmap_w", Right::MmapW),
    ("mmap_wx", Right::MmapWX),
    ("mmap_x", Right::MmapX),
    ("pdgetpid", Right::Pdgetpid),
    ("pdkill", Right::Pdkill),
    ("peeloff", Right::Peeloff),
    ("pread", Right::Pread),
    ("pwrite", Right::Pwrite),
    ("read", Right::Read),
    ("recv", Right::Read),
    ("renameat_source", Right::RenameatSource),
    ("renameat_target", Right::RenameatTarget),
    ("seek", Right::Seek),
    ("sem_getvalue", Right::SemGetvalue),
    ("sem_post", Right::SemPost),
    ("sem_wait", Right::SemWait),
    ("send", Right::Write),
    ("setsockopt", Right::Setsockopt),
    ("shutdown", Right::Shutdown),
    ("symlinkat", Right::Symlinkat),
    ("ttyhook", Right::Ttyhook),
    ("unlinkat", Right::Unlinkat),
    ("write", Right::Write),
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
fn set(indexes: *const u8, n: usize) -> FileRights {
    let mut rights = FileRights::new();
    for i in 0..n {
        // SAFETY: the Lua half passes `n` indexes that `right` has given.
        let index = unsafe { *indexes.add(i) };
        rights.allow(RIGHTS[usize::from(index)].1);
    }
    rights
}

/// cap_rights_limit(2).
extern "C" fn rights_limit(this: *mut Io, indexes: *const u8, n: usize) -> i32 {
    guard(|| {
        let fd = object(this).descriptor();
        status(fd.and_then(|fd| set(indexes, n).limit(&fd)))
    })
}

/// Limits a descriptor to the rights that it has, without these.
extern "C" fn rights_remove(this: *mut Io, indexes: *const u8, n: usize) -> i32 {
    guard(|| {
        let fd = object(this).descriptor();
        status(fd.and_then(|fd| {
            let mut rights = FileRights::from_file(&fd)?;
            rights.remove(&set(indexes, n))?;
            rights.limit(&fd)
        }))
    })
}

/// Whether a descriptor has all of these rights.
extern "C" fn rights_contains(this: *mut Io, indexes: *const u8, n: usize) -> i32 {
    guard(|| {
        let fd = object(this).descriptor();
        match fd.and_then(|fd| FileRights::from_file(&fd)) {
            Ok(rights) => i32::from(rights.contains(&set(indexes, n))),
            Err(error) => failure(&error),
        }
    })
}

/// cap_ioctls_limit(2).
extern "C" fn ioctls_limit(this: *mut Io, commands: *const c_ulong, n: usize) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes `n` commands.
        let commands = unsafe { std::slice::from_raw_parts(commands, n) };
        let fd = object(this).descriptor();
        status(fd.and_then(|fd| IoctlRights::Limited(commands.to_vec()).limit(&fd)))
    })
}

/// cap_ioctls_get(2): how many commands are allowed, which are filled in; `i32::MAX` for all. The kernel allows no more
/// than there is room for.
extern "C" fn ioctls_get(this: *mut Io, commands: *mut c_ulong, room: usize) -> i32 {
    guard(|| {
        let fd = object(this).descriptor();
        match fd.and_then(|fd| IoctlRights::from_file(&fd, room)) {
            Ok(IoctlRights::Unlimited) => i32::MAX,
            Ok(IoctlRights::Limited(found)) => {
                // SAFETY: the Lua half passes `room` places, and no more were found.
                unsafe { commands.copy_from_nonoverlapping(found.as_ptr(), found.len()) };
                count(found.len())
            }
            Err(error) => failure(&error),
        }
    })
}

/// Commands of fcntl(2), in the order of their bits.
const FCNTLS: [(u32, Fcntl); 4] = [
    (libc::CAP_FCNTL_GETFL, Fcntl::GetFL),
    (libc::CAP_FCNTL_SETFL, Fcntl::SetFL),
    (libc::CAP_FCNTL_GETOWN, Fcntl::GetOwn),
    (libc::CAP_FCNTL_SETOWN, Fcntl::SetOwn),
];

/// cap_fcntls_limit(2).
extern "C" fn fcntls_limit(this: *mut Io, bits: u32) -> i32 {
    guard(|| {
        let mut rights = FcntlRights::new();
        for (bit, command) in FCNTLS {
            if bits & bit != 0 {
                rights.allow(command);
            }
        }
        let fd = object(this).descriptor();
        status(fd.and_then(|fd| rights.limit(&fd)))
    })
}

/// cap_fcntls_get(2), of which the crate keeps the bits for itself.
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

/// Leaves a socket what its sending end needs.
pub fn limit_to_sending(socket: BorrowedFd<'_>) -> io::Result<()> {
    let mut rights = FileRights::new();
    for right in [Right::Event, Right::Fcntl, Right::Fstat, Right::Write] {
        rights.allow(right);
    }
    rights.limit(&socket)?;
    let mut commands = FcntlRights::new();
    commands.allow(Fcntl::GetFL).allow(Fcntl::SetFL);
    commands.limit(&socket)
}

/// A copy of a directory's descriptor by which libraries in it can be found and loaded.
pub fn library_directory(directory: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let copy = directory.try_clone_to_owned()?;
    let mut rights = FileRights::new();
    for right in [Right::Lookup, Right::Fstat, Right::MmapRX] {
        rights.allow(right);
    }
    rights.limit(&copy)?;
    Ok(copy)
}
