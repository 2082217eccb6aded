//! The standard streams: descriptors 0, 1 and 2, which the process shares with others.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use platform::OPERATIONS;
