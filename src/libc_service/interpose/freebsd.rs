//! FreeBSD has one name for each call.

pub use libc::__error as errno_location;

/// A mode as calls have it.
pub fn bits(mode: libc::mode_t) -> u32 {
    u32::from(mode)
}
