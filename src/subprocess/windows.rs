//! Windows has no actors in processes of their own.

use crate::actor::{Message, Sender};
use crate::io::Descriptor;
use crate::vm::Shared;
use mlua::ffi::lua_State;
use std::convert::Infallible;
use std::ffi::{CStr, c_int};
use std::sync::Arc;
use std::task::Poll;

/// No functions.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[];

/// No functions of channels either.
pub const METHODS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[];

/// There are no children.
pub fn kill_those_of(_vm: u64) {}

/// There is none.
pub struct Socket(Infallible);

impl Socket {
    /// An address only comes from another process.
    pub fn address(_descriptor: Descriptor, _limit: f64) -> Self {
        unreachable!("the Lua half has no addresses in other processes")
    }

    pub fn into_parts(self) -> (Descriptor, f64) {
        match self.0 {}
    }
}

/// No sockets lead to an inbox.
#[derive(Default)]
pub struct Inbound;

impl Inbound {
    pub fn adopt(&mut self, attached: Vec<(Socket, Sender)>) {
        for (socket, _) in attached {
            match socket.0 {}
        }
    }

    pub fn close(&mut self) {}

    pub fn receive(&mut self, _shared: &Arc<Shared>, _token: u32) -> Poll<Option<Message>> {
        Poll::Pending
    }

    pub fn wait(&mut self) -> Option<Message> {
        None
    }
}
