//! The kernel's ring of operations, where there is one.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "absent.rs")]
mod platform;

pub use platform::Ring;
