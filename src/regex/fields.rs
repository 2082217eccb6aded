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

fn run(
    this: *mut Regex,
    (data, len): (*const u8, usize),
    progress: *mut Progress,
    (pairs, room): (*mut i32, i32),
    body: fn(&mut Regex, &[u8], &mut Progress, &mut Bounds),
) -> i32 {
    guard(|| {
        let mut bounds = Bounds::new(pairs, room);
        // SAFETY: the Lua half passes its progress.
        let progress = unsafe { &mut *progress };
        body(regex(this), bytes(data, len), progress, &mut bounds);
        bounds.count()
    })
}

/// The text between matches that are not empty. An empty field at the end is left out.
pub extern "C" fn split(
    this: *mut Regex,
    data: *const u8,
    len: usize,
    progress: *mut Progress,
    pairs: *mut i32,
    room: i32,
) -> i32 {
    run(
        this,
        (data, len),
        progress,
        (pairs, room),
        |regex, subject, progress, bounds| {
            let mut at = progress.at as usize;
            while !bounds.full() && progress.done == 0 {
                match regex.find(subject, at, NOT_NULL) {
                    Some((start, end)) => {
                        bounds.push(at, start);
                        at = end;
                        progress.started = 1;
                    }
                    None => {
                        if at < subject.len() || progress.started == 0 {
                            bounds.push(at, subject.len());
                        }
                        progress.done = 1;
                    }
                }
            }
            progress.at = at as i32;
        },
    )
}

/// The matches. One byte is skipped between two of them, unless the first is empty and the second, which is not,
/// begins where it is.
pub extern "C" fn patsplit(
    this: *mut Regex,
    data: *const u8,
    len: usize,
    progress: *mut Progress,
    pairs: *mut i32,
    room: i32,
) -> i32 {
    run(
        this,
        (data, len),
        progress,
        (pairs, room),
        |regex, subject, progress, bounds| {
            let mut at = progress.at as usize;
            while !bounds.full() && progress.done == 0 {
                let found = if std::mem::take(&mut progress.empty) != 0 {
                    // After the first match `^` can no longer match; behind the first byte it never does.
                    let bol = if at == 0 { NOT_BOL } else { 0 };
                    let found = regex.find(subject, at, bol | NOT_NULL | CONTINUOUS);
                    if found.is_none() {
                        at += 1;
                        continue;
                    }
                    found
                } else {
                    regex.find(subject, at, 0)
                };
                match found {
                    None => progress.done = 1,
                    Some((start, end)) => {
                        bounds.push(start, end);
                        progress.done = i32::from(end == subject.len());
                        progress.empty = i32::from(start == end);
                        at = if start == end { end } else { end + 1 };
                    }
                }
            }
            progress.at = at as i32;
        },
    )
}
