//! Transfers that fail instead of waiting.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "absent.rs")]
mod platform;

pub use platform::{AVAILABLE, is_refused, read, write};
