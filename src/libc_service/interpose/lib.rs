//! Preloaded into a program, or into an actor's process, this library stands before the calls of libc that name files
//! or addresses, and asks the master of `emilua.libc_service` instead. It is an aid for programs that have no rights of
//! their own, no barrier: who does not use libc is not seen.
//!
//! A call relative to the working directory is the same as its plain form and is asked for as that. Without a master,
//! and inside of a filter, calls are the C library's.

#[macro_use]
mod real;

mod call;
mod exports;
mod filter;
mod lock;
mod lookup;
mod lua;
mod packet;
mod perform;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd.rs")]
mod platform;
#[cfg(target_os = "freebsd")]
#[path = "../../sandbox/procctl.rs"]
mod sandbox;
pub mod script;
mod service;
mod socket;
mod status;
#[path = "../wire.rs"]
pub mod wire;

#[path = "../../bridge/area.rs"]
mod bridge;

use std::ffi::{CStr, c_char, c_int};

/// The variable that tells the number of the socket.
const VARIABLE: &CStr = c"EMILUA_LIBC_SERVICE_FD";

/// Run by the dynamic linker when the library is loaded.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    real::find();
    platform::find();
    // SAFETY: nobody changes the environment before the program begins.
    let text = unsafe { libc::getenv(VARIABLE.as_ptr()) };
    if let Some(fd) = number(text) {
        attach(fd);
    }
}

/// The number that a variable says.
fn number(text: *const c_char) -> Option<c_int> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the environment's texts are terminated.
    unsafe { CStr::from_ptr(text) }.to_str().ok()?.parse().ok()
}

/// Asks the master behind the socket `fd` from now on.
fn attach(fd: c_int) {
    if service::attach(fd)
        && let Some(text) = service::filters()
    {
        filter::start(text);
    }
}

/// What an actor's process calls when its init script has run.
#[unsafe(no_mangle)]
pub extern "C" fn emilua_libc_service_attach(fd: c_int) {
    attach(fd);
}
