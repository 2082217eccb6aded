//! Opening, locking and blocking transfers, by the system calls of the platform.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use platform::{adopt, appends, lock, open, read, surrender, wait, write};
