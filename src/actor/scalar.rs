//! Strings, numbers and booleans, which are most messages: sent and received through the FFI, in compiled code. What
//! else there is goes through the C functions.

use super::mailbox::Nothing;
use super::message::Message;
use crate::bridge::{PENDING, guard, operations};
use crate::vm::Vm;
use std::ffi::c_char;

operations! {
    send_string: fn(*mut Vm, u32, *const c_char, usize) -> i32;
    send_number: fn(*mut Vm, u32, f64) -> i32;
    send_boolean: fn(*mut Vm, u32, i32) -> i32;
    receive: fn(*mut Vm, u32, *mut Received) -> i32;
    receive_alone: fn(*mut Vm, u32, *mut Received) -> i32;
}

/// Where a message is described. Same layout as in inbox.lua.
#[repr(C)]
pub struct Received {
    data: *const u8,
    length: usize,
    number: f64,
}

/// What [`receive`] returns, as in inbox.lua.
const FALSE: i32 = 0;
const TRUE: i32 = 1;
const NUMBER: i32 = 2;
const STRING: i32 = 3;
const TREE: i32 = 4;
const CLOSED: i32 = -1;
const NO_SENDERS: i32 = -2;

/// Sends through the channel with a number; 0, or -1 when it is closed.
fn send(vm: *mut Vm, channel: u32, message: impl FnOnce() -> Message) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes its VM, which this thread runs.
        let vm = unsafe { &mut *vm };
        match vm.channels.sender(channel) {
            Some(sender) if sender.send(message()) => 0,
            _ => CLOSED,
        }
    })
}

extern "C" fn send_string(vm: *mut Vm, channel: u32, data: *const c_char, length: usize) -> i32 {
    // SAFETY: the Lua half passes a string with its length.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) };
    send(vm, channel, || Message::String(bytes.into()))
}

extern "C" fn send_number(vm: *mut Vm, channel: u32, value: f64) -> i32 {
    send(vm, channel, || Message::Number(value))
}

extern "C" fn send_boolean(vm: *mut Vm, channel: u32, value: i32) -> i32 {
    send(vm, channel, || Message::Boolean(value != 0))
}

/// The kind of the next message, which the VM holds until the next call; `PENDING` when `token` will be posted.
extern "C" fn receive(vm: *mut Vm, token: u32, received: *mut Received) -> i32 {
    receive_by(vm, received, |vm| vm.receive(token))
}

/// The same for the only fiber that is there.
extern "C" fn receive_alone(vm: *mut Vm, token: u32, received: *mut Received) -> i32 {
    receive_by(vm, received, |vm| vm.receive_alone(token))
}

fn receive_by(
    vm: *mut Vm,
    received: *mut Received,
    receive: impl FnOnce(&mut Vm) -> Result<Message, Nothing>,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes its VM, which this thread runs, and a struct to fill.
        let (vm, received) = unsafe { (&mut *vm, &mut *received) };
        let message = match receive(vm) {
            Ok(message) => message,
            Err(Nothing::Yet) => return PENDING,
            Err(Nothing::Closed) => return CLOSED,
            Err(Nothing::NoSenders) => return NO_SENDERS,
        };
        let kind = match &message {
            Message::Boolean(value) => return if *value { TRUE } else { FALSE },
            Message::Number(value) => {
                received.number = *value;
                return NUMBER;
            }
            Message::String(bytes) => {
                (received.data, received.length) = (bytes.as_ptr(), bytes.len());
                STRING
            }
            Message::Tree(_) => TREE,
        };
        vm.incoming = Some(message);
        kind
    })
}
