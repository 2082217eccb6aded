//! The boundary: one struct of function pointers that the Lua half calls through the FFI.
//!
//! The order of [`Ops`] and of the `cdef` in `lua/emilua/core/native.lua` is the same.

mod guard;
mod twins;

pub use guard::{EOF, PENDING, count, failure, guard, message, status};
pub use twins::FUNCTIONS;

use crate::io::{Endpoint, Io};
use crate::span::Span;
use crate::system;
use crate::vm::Vm;
use std::ffi::{c_char, c_int};

/// Every native operation. Results are `i32`: at least 0 a result, else a negated error number
/// or one of [`PENDING`], [`EOF`], [`PANIC`].
#[repr(C)]
pub struct Ops {
    collect: extern "C" fn(*mut Vm) -> i32,
    message: extern "C" fn(*mut c_char, i32) -> i32,
    panic: extern "C" fn() -> i32,
    strerror: extern "C" fn(i32, *mut c_char, i32) -> i32,
    report: extern "C" fn(*const c_char, usize) -> i32,
    is_terminal: extern "C" fn() -> i32,
    clock: extern "C" fn(i32, *mut i64) -> i32,
    timer_after: extern "C" fn(*mut Vm, f64, u32) -> i32,
    timer_at: extern "C" fn(*mut Vm, i32, i64, u32) -> i32,
    timer_cancel: extern "C" fn(*mut Vm, u32) -> i32,
    span_find: extern "C" fn(*const Span, *const u8, usize, usize) -> f64,
    span_rfind: extern "C" fn(*const Span, *const u8, usize, usize) -> f64,
    io_new: extern "C" fn(*mut Vm, u32, u32) -> *mut Io,
    io_free: extern "C" fn(*mut Io),
    io_open: extern "C" fn(*mut Io, i32, i32) -> i32,
    io_bind: extern "C" fn(*mut Io, *const Endpoint) -> i32,
    io_listen: extern "C" fn(*mut Io, i32) -> i32,
    io_accept: extern "C" fn(*mut Io, *mut Io) -> i32,
    io_connect: extern "C" fn(*mut Io, *const Endpoint, i32) -> i32,
    io_connected: extern "C" fn(*mut Io, *const Endpoint) -> i32,
    io_read: extern "C" fn(*mut Io, *const Span) -> i32,
    io_write: extern "C" fn(*mut Io, *const Span) -> i32,
    io_shutdown: extern "C" fn(*mut Io, i32) -> i32,
    io_close: extern "C" fn(*mut Io) -> i32,
    io_is_open: extern "C" fn(*const Io) -> i32,
    io_local: extern "C" fn(*const Io, *mut Endpoint) -> i32,
    io_remote: extern "C" fn(*const Io, *mut Endpoint) -> i32,
    io_set_option: extern "C" fn(*mut Io, i32, i32, i32) -> i32,
    io_get_option: extern "C" fn(*mut Io, i32, *mut [i32; 2]) -> i32,
    address_parse: extern "C" fn(*const c_char, usize, *mut Endpoint) -> i32,
    address_format: extern "C" fn(*const Endpoint, *mut c_char, i32) -> i32,
    host_name: extern "C" fn(*mut c_char, i32) -> i32,
    number_text: extern "C" fn(f64, i32, i32, *mut c_char, i32) -> i32,
    is_ascii: extern "C" fn(*const u8, usize) -> i32,
}

static OPS: Ops = Ops {
    collect: crate::vm::collect,
    message: panic_message,
    panic,
    strerror: system::strerror,
    report: system::report,
    is_terminal: system::is_terminal,
    clock: crate::vm::clock,
    timer_after: crate::vm::timer_after,
    timer_at: crate::vm::timer_at,
    timer_cancel: crate::vm::timer_cancel,
    span_find: crate::span::find,
    span_rfind: crate::span::rfind,
    io_new: crate::io::new,
    io_free: crate::io::free,
    io_open: crate::io::open,
    io_bind: crate::io::bind,
    io_listen: crate::io::listen,
    io_accept: crate::io::accept,
    io_connect: crate::io::connect,
    io_connected: crate::io::connected,
    io_read: crate::io::read,
    io_write: crate::io::write,
    io_shutdown: crate::io::shutdown,
    io_close: crate::io::close,
    io_is_open: crate::io::is_open,
    io_local: crate::io::local,
    io_remote: crate::io::remote,
    io_set_option: crate::io::set_option,
    io_get_option: crate::io::get_option,
    address_parse: crate::io::address_parse,
    address_format: crate::io::address_format,
    host_name: system::host_name,
    number_text: crate::number::text,
    is_ascii: crate::number::is_ascii,
};

/// The table of operations, whose address the Lua half casts once.
pub fn ops() -> *const Ops {
    &raw const OPS
}

/// Copies `text` into a caller's buffer and returns its whole length.
pub fn copy_text(text: &[u8], buffer: *mut c_char, size: i32) -> i32 {
    let n = text.len().min(usize::try_from(size).unwrap_or(0));
    // SAFETY: the caller gives `size` writable bytes, and `n` is at most that.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), n) };
    c_int::try_from(n).unwrap_or(0)
}

/// Text of the last caught panic.
extern "C" fn panic_message(buffer: *mut c_char, size: i32) -> i32 {
    copy_text(message().as_bytes(), buffer, size)
}

/// Panics: the test suite shows by it that no panic reaches the interpreter.
extern "C" fn panic() -> i32 {
    guard(|| panic!("forced by the test suite"))
}
