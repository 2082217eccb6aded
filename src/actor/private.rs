//! Mailboxes of a VM beside its inbox, for the runtime's own use: a pool has one for the answers of each worker.

use super::class::Class;
use super::mailbox::{Mailbox, Nothing};
use super::push_received;
use mlua::ffi::{self, lua_State};
use std::ffi::c_int;
use std::sync::Arc;

/// By number; nothing for one that was closed.
#[derive(Default)]
pub struct Private(Vec<Option<Arc<Mailbox>>>);

impl Private {
    fn add(&mut self, mailbox: Arc<Mailbox>) -> usize {
        let free = self.0.iter().position(Option::is_none);
        let at = free.unwrap_or(self.0.len());
        if at == self.0.len() {
            self.0.push(None);
        }
        self.0[at] = Some(mailbox);
        at
    }

    fn get(&self, number: usize) -> Option<&Arc<Mailbox>> {
        self.0.get(number)?.as_ref()
    }

    fn close(&mut self, number: usize) {
        if let Some(mailbox) = self.0.get_mut(number).and_then(Option::take) {
            mailbox.close();
        }
    }

    /// Closes all, at the end of the VM.
    pub fn close_all(&mut self) {
        for number in 0..self.0.len() {
            self.close(number);
        }
    }
}

/// `new_mailbox() -> number, channel`.
pub unsafe extern "C-unwind" fn new_mailbox(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half.
    unsafe {
        let mut class = Class::new(l);
        let mailbox = Mailbox::new(class.vm().shared().clone());
        let sender = mailbox.sender();
        let number = class.vm_mut().private.add(mailbox);
        ffi::lua_pushinteger(l, number as ffi::lua_Integer);
        class.push_channel(l, sender);
    }
    2
}

/// `receive_from(number, token)`: as `receive`.
pub unsafe extern "C-unwind" fn receive_from(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a number and a token.
    unsafe {
        let class = Class::new(l);
        let token = ffi::lua_tonumber(l, 2) as u32;
        let mailbox = class.vm().private.get(ffi::lua_tonumber(l, 1) as usize);
        let received = mailbox.map_or(Err(Nothing::Closed), |mailbox| mailbox.receive(token));
        push_received(l, &class, received)
    }
}

/// `close_mailbox(number)`.
pub unsafe extern "C-unwind" fn close_mailbox(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a number.
    unsafe {
        let number = ffi::lua_tonumber(l, 1) as usize;
        Class::new(l).vm_mut().private.close(number);
    }
    0
}
