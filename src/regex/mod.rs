//! Regular expressions of three grammars, on the engines of the crate `regex`.

mod bracket;
mod engine;
pub mod fields;
mod grammar;
mod rounds;
mod vm;

use crate::bridge::{guard, operations};
use engine::Regex;
use grammar::{Grammar, Mistake, Parser};

operations! {
    new: fn(*const u8, usize, i32, i32, *mut Report) -> *mut Regex;
    free: fn(*mut Regex);
    find: fn(*mut Regex, *const u8, usize, i32, *mut i32) -> i32;
    matches: fn(*mut Regex, *const u8, usize, i32, *mut i32) -> i32;
    fields::split: fn(*mut Regex, *const u8, usize, *mut fields::Progress, *mut i32, i32) -> i32;
    fields::patsplit: fn(*mut Regex, *const u8, usize, *mut fields::Progress, *mut i32, i32) -> i32;
}

/// What [`new`] tells. Same layout as in regex.lua.
#[repr(C)]
pub struct Report {
    /// 0, or a mistake's code and where it is.
    code: i32,
    at: i32,
    groups: i32,
}

const IGNORE_CASE: i32 = 1;
const NOSUBS: i32 = 2;

/// What a pointer and a length of the Lua half stand for.
fn bytes<'a>(data: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: the Lua half passes a string or a span's memory, alive during the call.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// The pattern behind a pointer of the Lua half.
fn regex<'a>(regex: *mut Regex) -> &'a mut Regex {
    // SAFETY: the Lua half passes what `new` returned, used by one thread at a time.
    unsafe { &mut *regex }
}

/// Compiles a pattern; null if it is refused.
extern "C" fn new(
    pattern: *const u8,
    len: usize,
    grammar: i32,
    flags: i32,
    report: *mut Report,
) -> *mut Regex {
    let mut result = std::ptr::null_mut();
    // SAFETY: the Lua half passes a report.
    let report = unsafe { &mut *report };
    let code = guard(|| {
        let grammar = match grammar {
            0 => Grammar::Basic,
            1 => Grammar::Extended,
            _ => Grammar::Ecma,
        };
        let pattern = bytes(pattern, len);
        let (ignore_case, nosubs) = (flags & IGNORE_CASE != 0, flags & NOSUBS != 0);
        let mut parser = Parser::new(pattern, grammar, ignore_case, nosubs);
        let compiled = parser.parse().and_then(|hir| {
            let groups = if nosubs { 0 } else { parser.groups as usize };
            Regex::new(hir, grammar, groups).map_err(|kind| Mistake { kind, at: len })
        });
        match compiled {
            Ok(regex) => {
                report.groups = i32::try_from(regex.groups).unwrap_or(i32::MAX);
                result = Box::into_raw(Box::new(regex));
                0
            }
            Err(mistake) => {
                report.at = i32::try_from(mistake.at).unwrap_or(i32::MAX);
                mistake.kind as i32
            }
        }
    });
    report.code = code;
    result
}

extern "C" fn free(this: *mut Regex) {
    guard(|| {
        // SAFETY: the Lua half's finaliser, called once with what `new` returned.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// Leaves bounds as pairs of offsets, -1 for groups that took no part. Returns whether there is a match.
fn report(found: Option<vm::Slots>, groups: usize, offsets: *mut i32) -> i32 {
    let Some(slots) = found else { return 0 };
    for i in 0..2 * (groups + 1) {
        let slot = slots.get(i).copied().flatten();
        let offset = slot.and_then(|at| i32::try_from(at).ok()).unwrap_or(-1);
        // SAFETY: the Lua half passes room for all groups.
        unsafe { offsets.add(i).write(offset) };
    }
    1
}

/// The first match and its groups.
extern "C" fn find(
    this: *mut Regex,
    data: *const u8,
    len: usize,
    flags: i32,
    offsets: *mut i32,
) -> i32 {
    guard(|| {
        let regex = regex(this);
        let found = regex.captures(bytes(data, len), flags as u32);
        report(found, regex.groups, offsets)
    })
}

/// The groups if all of the subject matches.
extern "C" fn matches(
    this: *mut Regex,
    data: *const u8,
    len: usize,
    flags: i32,
    offsets: *mut i32,
) -> i32 {
    guard(|| {
        let regex = regex(this);
        let found = regex.matches(bytes(data, len), flags as u32);
        report(found, regex.groups, offsets)
    })
}
