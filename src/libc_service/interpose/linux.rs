//! The other names of glibc: those of large files, of fortified programs and of older releases; and statx(2).

use crate::exports::{self, export, fstatat, lstat, open, openat, stat};
use crate::packet::Field;
use crate::status::{self, get, nanoseconds};
use crate::wire::Answer;
use libc::{mode_t, stat as Stat, stat64 as Stat64};
use std::ffi::{c_char, c_int, c_uint};

pub use libc::{
    __errno_location as errno_location, AT_NO_AUTOMOUNT as NO_AUTOMOUNT, RTLD_DEEPBIND as DEEP_BIND,
};

/// A mode as calls have it.
pub fn bits(mode: mode_t) -> u32 {
    mode
}

/// Functions behind this library that only Linux has.
mod own {
    use std::ffi::{c_char, c_int, c_uint};

    real! {
        statx(
            directory: c_int, path: *const c_char, flags: c_int, mask: c_uint,
            status: *mut libc::statx
        ) -> c_int, -1;
        renameat2(
            from_directory: c_int, from: *const c_char, to_directory: c_int, to: *const c_char,
            flags: c_uint
        ) -> c_int, -1;
    }
}
pub use own::find;

// The names with 64 are the same functions then.
const _: () = assert!(size_of::<Stat>() == size_of::<Stat64>() && size_of::<libc::off_t>() == 8);

export! {
    open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int { open(path, flags, mode) }

    __open_2(path: *const c_char, flags: c_int) -> c_int { open(path, flags, 0) }

    __open64_2(path: *const c_char, flags: c_int) -> c_int { open(path, flags, 0) }

    openat64(directory: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
        openat(directory, path, flags, mode)
    }

    __openat_2(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
        openat(directory, path, flags, 0)
    }

    __openat64_2(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
        openat(directory, path, flags, 0)
    }

    creat64(path: *const c_char, mode: mode_t) -> c_int { exports::creat(path, mode) }

    fopen64(path: *const c_char, mode: *const c_char) -> *mut libc::FILE { exports::fopen(path, mode) }

    euidaccess(path: *const c_char, mode: c_int) -> c_int { exports::eaccess(path, mode) }

    renameat2(
        from_directory: c_int, from: *const c_char, to_directory: c_int, to: *const c_char,
        flags: c_uint
    ) -> c_int {
        if flags == 0 {
            exports::renameat(from_directory, from, to_directory, to)
        } else {
            own::renameat2(from_directory, from, to_directory, to, flags)
        }
    }

    stat64(path: *const c_char, status: *mut Stat) -> c_int { stat(path, status) }

    lstat64(path: *const c_char, status: *mut Stat) -> c_int { lstat(path, status) }

    fstatat64(directory: c_int, path: *const c_char, status: *mut Stat, flags: c_int) -> c_int {
        fstatat(directory, path, status, flags)
    }

    // Of programs that were linked before glibc 2.33. The version tells of structs that have been one for long.
    __xstat(_version: c_int, path: *const c_char, status: *mut Stat) -> c_int { stat(path, status) }

    __xstat64(_version: c_int, path: *const c_char, status: *mut Stat) -> c_int {
        stat(path, status)
    }

    __lxstat(_version: c_int, path: *const c_char, status: *mut Stat) -> c_int {
        lstat(path, status)
    }

    __lxstat64(_version: c_int, path: *const c_char, status: *mut Stat) -> c_int {
        lstat(path, status)
    }

    __fxstatat(
        _version: c_int, directory: c_int, path: *const c_char, status: *mut Stat, flags: c_int
    ) -> c_int {
        fstatat(directory, path, status, flags)
    }

    __fxstatat64(
        _version: c_int, directory: c_int, path: *const c_char, status: *mut Stat, flags: c_int
    ) -> c_int {
        fstatat(directory, path, status, flags)
    }

    statx(
        directory: c_int, path: *const c_char, flags: c_int, mask: c_uint, status: *mut libc::statx
    ) -> c_int {
        // How fresh the answer has to be is the master's business.
        let kind = flags & !libc::AT_STATX_SYNC_TYPE;
        let answer = status::function(directory, path, kind)
            .and_then(|function| status::answer(function, path));
        match answer {
            Some(Ok(answer)) => {
                *status = std::mem::zeroed();
                fill(&answer, &mut *status);
                0
            }
            Some(Err(result)) => result,
            None => own::statx(directory, path, flags, mask, status),
        }
    }
}

fn fill(answer: &Answer, status: &mut libc::statx) {
    let number = |field| get(answer, field);
    let device = |field| {
        let device = get(answer, field) as libc::dev_t;
        (libc::major(device), libc::minor(device))
    };
    status.stx_mask = libc::STATX_BASIC_STATS;
    status.stx_mode = status::mode(answer) as u16;
    status.stx_ino = number(Field::Inode) as u64;
    status.stx_nlink = number(Field::Links) as u32;
    status.stx_uid = number(Field::User) as u32;
    status.stx_gid = number(Field::Group) as u32;
    status.stx_size = number(Field::Size) as u64;
    status.stx_blksize = number(Field::BlockSize) as u32;
    status.stx_blocks = number(Field::Blocks) as u64;
    (status.stx_dev_major, status.stx_dev_minor) = device(Field::Device);
    (status.stx_rdev_major, status.stx_rdev_minor) = device(Field::SpecialDevice);
    for (time, field) in [
        (&mut status.stx_atime, Field::Accessed),
        (&mut status.stx_mtime, Field::Modified),
        (&mut status.stx_ctime, Field::Changed),
    ] {
        time.tv_sec = number(field);
        time.tv_nsec = nanoseconds(answer, field) as u32;
    }
}
