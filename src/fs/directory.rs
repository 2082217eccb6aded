//! Reading a directory, entry by entry, and asking for the attributes of what is in it.

use super::{Kind, Stat, put, text};
use crate::bridge::{failure, guard};
use std::ffi::c_char;

pub use super::platform::Directory;

/// An entry. Same layout as `emilua_entry` in lua/emilua/filesystem/native.lua.
#[repr(C)]
pub struct Entry {
    /// Valid until the next entry is read.
    pub name: *const c_char,
    pub length: i32,
    /// Of the entry itself, not of what a link leads to.
    pub kind: Kind,
}

/// The directory behind a pointer of the Lua half.
fn directory<'a>(this: *mut Directory) -> &'a mut Directory {
    // SAFETY: the Lua half holds the pointer that `directory_open` stored until it frees it.
    unsafe { &mut *this }
}

/// opendir(3); below `parent` when there is one. A link as the last component is followed if `follow`.
pub extern "C" fn directory_open(
    parent: *const Directory,
    name: *const c_char,
    follow: i32,
    into: *mut *mut Directory,
) -> i32 {
    guard(|| {
        // SAFETY: null or a directory that the Lua half has open.
        let parent = unsafe { parent.as_ref() };
        let opened = Directory::open(parent, text(name), follow != 0);
        put(
            opened.map(|directory| Box::into_raw(Box::new(directory))),
            into,
        )
    })
}

/// readdir(3): 1 and the next entry, or 0 at the end. `.` and `..` are left out.
pub extern "C" fn directory_next(this: *mut Directory, into: *mut Entry) -> i32 {
    guard(|| match directory(this).next() {
        Ok(Some(entry)) => {
            // SAFETY: the Lua half passes a place for one.
            unsafe { into.write(entry) };
            1
        }
        Ok(None) => 0,
        Err(error) => failure(&error),
    })
}

/// fstatat(2) of an entry; of a link itself unless `follow`.
pub extern "C" fn directory_stat(
    this: *const Directory,
    name: *const c_char,
    follow: i32,
    into: *mut Stat,
) -> i32 {
    guard(|| {
        put(
            directory(this.cast_mut()).stat(text(name), follow != 0),
            into,
        )
    })
}

/// closedir(3).
pub extern "C" fn directory_free(this: *mut Directory) {
    guard(|| {
        // SAFETY: called once, by who owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}
