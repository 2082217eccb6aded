//! What a process may do: capabilities, Landlock and seccomp of Linux; jails of FreeBSD.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "jail.rs")]
mod platform;

#[cfg(target_os = "linux")]
mod capabilities;
#[cfg(target_os = "freebsd")]
mod capsicum;
#[cfg(target_os = "linux")]
mod dispatch;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod landlock;
#[cfg(target_os = "freebsd")]
mod procctl;
#[cfg(target_os = "linux")]
mod seccomp;

#[cfg(target_os = "linux")]
pub use filter::FUNCTIONS;
pub use platform::OPERATIONS;
#[cfg(target_os = "freebsd")]
pub use procctl::no_new_privs;

use nix::errno::Errno;

/// The result of a system call that returns -1 when it fails.
fn result(returned: impl TryInto<i32> + PartialOrd + Default) -> i32 {
    if returned < Default::default() {
        return -Errno::last_raw();
    }
    returned.try_into().unwrap_or(i32::MAX)
}
