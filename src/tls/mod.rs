//! TLS on rustls. A session is fed with what the peer has sent and gives what goes to it; it moves the bytes of a
//! socket of this module itself, those of any other stream are moved by the Lua half.

mod certificates;
mod config;
mod context;
mod failure;
mod provider;
mod session;
mod transfer;
mod verify;

use crate::bridge::operations;
use crate::io::Io;
use crate::span::Span;
use context::Context;
use session::Session;
use std::ffi::c_char;

operations! {
    context::new: fn() -> *mut Context;
    context::free: fn(*mut Context);
    context::set_versions: fn(*mut Context, i32, i32) -> i32;
    context::add_authorities: fn(*mut Context, *const c_char, usize, i32) -> i32;
    context::add_verify_path: fn(*mut Context, *const c_char, usize) -> i32;
    context::set_default_verify_paths: fn(*mut Context) -> i32;
    context::use_certificate: fn(*mut Context, *const c_char, usize, i32, i32) -> i32;
    context::use_private_key: fn(*mut Context, *const c_char, usize, i32, i32) -> i32;
    context::set_protocols: fn(*mut Context, *const c_char, usize) -> i32;
    session::new: fn(*const Context, *mut Io) -> *mut Session;
    session::free: fn(*mut Session);
    session::start_client: fn(*mut Session, i32, *const c_char, usize, *const c_char, usize) -> i32;
    session::start_server: fn(*mut Session, i32, *const c_char, usize) -> i32;
    session::close: fn(*mut Session) -> i32;
    session::failed: fn(*const Session) -> i32;
    session::property: fn(*const Session, i32, *mut c_char, i32) -> i32;
    transfer::handshake: fn(*mut Session) -> i32;
    transfer::read: fn(*mut Session, *const Span) -> i32;
    transfer::write: fn(*mut Session, *const Span) -> i32;
    transfer::flush: fn(*mut Session) -> i32;
    transfer::leave_unsent: fn(*mut Session) -> i32;
    transfer::send_close: fn(*mut Session) -> i32;
    transfer::drain: fn(*mut Session) -> i32;
    transfer::feed: fn(*mut Session, *const Span, i32) -> i32;
    transfer::take: fn(*mut Session, *const Span) -> i32;
    config::name_kind: fn(*const c_char, usize) -> i32;
    failure::last: fn(*mut i32, *mut c_char, i32) -> i32;
}

/// The bytes of a Lua string or span.
fn bytes<'a>(data: *const c_char, length: usize) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: the Lua half passes a pointer with its length, alive during the call.
    unsafe { std::slice::from_raw_parts(data.cast(), length) }
}
