//! Actors: mailboxes, the messages in them, channels to them, and new VMs.

mod class;
mod mailbox;
mod master;
pub mod message;
mod private;
mod scalar;
mod spawn;

pub use mailbox::{Mailbox, Sender};
pub use master::{claim_master, resign_master};
pub use message::{Message, Refusal};
pub use private::Private;
pub use scalar::OPERATIONS;

pub use class::{Channels, Class};

use crate::lua;
use crate::subprocess;
use crate::vm::Vm;
use class::UPVALUES;
use mailbox::Nothing;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};
use std::task::Poll;

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[
    (c"actor_class", actor_class),
    (c"is_master", master::is_master),
    (c"note_exit", master::note_exit),
    (c"take_exit", master::take_exit),
    (c"c_address", spawn::c_address),
    (c"c_function", spawn::c_function),
];

/// The functions in the table that [`actor_class`] returns.
const METHODS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[
    (c"send", send),
    (c"receive", receive),
    (c"take", take),
    (c"new_mailbox", private::new_mailbox),
    (c"receive_from", private::receive_from),
    (c"close_mailbox", private::close_mailbox),
    (c"check", check),
    (c"close_channel", close_channel),
    (c"same", same),
    (c"close_inbox", close_inbox),
    (c"inbox_is_open", inbox_is_open),
    (c"weaken_inbox", weaken_inbox),
    (c"spawn", spawn::spawn),
    (c"add_threads", spawn::add_threads),
    (c"set_single", spawn::set_single),
    (c"actors", spawn::actors),
];

/// `actor_class(vm, metatable, describe, make) -> {send =, receive =, ...}`: the functions of a VM whose channels have
/// that metatable, to which the finaliser is added.
unsafe extern "C-unwind" fn actor_class(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half.
    unsafe {
        ffi::lua_settop(l, UPVALUES);
        for i in 1..=UPVALUES {
            ffi::lua_pushvalue(l, i);
        }
        ffi::lua_pushcclosure(l, finalise, UPVALUES);
        ffi::lua_setfield(l, 2, c"__gc".as_ptr());
        ffi::lua_createtable(l, 0, 0);
        ffi::lua_createtable(l, 0, 1);
        for i in 1..=UPVALUES {
            ffi::lua_pushvalue(l, i);
        }
        ffi::lua_pushcclosure(l, method, UPVALUES);
        ffi::lua_setfield(l, -2, c"__index".as_ptr());
        ffi::lua_setmetatable(l, -2);
    }
    1
}

/// `method(methods, name) -> function | nil`: one of [`METHODS`] when it is first asked for; few VMs use all.
unsafe extern "C-unwind" fn method(l: *mut lua_State) -> c_int {
    // SAFETY: the `__index` of the table that `actor_class` returned, with its upvalues.
    unsafe {
        let name = CStr::from_ptr(ffi::luaL_checkstring(l, 2));
        let mut all = METHODS.iter().chain(subprocess::METHODS);
        let Some((_, function)) = all.find(|(other, _)| *other == name) else {
            return 0;
        };
        for i in 1..=UPVALUES {
            ffi::lua_pushvalue(l, ffi::lua_upvalueindex(i));
        }
        ffi::lua_pushcclosure(l, *function, UPVALUES);
        lua::keep(l)
    }
}

/// `__gc` of channels.
unsafe extern "C-unwind" fn finalise(l: *mut lua_State) -> c_int {
    // SAFETY: only channels have this metamethod, and they are whole.
    unsafe { Class::new(l).collected(l, 1) };
    0
}

/// `send(channel, value) -> nil | error`: its name, or the code of the system's.
unsafe extern "C-unwind" fn send(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a channel and a value.
    unsafe {
        ffi::lua_settop(l, 2);
        let class = Class::new(l);
        let Some(Some(sender)) = class.channel(l, 1) else {
            ffi::lua_pushstring(l, c"closed".as_ptr());
            return 1;
        };
        let refused = if !sender.is_open() {
            Some(c"closed")
        } else {
            match Message::of(l, &class) {
                Ok(message) => (!sender.send(message)).then_some(c"closed"),
                Err(Refusal::System(code)) => {
                    ffi::lua_pushinteger(l, code as ffi::lua_Integer);
                    return 1;
                }
                Err(refusal) => Some(refusal.name()),
            }
        };
        let Some(name) = refused else { return 0 };
        ffi::lua_pushstring(l, name.as_ptr());
    }
    1
}

