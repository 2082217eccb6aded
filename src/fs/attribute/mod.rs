//! Extended attributes of files, by which Linux keeps a file's capabilities.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "absent.rs")]
mod platform;

use super::text;
use crate::bridge::{count, failure, guard, status};
use std::ffi::c_char;

/// getxattr(2): the length of the value.
pub extern "C" fn attribute_get(
    path: *const c_char,
    name: *const c_char,
    buffer: *mut u8,
    size: i32,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a buffer of that size.
        let buffer = unsafe { std::slice::from_raw_parts_mut(buffer, size as usize) };
        match platform::get(text(path), text(name), buffer) {
            Ok(length) => count(length),
            Err(error) => failure(&error),
        }
    })
}

/// setxattr(2).
pub extern "C" fn attribute_set(
    path: *const c_char,
    name: *const c_char,
    value: *const u8,
    size: i32,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a buffer of that size.
        let value = unsafe { std::slice::from_raw_parts(value, size as usize) };
        status(platform::set(text(path), text(name), value))
    })
}
