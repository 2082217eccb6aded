//! The objects of actors in a VM: channels, and how other objects travel.
//!
//! A channel is a userdata that holds a number, under which its VM has the [`Sender`]: all of them can be closed when
//! the VM ends while its state lives on. Its methods are Lua.

use super::mailbox::Sender;
use super::message::{Item, Refusal};
use crate::bridge::failure;
use crate::io::{self, Descriptor, Io};
use crate::subprocess::Socket;
use crate::vm::Vm;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

/// Upvalues of the C functions that know the class.
pub const UPVALUES: c_int = 4;
const VM: c_int = ffi::lua_upvalueindex(1);
const METATABLE: c_int = ffi::lua_upvalueindex(2);
/// `describe(object, outside) -> name | handle[, more]`: "inbox", the handle of a descriptor, or the generic error why
/// the object cannot be sent. To other processes also the handle and the limit of an address there, and "bytes" with
/// the bytes of a byte_span.
const DESCRIBE: c_int = ffi::lua_upvalueindex(3);
/// `make(what) -> object, handle`: a file_descriptor without a descriptor; an address in another process with the limit
/// `what`, a number; a byte_span of the bytes `what`.
const MAKE: c_int = ffi::lua_upvalueindex(4);

/// The senders of a VM's channels.
#[derive(Default)]
pub struct Channels {
    /// By the number in the channel; nothing for a closed one.
    senders: Vec<Option<Sender>>,
    /// Numbers that no channel has.
    free: Vec<u32>,
}

impl Channels {
    fn add(&mut self, sender: Sender) -> u32 {
        if let Some(number) = self.free.pop() {
            self.senders[number as usize] = Some(sender);
            return number;
        }
        self.senders.push(Some(sender));
        self.senders.len() as u32 - 1
    }

    /// The channel with that number has been collected.
    fn remove(&mut self, number: u32) {
        self.senders[number as usize] = None;
        self.free.push(number);
    }

    /// The sender of the channel with a number, unless it is closed.
    pub fn sender(&self, number: u32) -> Option<&Sender> {
        self.senders.get(number as usize)?.as_ref()
    }

    /// Whether there is no channel.
    pub fn is_empty(&self) -> bool {
        self.senders.len() == self.free.len()
    }

    /// Closes all.
    pub fn close(&mut self) {
        self.senders.fill_with(|| None);
    }
}

/// The object behind the handle, a cdata of pointer type, at `index`.
///
/// # Safety
/// There is such a cdata.
unsafe fn handle(l: *mut lua_State, index: c_int) -> *mut Io {
    // SAFETY: as the caller promises; LuaJIT gives the address of its payload.
    unsafe { *ffi::lua_topointer(l, index).cast::<*mut Io>() }
}

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
            if !same {
                return None;
            }
            let number = *ffi::lua_touserdata(l, index).cast::<u32>();
            let vm = &mut *self.vm;
            vm.channels.senders.get_mut(number as usize)
        }
    }

    /// The channel at `index` is collected.
    ///
    /// # Safety
    /// Called by its finaliser, which has these upvalues.
    pub unsafe fn collected(&mut self, l: *mut lua_State, index: c_int) {
        // SAFETY: as the caller promises.
        let number = unsafe { *ffi::lua_touserdata(l, index).cast::<u32>() };
        self.vm_mut().channels.remove(number);
    }

    /// What stands in a message, one to another process if it goes `outside`, for the object on the top of the stack.
    ///
    /// # Safety
    /// As for [`Class::channel`], with four free slots.
    pub unsafe fn object(&self, l: *mut lua_State, outside: bool) -> Result<Item, Refusal> {
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
            ffi::lua_pushboolean(l, c_int::from(outside));
            if ffi::lua_pcall(l, 2, 2, 0) != 0 {
                ffi::lua_pop(l, 1);
                return Err(Refusal::Invalid);
            }
            let item = match ffi::lua_type(l, -2) {
                ffi::LUA_TCDATA => match io::copy_descriptor(handle(l, -2)) {
                    Ok(descriptor) if ffi::lua_isnil(l, -1) == 0 => {
                        let limit = ffi::lua_tonumber(l, -1);
                        Ok(Item::Socket(Socket::address(descriptor, limit)))
                    }
                    Ok(descriptor) => Ok(Item::Descriptor(descriptor)),
                    Err(error) => Err(Refusal::System(failure(&error))),
                },
                _ => match CStr::from_ptr(ffi::lua_tostring(l, -2)).to_bytes() {
                    b"inbox" => Ok(Item::Address(self.vm().mailbox().sender())),
                    b"bytes" => Ok(Item::Bytes(super::message::bytes(l, -1).into())),
                    b"ENOTSUP" => Err(Refusal::NotSupported),
                    b"EBUSY" => Err(Refusal::Busy),
                    b"EBADF" => Err(Refusal::System(-libc::EBADF)),
                    _ => Err(Refusal::Invalid),
                },
            };
            ffi::lua_pop(l, 2);
            item
        }
    }

    /// Pushes a file_descriptor.
    ///
    /// # Safety
    /// As for [`Class::channel`].
    pub unsafe fn push_descriptor(&self, l: *mut lua_State, descriptor: Descriptor) {
        // SAFETY: as the caller promises; the Lua half gives an object and its handle.
        unsafe {
            ffi::lua_pushnil(l);
            self.push_made(l, descriptor);
        }
    }

    /// Replaces the argument of `make` on the top of the stack by the object, which gets the descriptor.
    unsafe fn push_made(&self, l: *mut lua_State, descriptor: Descriptor) {
        // SAFETY: as `push_descriptor` was promised.
        unsafe {
            ffi::lua_pushvalue(l, MAKE);
            ffi::lua_insert(l, -2);
            ffi::lua_call(l, 1, 2);
            io::fill(handle(l, -1), descriptor);
            ffi::lua_pop(l, 1);
        }
    }

    /// Pushes an address in another process.
    ///
    /// # Safety
    /// As for [`Class::channel`].
    pub unsafe fn push_socket(&self, l: *mut lua_State, socket: Socket) {
        let (descriptor, limit) = socket.into_parts();
        // SAFETY: as the caller promises.
        unsafe {
            ffi::lua_pushnumber(l, limit);
            self.push_made(l, descriptor);
        }
    }

    /// Pushes a byte_span.
    ///
    /// # Safety
    /// As for [`Class::channel`].
    pub unsafe fn push_bytes(&self, l: *mut lua_State, bytes: &[u8]) {
        // SAFETY: as the caller promises.
        unsafe {
            ffi::lua_pushvalue(l, MAKE);
            ffi::lua_pushlstring(l, bytes.as_ptr().cast(), bytes.len());
            ffi::lua_call(l, 1, 1);
        }
    }

    /// Pushes a channel.
    ///
    /// # Safety
    /// As for [`Class::channel`].
    pub unsafe fn push_channel(&self, l: *mut lua_State, sender: Sender) {
        // SAFETY: the userdata has room; it gets the metatable, and so a finaliser, when it is filled.
        unsafe {
            let channel = ffi::lua_newuserdata(l, size_of::<u32>());
            channel.cast::<u32>().write((*self.vm).channels.add(sender));
            ffi::lua_pushvalue(l, METATABLE);
            ffi::lua_setmetatable(l, -2);
        }
    }
}
