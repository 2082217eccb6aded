//! Watching files: inotify(7), which other systems lack.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "absent.rs")]
mod platform;

use super::text;
use crate::bridge::{failure, guard, status};
use crate::io::{Io, object};
use std::ffi::c_char;

/// inotify_init(2) into an object that is closed.
pub extern "C" fn watch_open(this: *mut Io) -> i32 {
    guard(|| status(platform::open(object(this))))
}

/// inotify_add_watch(2): the number of the watch.
pub extern "C" fn watch_add(this: *mut Io, path: *const c_char, mask: u32) -> i32 {
    guard(|| match platform::add(object(this), text(path), mask) {
        Ok(watch) => watch,
        Err(error) => failure(&error),
    })
}

/// inotify_rm_watch(2).
pub extern "C" fn watch_remove(this: *mut Io, watch: i32) -> i32 {
    guard(|| status(platform::remove(object(this), watch)))
}