/// `check(value) -> nil | error`: why it cannot be sent.
unsafe extern "C-unwind" fn check(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a value.
    unsafe {
        ffi::lua_settop(l, 1);
        match Message::of(l, &Class::new(l)) {
            Ok(_) => return 0,
            Err(Refusal::System(code)) => ffi::lua_pushinteger(l, code as ffi::lua_Integer),
            Err(refusal) => {
                ffi::lua_pushstring(l, refusal.name().as_ptr());
            }
        }
    }
    1
}

/// `receive(token) -> value | nil[, name of an error]`: nothing but nil when the token will be posted.
unsafe extern "C-unwind" fn receive(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a token.
    unsafe {
        let mut class = Class::new(l);
        let token = ffi::lua_tonumber(l, 1) as u32;
        let received = class.vm_mut().receive(token);
        push_received(l, &class, received)
    }
}

/// Pushes what a mailbox gave: the value, nothing, or nil and why there will be none.
///
/// # Safety
/// As for [`Message::push`].
unsafe fn push_received(
    l: *mut lua_State,
    class: &Class,
    received: Result<Message, Nothing>,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let name = match received {
            Ok(message) => {
                message.push(l, Some(class));
                return 1;
            }
            Err(Nothing::Yet) => return 0,
            Err(Nothing::Closed) => c"closed",
            Err(Nothing::NoSenders) => c"no senders",
        };
        ffi::lua_pushnil(l);
        ffi::lua_pushstring(l, name.as_ptr());
    }
    2
}

impl Vm {
    /// The next message: what is queued, then what sockets from other processes have.
    fn receive(&mut self, token: u32) -> Result<Message, Nothing> {
        loop {
            self.inbound.adopt(self.mailbox().take_attached());
            match self.mailbox().receive(token) {
                Err(Nothing::Yet) => {}
                outcome => return outcome,
            }
            let shared = self.shared().clone();
            match self.inbound.receive(&shared, token) {
                Poll::Ready(Some(message)) => return Ok(message),
                Poll::Pending => return Err(Nothing::Yet),
                Poll::Ready(None) => {}
            }
        }
    }

    /// The same for the only fiber that the VM has: where nothing but a message from another process can happen, the
    /// thread waits for that.
    fn receive_alone(&mut self, token: u32) -> Result<Message, Nothing> {
        self.inbound.adopt(self.mailbox().take_attached());
        let waited = self.mailbox().has_one_sender() && self.is_alone();
        match waited.then(|| self.inbound.wait()).flatten() {
            Some(message) => Ok(message),
            None => self.receive(token),
        }
    }

    /// Ends the inbox; peers in other processes see that at once.
    pub fn close_inbox(&mut self) {
        self.mailbox().close();
        self.inbound.close();
    }
}

/// `take() -> value`: the message that [`scalar`]'s `receive` found.
unsafe extern "C-unwind" fn take(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half.
    unsafe {
        let mut class = Class::new(l);
        match class.vm_mut().incoming.take() {
            Some(message) => message.push(l, Some(&class)),
            None => ffi::lua_pushnil(l),
        }
    }
    1
}

/// `close_channel(channel)`.
unsafe extern "C-unwind" fn close_channel(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a channel.
    unsafe {
        if let Some(sender) = Class::new(l).channel(l, 1) {
            sender.take();
        }
    }
    0
}

/// `same(channel, channel) -> boolean | nil`: whether both lead to the same VM; nil when both are closed.
unsafe extern "C-unwind" fn same(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half, as `__eq` of channels.
    unsafe {
        let class = Class::new(l);
        match (class.channel(l, 1), class.channel(l, 2)) {
            (Some(Some(a)), Some(Some(b))) => ffi::lua_pushboolean(l, c_int::from(a == b)),
            (Some(None), Some(None)) => ffi::lua_pushnil(l),
            _ => ffi::lua_pushboolean(l, 0),
        }
    }
    1
}

/// `close_inbox()`.
unsafe extern "C-unwind" fn close_inbox(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half.
    unsafe { Class::new(l) }.vm_mut().close_inbox();
    0
}

/// `inbox_is_open() -> boolean`.
unsafe extern "C-unwind" fn inbox_is_open(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half.
    unsafe {
        let open = Class::new(l).vm().mailbox().is_open();
        ffi::lua_pushboolean(l, c_int::from(open));
    }
    1
}

/// `weaken_inbox()`: from now on a collection may close the inbox.
unsafe extern "C-unwind" fn weaken_inbox(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half.
    let mut class = unsafe { Class::new(l) };
    class.vm_mut().inbox_is_weak = true;
    0
}
