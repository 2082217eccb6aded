//! Actors in processes of their own. One file for each role of a process, one for what they say to each other.
//!
//! The host asks its zygote for a child, over a socket; the child is told by the host, over a socket of its own, what it
//! is to be; an init script sets its world up before the first code of the actor runs.

mod actor;
mod barrier;
mod child;
mod children;
#[cfg_attr(target_os = "linux", path = "close/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "close/freebsd.rs")]
mod close;
mod configuration;
mod functions;
mod host;
mod inbound;
mod init_script;
pub mod message;
mod mirror;
mod outbound;
mod pid1;
#[cfg_attr(target_os = "linux", path = "platform/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "platform/freebsd.rs")]
mod platform;
mod protocol;
mod socket;
mod wire;
mod zygote;

pub use children::kill_those_of;
pub use functions::FUNCTIONS;
pub use host::module_path;
pub use inbound::Inbound;
pub use init_script::OPERATIONS as INIT_SCRIPT;
pub use outbound::METHODS;
pub use socket::Socket;
pub use zygote::open as open_zygote;

use crate::bridge::operations;
use crate::io::Io;
use crate::vm::Vm;
use outbound::Outgoing;
use std::ffi::c_char;

operations! {
    outbound::send: fn(*mut Io, *const *const Outgoing) -> i32;
    outbound::send_string: fn(*mut Io, f64, *const c_char, usize) -> i32;
    outbound::send_number: fn(*mut Io, f64) -> i32;
    outbound::send_boolean: fn(*mut Io, i32) -> i32;
    outbound::close_descriptors: fn(*const *mut Outgoing) -> i32;
    children::add: fn(*const Vm, i32) -> i32;
    children::kill: fn(i32, i32) -> i32;
    children::forget: fn(i32) -> i32;
}

/// Overwrites bytes so that no optimisation can leave them.
fn wipe(bytes: &mut [u8]) {
    // SAFETY: the slice is writable memory.
    unsafe { libc::explicit_bzero(bytes.as_mut_ptr().cast(), bytes.len()) };
}

/// Writes to the error stream.
fn report(text: &str) {
    crate::system::report(text.as_ptr().cast(), text.len());
}
