//! What a child is to be: written by the Lua half, read between the fork and the exec.

use std::ffi::{c_char, c_int, c_void};

/// Sources of a child's descriptor beside numbers of the caller.
pub const NONE: c_int = -1;
/// The one of the same number.
pub const SHARE: c_int = -2;
/// A pipe whose other end is closed.
#[cfg(unix)]
pub const DEAD: c_int = -3;
/// A pipe whose other end is put in its place in the plan.
pub const PIPE: c_int = -4;

/// An option that was not given.
pub const ABSENT: c_int = -1;

/// Same layout as the struct in system/plan.lua. Texts end with NUL, lists with a null pointer.
#[repr(C)]
pub struct Plan {
    /// Files to try in turn; null when `program` is a descriptor.
    pub candidates: *const *const c_char,
    pub arguments: *const *const c_char,
    pub environment: *const *const c_char,
    /// Where the child writes its id in decimal, inside of `environment`.
    pub pid_texts: *const *mut c_char,
    pub groups: *const u32,
    pub filter: *const c_void,
    pub directory_path: *const c_char,
    pub program: c_int,
    /// By number in the child; afterwards our ends of pipes.
    pub descriptors: [c_int; 10],
    pub last_signal: c_int,
    pub policy: c_int,
    pub priority: c_int,
    pub has_priority: c_int,
    pub reset_on_fork: c_int,
    pub new_session: c_int,
    pub terminal: c_int,
    pub process_group: c_int,
    pub foreground: c_int,
    /// -1 keeps an id.
    pub ruid: u32,
    pub euid: u32,
    pub rgid: u32,
    pub egid: u32,
    pub group_count: c_int,
    pub no_new_privs: c_int,
    /// Instructions of `filter`.
    pub filter_length: c_int,
    pub ruleset: c_int,
    pub umask: c_int,
    pub directory: c_int,
    pub death_signal: c_int,
    /// Of type user, mount, uts, ipc, net.
    pub namespaces: [c_int; 5],
    /// FreeBSD: the child survives its handle; by default where that is allowed.
    pub daemon: c_int,
    /// Windows.
    pub creation_flags: u32,
}
