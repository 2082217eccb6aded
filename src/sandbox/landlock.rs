//! landlock(7). The Lua half knows its structs.

use super::result;
use libc::{c_long, c_void};

const CREATE_RULESET: c_long = 444;
const ADD_RULE: c_long = 445;
const RESTRICT_SELF: c_long = 446;

/// A ruleset's descriptor, close-on-exec; with flags the number that they ask for.
pub extern "C" fn create(attributes: *const c_void, size: usize, flags: u32) -> i32 {
    // SAFETY: the Lua half passes a struct of that size, or null and flags with which the kernel reads nothing.
    result(unsafe { libc::syscall(CREATE_RULESET, attributes, size, flags) })
}

/// Allows what a rule says.
pub extern "C" fn add_rule(ruleset: i32, kind: i32, rule: *const c_void) -> i32 {
    // SAFETY: the Lua half passes the struct that belongs to the type of rule.
    result(unsafe { libc::syscall(ADD_RULE, ruleset, kind, rule, 0_u32) })
}

/// Puts the calling thread under a ruleset.
pub extern "C" fn restrict(ruleset: i32, flags: u32) -> i32 {
    // SAFETY: no memory is passed.
    result(unsafe { libc::syscall(RESTRICT_SELF, ruleset, flags) })
}
