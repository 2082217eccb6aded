//! What `stream.scanner` does with bytes: finding separators, and views of what is between them.

use crate::bridge::{guard, operations};
use crate::regex::fields::{Bounds, Progress};
use crate::span;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"records_of", records_of)];

operations! {
    find: fn(*const u8, usize, usize, *const u8, usize) -> f64;
    split: fn(*const u8, usize, *const u8, usize, *mut Progress, *mut i32, i32) -> i32;
}

/// Records that are looked for ahead.
const AHEAD: c_int = 64;

/// `records_of(buffer) -> records`
unsafe extern "C-unwind" fn records_of(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a span.
    unsafe { span::push_maker(l, records) };
    1
}

/// `records(start, stop, separator, list) -> count`: fills the list with the next records that a separator ends.
unsafe extern "C-unwind" fn records(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with offsets inside the buffer's block, a string and a table.
    unsafe {
        let buffer = span::maker_span(l);
        let mut start = ffi::lua_tonumber(l, 1) as usize;
        let stop = ffi::lua_tonumber(l, 2) as usize;
        let mut size = 0;
        let separator = ffi::lua_tolstring(l, 3, &mut size);
        let separator = std::slice::from_raw_parts(separator.cast::<u8>(), size);
        let mut count = 0;
        while count < AHEAD {
            let text = std::slice::from_raw_parts(buffer.data.add(start), stop - start);
            let Some(length) = search(text, separator) else {
                break;
            };
            count += 1;
            span::push_view(l, buffer, start, start + length);
            ffi::lua_rawseti_(l, 4, count);
            start += length + size;
        }
        ffi::lua_pushnumber(l, f64::from(count));
    }
    1
}

fn search(text: &[u8], separator: &[u8]) -> Option<usize> {
    match separator {
        [byte] => memchr::memchr(*byte, text),
        _ => memchr::memmem::find(text, separator),
    }
}

/// Offset of the first separator between two offsets, or -1.
extern "C" fn find(
    data: *const u8,
    from: usize,
    stop: usize,
    separator: *const u8,
    size: usize,
) -> f64 {
    // SAFETY: the Lua half passes offsets inside the buffer's block, and a string with its length.
    let (text, separator) = unsafe {
        (
            std::slice::from_raw_parts(data.add(from), stop - from),
            std::slice::from_raw_parts(separator, size),
        )
    };
    search(text, separator).map_or(-1.0, |at| (from + at) as f64)
}

/// The text between separators; nothing of an empty text.
extern "C" fn split(
    data: *const u8,
    len: usize,
    separator: *const u8,
    size: usize,
    progress: *mut Progress,
    pairs: *mut i32,
    room: i32,
) -> i32 {
    // SAFETY: the Lua half passes a part of the buffer's block, a string with its length, and its progress.
    let (text, separator, progress) = unsafe {
        (
            std::slice::from_raw_parts(data, len),
            std::slice::from_raw_parts(separator, size),
            &mut *progress,
        )
    };
    guard(|| {
        let mut bounds = Bounds::new(pairs, room);
        let mut at = progress.at as usize;
        progress.done = i32::from(text.is_empty());
        while !bounds.full() && progress.done == 0 {
            let rest = &text[at..];
            match search(rest, separator) {
                Some(length) => {
                    bounds.push(at, at + length);
                    at += length + separator.len();
                }
                None => {
                    bounds.push(at, text.len());
                    progress.done = 1;
                }
            }
        }
        progress.at = at as i32;
        bounds.count()
    })
}
