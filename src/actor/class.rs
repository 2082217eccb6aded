//! The objects of actors in a VM: channels, and how other objects travel.
//!
//! A channel is a userdata that holds a [`Sender`], or nothing once it is closed. Its methods are Lua.

use super::mailbox::Sender;
use super::message::{Item, Refusal};
use crate::vm::Vm;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

/// Upvalues of the C functions that know the class.
pub const UPVALUES: c_int = 3;
const VM: c_int = ffi::lua_upvalueindex(1);
const METATABLE: c_int = ffi::lua_upvalueindex(2);
/// `describe(object) -> name`: "inbox", or the generic error why the object cannot be sent.
const DESCRIBE: c_int = ffi::lua_upvalueindex(3);

/// What the upvalues of the running C function hold.
pub struct Class {
    vm: *mut Vm,
}

impl Class {
    /// That of the running function.
    ///
    /// # Safety
    /// Called in a function with these upvalues.
    pub unsafe fn new(l: *mut lua_State) -> Self {
        // SAFETY: as the caller promises.
        let vm = unsafe { ffi::lua_touserdata(l, VM).cast() };
        Self { vm }
    }

    /// The VM of the state.
    pub fn vm(&self) -> &Vm {
        // SAFETY: it lives as long as its state.
        unsafe { &*self.vm }
    }

    /// The same, to change it.
    pub fn vm_mut(&mut self) -> &mut Vm {
        // SAFETY: as above; this thread alone runs the VM.
        unsafe { &mut *self.vm }
    }

    /// The sender of the channel at `index`; nothing for what is no channel.
    ///
    /// # Safety
    /// Called in a function with these upvalues, with two free slots.
    pub unsafe fn channel<'a>(
        &self,
        l: *mut lua_State,
        index: c_int,
    ) -> Option<&'a mut Option<Sender>> {
        // SAFETY: only channels have that metatable.
        unsafe {
            if ffi::lua_type(l, index) != ffi::LUA_TUSERDATA || ffi::lua_getmetatable(l, index) == 0
            {
                return None;
            }
            let same = ffi::lua_topointer(l, -1) == ffi::lua_topointer(l, METATABLE);
            ffi::lua_pop(l, 1);
            same.then(|| &mut *ffi::lua_touserdata(l, index).cast::<Option<Sender>>())
        }
    }

    /// What stands in a message for the object on the top of the stack.
    ///
    /// # Safety
    /// As for [`Class::channel`].
    pub unsafe fn object(&self, l: *mut lua_State) -> Result<Item, Refusal> {
        // SAFETY: as the caller promises; nothing raises out of the protected call.
        unsafe {
            if let Some(sender) = self.channel(l, -1) {
                return match sender {
                    Some(sender) => Ok(Item::Address(sender.clone())),
                    None => Err(Refusal::NotSupported),
                };
            }
            ffi::lua_pushvalue(l, DESCRIBE);
            ffi::lua_pushvalue(l, -2);
            let failed =
                ffi::lua_pcall(l, 1, 1, 0) != 0 || ffi::lua_type(l, -1) != ffi::LUA_TSTRING;
            let item = if failed {
                Err(Refusal::Invalid)
            } else {
                match CStr::from_ptr(ffi::lua_tostring(l, -1)).to_bytes() {
                    b"inbox" => Ok(Item::Address(self.vm().mailbox().sender())),
                    b"ENOTSUP" => Err(Refusal::NotSupported),
                    _ => Err(Refusal::Invalid),
                }
            };
            ffi::lua_pop(l, 1);
            item
        }
    }

    /// Pushes a channel.
    ///
    /// # Safety
    /// As for [`Class::channel`].
    pub unsafe fn push_channel(&self, l: *mut lua_State, sender: Sender) {
        // SAFETY: the userdata has room; it gets the metatable, and so a finaliser, when it is filled.
        unsafe {
            let channel = ffi::lua_newuserdata(l, size_of::<Option<Sender>>());
            channel.cast::<Option<Sender>>().write(Some(sender));
            ffi::lua_pushvalue(l, METATABLE);
            ffi::lua_setmetatable(l, -2);
        }
    }
}
