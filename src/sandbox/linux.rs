//! System calls of Linux' sandboxes. The Lua half knows the names of rights and the texts of capabilities.

use super::{capabilities, landlock, seccomp};
use crate::bridge::{failure, guard, operations};
use crate::span::Span;
use libc::c_void;
use std::io;

operations! {
    threads: fn() -> i32;
    capabilities::get: fn(i32, *mut [capabilities::Words; 2]) -> i32;
    capabilities::set: fn(*const [capabilities::Words; 2]) -> i32;
    capabilities::bounded: fn(i32) -> i32;
    capabilities::drop_bound: fn(i32) -> i32;
    capabilities::ambient: fn(i32) -> i32;
    capabilities::set_ambient: fn(i32, i32) -> i32;
    capabilities::reset_ambient: fn() -> i32;
    capabilities::securebits: fn() -> i32;
    capabilities::set_securebits: fn(i32) -> i32;
    seccomp::set_no_new_privs: fn() -> i32;
    seccomp::set_filter: fn(*const Span) -> i32;
    landlock::create: fn(*const c_void, usize, u32) -> i32;
    landlock::add_rule: fn(i32, i32, *const c_void) -> i32;
    landlock::restrict: fn(i32, u32) -> i32;
}

/// How many threads the process has.
pub fn count_threads() -> io::Result<i32> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name, field 2 in parentheses, may hold anything; field 20 is the count.
    stat.rsplit(')')
        .next()
        .and_then(|rest| rest.split_whitespace().nth(17)?.parse().ok())
        .ok_or_else(|| io::Error::from_raw_os_error(libc::EIO))
}

/// How many threads the process has.
extern "C" fn threads() -> i32 {
    guard(|| count_threads().unwrap_or_else(|error| failure(&error)))
}
