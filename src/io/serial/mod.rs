//! Serial lines and pseudo terminals: opening, line settings, and what belongs to terminals.

mod list;
#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use list::FUNCTIONS;

use super::{Io, object};
use crate::bridge::{failure, guard, operations, status};
use crate::system;
use std::ffi::c_char;
use std::io;

operations! {
    open: fn(*mut Io, *const c_char, usize) -> i32;
    pair: fn(*mut Io, *mut Io) -> i32;
    get: fn(*mut Io, i32) -> i32;
    set: fn(*mut Io, i32, i32) -> i32;
    is_terminal: fn(*mut Io) -> i32;
    foreground: fn(*mut Io) -> i32;
    set_foreground: fn(*mut Io, i32) -> i32;
    send_break: fn(*mut Io) -> i32;
}

/// A setting of a line, by the number of the Lua half. Values: bits per second; 0 none, 1 software, 2 hardware; 0 none,
/// 1 odd, 2 even; 1 one, 2 two; bits of a character.
#[derive(Clone, Copy)]
enum Setting {
    BaudRate,
    FlowControl,
    Parity,
    StopBits,
    CharacterSize,
}

impl Setting {
    fn from(number: i32) -> Self {
        match number {
            1 => Self::BaudRate,
            2 => Self::FlowControl,
            3 => Self::Parity,
            4 => Self::StopBits,
            _ => Self::CharacterSize,
        }
    }
}

/// Opens a device; the line settings are left untouched.
extern "C" fn open(this: *mut Io, device: *const c_char, length: usize) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a string with its length.
        let device = unsafe { std::slice::from_raw_parts(device.cast::<u8>(), length) };
        status(platform::open(&system::path(device)).map(|line| object(this).set(line)))
    })
}

/// A new pseudo terminal: both objects are closed before.
extern "C" fn pair(master: *mut Io, slave: *mut Io) -> i32 {
    guard(|| {
        status(platform::pair().map(|(a, b)| {
            object(master).set(a);
            object(slave).set(b);
        }))
    })
}

/// The code of a number, or of a failure.
fn number(result: io::Result<i32>) -> i32 {
    result.unwrap_or_else(|error| failure(&error))
}

extern "C" fn get(this: *mut Io, setting: i32) -> i32 {
    guard(|| {
        number(
            object(this)
                .descriptor()
                .and_then(|line| platform::get(line, Setting::from(setting))),
        )
    })
}

extern "C" fn set(this: *mut Io, setting: i32, value: i32) -> i32 {
    guard(|| {
        status(
            object(this)
                .descriptor()
                .and_then(|line| platform::set(line, Setting::from(setting), value)),
        )
    })
}

/// isatty(3).
extern "C" fn is_terminal(this: *mut Io) -> i32 {
    guard(|| {
        number(
            object(this)
                .descriptor()
                .and_then(|line| platform::is_terminal(line).map(i32::from)),
        )
    })
}

/// tcgetpgrp(3).
extern "C" fn foreground(this: *mut Io) -> i32 {
    guard(|| number(object(this).descriptor().and_then(platform::foreground)))
}

/// tcsetpgrp(3).
extern "C" fn set_foreground(this: *mut Io, group: i32) -> i32 {
    guard(|| {
        status(
            object(this)
                .descriptor()
                .and_then(|line| platform::set_foreground(line, group)),
        )
    })
}

/// tcsendbreak(3).
extern "C" fn send_break(this: *mut Io) -> i32 {
    guard(|| status(object(this).descriptor().and_then(platform::send_break)))
}
