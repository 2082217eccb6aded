//! The filesystem: one system call, or one walk through a tree that must not be raced, for each operation.
//!
//! Paths are terminated strings: the Lua half has refused those that hold a NUL.

mod attribute;
mod copy;
mod directory;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;
#[cfg_attr(unix, path = "tree_unix.rs")]
#[cfg_attr(windows, path = "tree_windows.rs")]
mod tree;
mod walk;
mod watch;

use crate::bridge::{failure, guard, operations, status};
use crate::io::{Io, object};
use crate::vm::Vm;
use directory::{Directory, Entry};
use std::ffi::{CStr, c_char};
use std::io;

operations! {
    stat: fn(*const c_char, i32, *mut Stat) -> i32;
    space: fn(*const c_char, *mut Space) -> i32;
    canonical: fn(*const c_char, *mut c_char, i32) -> i32;
    read_link: fn(*const c_char, *mut c_char, i32) -> i32;
    working_directory: fn(*mut c_char, i32) -> i32;
    change_directory: fn(*const c_char) -> i32;
    change_directory_to: fn(*mut Io) -> i32;
    change_root: fn(*const c_char) -> i32;
    make_directory: fn(*const c_char, u32) -> i32;
    hard_link: fn(*const c_char, *const c_char) -> i32;
    symbolic_link: fn(*const c_char, *const c_char, i32) -> i32;
    copy::copy_file: fn(*const c_char, *const c_char, i32) -> i32;
    rename: fn(*const c_char, *const c_char) -> i32;
    remove: fn(*const c_char) -> i32;
    remove_tree: fn(*const c_char, *mut u64) -> i32;
    resize: fn(*const c_char, i64) -> i32;
    set_modified: fn(*const c_char, i64) -> i32;
    change_mode: fn(*const c_char, u32, i32) -> i32;
    change_owner: fn(*const c_char, i64, i64, i32) -> i32;
    set_umask: fn(u32) -> i32;
    make_fifo: fn(*const c_char, u32) -> i32;
    make_node: fn(*const c_char, u32, u64) -> i32;
    make_device: fn(u32, u32, *mut u64) -> i32;
    split_device: fn(u64, *mut [u32; 2]) -> i32;
    directory::directory_open: fn(*const Directory, *const c_char, i32, *mut *mut Directory) -> i32;
    directory::directory_next: fn(*mut Directory, *mut Entry) -> i32;
    directory::directory_stat: fn(*const Directory, *const c_char, i32, *mut Stat) -> i32;
    directory::directory_free: fn(*mut Directory);
    walk::walk_start: fn(*mut Vm, u32, *const c_char, usize, i32, *mut *mut walk::Job) -> i32;
    walk::walk_take: fn(*mut walk::Job, *mut walk::View) -> i32;
    walk::walk_free: fn(*mut walk::Job);
    watch::watch_open: fn(*mut Io) -> i32;
    watch::watch_add: fn(*mut Io, *const c_char, u32) -> i32;
    watch::watch_remove: fn(*mut Io, i32) -> i32;
    attribute::attribute_get: fn(*const c_char, *const c_char, *mut u8, i32) -> i32;
    attribute::attribute_set: fn(*const c_char, *const c_char, *const u8, i32) -> i32;
}

/// What is known of a file. Same layout as `emilua_stat` in lua/emilua/filesystem/native.lua.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Stat {
    size: i64,
    /// Last modification, nanoseconds since the UNIX epoch.
    modified: i64,
    links: u64,
    device: u64,
    inode: u64,
    /// Permission bits.
    mode: u32,
    kind: Kind,
}

/// A type of file, as lua/emilua/filesystem/status.lua numbers them.
#[repr(transparent)]
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Kind(i32);

impl Kind {
    const UNKNOWN: Self = Self(0);
    const REGULAR: Self = Self(1);
    const DIRECTORY: Self = Self(2);
    const SYMLINK: Self = Self(3);
}

/// Sizes of a filesystem in bytes.
#[repr(C)]
#[derive(Default)]
pub struct Space {
    capacity: u64,
    free: u64,
    available: u64,
}

/// The path behind a pointer of the Lua half.
fn text<'a>(path: *const c_char) -> &'a CStr {
    // SAFETY: the Lua half passes a terminated string that lives during the call.
    unsafe { CStr::from_ptr(path) }
}

/// Stores a result for the Lua half.
fn put<T>(result: io::Result<T>, into: *mut T) -> i32 {
    match result {
        Ok(value) => {
            // SAFETY: the Lua half passes a place for one.
            unsafe { into.write(value) };
            0
        }
        Err(error) => failure(&error),
    }
}

