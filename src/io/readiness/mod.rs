//! Readiness of a descriptor, from tokio's reactor.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use platform::{
    ALREADY, Borrowed, Descriptor, IN_PROGRESS, IS_CONNECTED, NO_SIGNAL, Registration, borrow,
    has_come, socket,
};

/// What can be waited for.
#[derive(Clone, Copy)]
pub enum Event {
    Read,
    Write,
    /// Urgent data; errors belong to each.
    Exception,
}
