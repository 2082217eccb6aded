//! FreeBSD has one name for each call.

pub use libc::__error as errno_location;