/// Stores a path and returns its length; ENAMETOOLONG when it does not fit.
fn put_path(result: io::Result<Vec<u8>>, buffer: *mut c_char, size: i32) -> i32 {
    match result {
        Ok(path) if i32::try_from(path.len()).is_ok_and(|n| n <= size) => {
            crate::bridge::copy_text(&path, buffer, size)
        }
        Ok(_) => -libc::ENAMETOOLONG,
        Err(error) => failure(&error),
    }
}

/// stat(2); lstat(2) unless `follow`.
extern "C" fn stat(path: *const c_char, follow: i32, into: *mut Stat) -> i32 {
    guard(|| put(platform::stat(text(path), follow != 0), into))
}

/// statvfs(3).
extern "C" fn space(path: *const c_char, into: *mut Space) -> i32 {
    guard(|| put(platform::space(text(path)), into))
}

/// realpath(3).
extern "C" fn canonical(path: *const c_char, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| put_path(platform::canonical(text(path)), buffer, size))
}

/// readlink(2).
extern "C" fn read_link(path: *const c_char, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| put_path(platform::read_link(text(path)), buffer, size))
}

/// getcwd(3).
extern "C" fn working_directory(buffer: *mut c_char, size: i32) -> i32 {
    guard(|| put_path(platform::working_directory(), buffer, size))
}

/// chdir(2).
extern "C" fn change_directory(path: *const c_char) -> i32 {
    guard(|| status(platform::change_directory(text(path))))
}

/// fchdir(2).
extern "C" fn change_directory_to(directory: *mut Io) -> i32 {
    guard(|| {
        let descriptor = object(directory).descriptor();
        status(descriptor.and_then(platform::change_directory_to))
    })
}

/// chroot(2).
extern "C" fn change_root(path: *const c_char) -> i32 {
    guard(|| status(platform::change_root(text(path))))
}

/// mkdir(2).
extern "C" fn make_directory(path: *const c_char, mode: u32) -> i32 {
    guard(|| status(platform::make_directory(text(path), mode)))
}

/// link(2).
extern "C" fn hard_link(target: *const c_char, link: *const c_char) -> i32 {
    guard(|| status(platform::hard_link(text(target), text(link))))
}

/// symlink(2). `directory`: the target is one, which only Windows has to know.
extern "C" fn symbolic_link(target: *const c_char, link: *const c_char, directory: i32) -> i32 {
    guard(|| {
        status(platform::symbolic_link(
            text(target),
            text(link),
            directory != 0,
        ))
    })
}

/// rename(2).
extern "C" fn rename(from: *const c_char, to: *const c_char) -> i32 {
    guard(|| status(platform::rename(text(from), text(to))))
}

/// remove(3): a file, a link or an empty directory.
extern "C" fn remove(path: *const c_char) -> i32 {
    guard(|| status(platform::remove(text(path))))
}

/// Removes a file or a whole tree; stores how many files were removed.
extern "C" fn remove_tree(path: *const c_char, removed: *mut u64) -> i32 {
    guard(|| put(tree::remove(text(path)), removed))
}

/// truncate(2).
extern "C" fn resize(path: *const c_char, size: i64) -> i32 {
    guard(|| status(platform::resize(text(path), size)))
}

/// Sets the time of the last modification, in nanoseconds since the UNIX epoch.
extern "C" fn set_modified(path: *const c_char, time: i64) -> i32 {
    guard(|| status(platform::set_modified(text(path), time)))
}

/// chmod(2); for a link itself unless `follow`.
extern "C" fn change_mode(path: *const c_char, mode: u32, follow: i32) -> i32 {
    guard(|| status(platform::change_mode(text(path), mode, follow != 0)))
}

/// chown(2); for a link itself unless `follow`. An id of -1 stays.
extern "C" fn change_owner(path: *const c_char, owner: i64, group: i64, follow: i32) -> i32 {
    guard(|| {
        status(platform::change_owner(
            text(path),
            u32::try_from(owner).ok(),
            u32::try_from(group).ok(),
            follow != 0,
        ))
    })
}

/// umask(2): the mask before.
extern "C" fn set_umask(mask: u32) -> i32 {
    guard(|| match platform::set_umask(mask) {
        Ok(old) => i32::try_from(old).unwrap_or(0),
        Err(error) => failure(&error),
    })
}

/// mkfifo(3).
extern "C" fn make_fifo(path: *const c_char, mode: u32) -> i32 {
    guard(|| status(platform::make_fifo(text(path), mode)))
}

/// mknod(2).
extern "C" fn make_node(path: *const c_char, mode: u32, device: u64) -> i32 {
    guard(|| status(platform::make_node(text(path), mode, device)))
}

/// makedev(3).
extern "C" fn make_device(major: u32, minor: u32, into: *mut u64) -> i32 {
    guard(|| put(platform::make_device(major, minor), into))
}

/// major(3) and minor(3).
extern "C" fn split_device(device: u64, into: *mut [u32; 2]) -> i32 {
    guard(|| put(platform::split_device(device), into))
}
