//! FreeBSD has one name for each call.

pub use libc::__error as errno_location;

/// `RTLD_DEEPBIND` of dlfcn.h.
pub const DEEP_BIND: libc::c_int = 0x4000;

/// There is no such flag.
pub const NO_AUTOMOUNT: libc::c_int = 0;

/// It has no functions of its own.
pub fn find() {}

/// A mode as calls have it.
pub fn bits(mode: libc::mode_t) -> u32 {
    u32::from(mode)
}
