//! Splitting: bounds of fields, as many at a time as the Lua half has room for.

use super::engine::{CONTINUOUS, Regex};
use super::vm::{NOT_BOL, NOT_NULL};
use super::{bytes, regex};
use crate::bridge::guard;

/// How far a subject has been split. Same layout as in regex/fields.lua; all zero at first.
#[repr(C)]
pub struct Progress {
    pub at: i32,
    /// There was a separator.
    started: i32,
    pub done: i32,
    /// The last match was empty, and so the next one may begin where it was.
    empty: i32,
}

/// Pairs of offsets, in the memory of the Lua half.
pub struct Bounds {
    pairs: *mut i32,
    count: i32,
    room: i32,
}

impl Bounds {
    pub fn new(pairs: *mut i32, room: i32) -> Self {
        Self {
            pairs,
            count: 0,
            room,
        }
    }

    pub fn count(&self) -> i32 {
        self.count
    }

    pub fn push(&mut self, start: usize, end: usize) {
        // SAFETY: the Lua half passes room for so many pairs, and no more are pushed.
        unsafe {
            let pair = self.pairs.add(2 * self.count as usize);
            pair.write(start as i32);
            pair.add(1).write(end as i32);
        }
        self.count += 1;
    }

    pub fn full(&self) -> bool {
        self.count == self.room
    }
}

/// An operation: `$body` goes on splitting until there is no more room.
macro_rules! operation {
    ($name:ident, $body:path) => {
        pub extern "C" fn $name(
            this: *mut Regex,
            data: *const u8,
            len: usize,
            progress: *mut Progress,
            pairs: *mut i32,
            room: i32,
        ) -> i32 {
            guard(|| {
                let mut bounds = Bounds::new(pairs, room);
                // SAFETY: the Lua half passes its progress.
                let progress = unsafe { &mut *progress };
                let mut at = progress.at as usize;
                while !bounds.full() && progress.done == 0 {
                    at = $body(regex(this), bytes(data, len), at, progress, &mut bounds);
                }
                progress.at = at as i32;
                bounds.count()
            })
        }
    };
}

operation!(split, next_field);
operation!(patsplit, next_match);

/// The text between matches that are not empty. An empty field at the end is left out.
fn next_field(
    regex: &mut Regex,
    subject: &[u8],
    at: usize,
    progress: &mut Progress,
    bounds: &mut Bounds,
) -> usize {
    if let Some((start, end)) = regex.find(subject, at, NOT_NULL) {
        bounds.push(at, start);
        progress.started = 1;
        return end;
    }
    if at < subject.len() || progress.started == 0 {
        bounds.push(at, subject.len());
    }
    progress.done = 1;
    at
}

/// The matches. One byte is skipped between two of them, unless the first is empty and the second, which is not,
/// begins where it is.
fn next_match(
    regex: &mut Regex,
    subject: &[u8],
    at: usize,
    progress: &mut Progress,
    bounds: &mut Bounds,
) -> usize {
    let flags = if std::mem::take(&mut progress.empty) != 0 {
        // After the first match `^` can no longer match; behind the first byte it never does.
        let bol = if at == 0 { NOT_BOL } else { 0 };
        bol | NOT_NULL | CONTINUOUS
    } else {
        0
    };
    let Some((start, end)) = regex.find(subject, at, flags) else {
        progress.done = i32::from(flags == 0);
        return at + usize::from(flags != 0);
    };
    bounds.push(start, end);
    progress.done = i32::from(end == subject.len());
    progress.empty = i32::from(start == end);
    end + usize::from(start < end)
}
