//! Messages to other processes: made of Lua values, and sent.

use super::message;
use super::socket::Socket;
use super::wire::{Format, Given, Writer};
use crate::actor::message::Item;
use crate::actor::{Class, Refusal};
use crate::bridge::failure;
use crate::bridge::guard;
use crate::io::{self, Descriptor, Direction, Io};
use crate::push_function;
use mlua::ffi::{self, lua_State};
use nix::errno::Errno;
use socket2::SockRef;
use std::ffi::{CStr, c_char, c_int};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::slice;

/// A message that is ready to be sent, with the descriptors that go along.
pub struct Outgoing {
    packet: Vec<u8>,
    descriptors: Vec<Descriptor>,
}

/// Makes the packet of the value at the top of the stack, which is a scalar, an object, or a flat table.
struct Walk<'a> {
    l: *mut lua_State,
    class: &'a Class,
    writer: Writer,
    format: Format,
    descriptors: Vec<Descriptor>,
}

/// The bytes of the string at `index`.
///
/// # Safety
/// `l` is a valid state with a string there, which stays as long as they are used.
unsafe fn bytes<'a>(l: *mut lua_State, index: c_int) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: as the caller promises.
    unsafe {
        let data = ffi::lua_tolstring(l, index, &raw mut length);
        slice::from_raw_parts(data.cast(), length)
    }
}

impl Walk<'_> {
    fn add(&mut self, key: Option<&[u8]>, value: Given<'_>) -> Result<(), Refusal> {
        self.writer.add(key, value).map_err(|_| Refusal::Invalid)
    }

    /// Adds the value at the top of the stack.
    ///
    /// # Safety
    /// `l` is valid, in a call by Lua with `class`.
    unsafe fn value(&mut self, key: Option<&[u8]>) -> Result<(), Refusal> {
        let l = self.l;
        // SAFETY: as the caller promises.
        unsafe {
            match ffi::lua_type(l, -1) {
                ffi::LUA_TBOOLEAN => {
                    let value = ffi::lua_toboolean(l, -1) != 0;
                    self.add(key, Given::Boolean(value))
                }
                ffi::LUA_TNUMBER => {
                    let value = ffi::lua_tonumber(l, -1);
                    self.add(key, Given::Number(value))
                }
                ffi::LUA_TSTRING => {
                    let value = bytes(l, -1);
                    self.add(key, Given::String(value))
                }
                ffi::LUA_TUSERDATA | ffi::LUA_TTABLE => {
                    let item = self.class.object(l, true)?;
                    self.item(key, item)
                }
                _ => Err(Refusal::Invalid),
            }
        }
    }

    fn item(&mut self, key: Option<&[u8]>, item: Item) -> Result<(), Refusal> {
        match item {
            Item::Bytes(bytes) => self.add(key, Given::Bytes(&bytes)),
            Item::Descriptor(descriptor) => {
                self.add(key, Given::Descriptor)?;
                self.descriptors.push(descriptor);
                Ok(())
            }
            Item::Socket(socket) => {
                self.add(key, Given::Address)?;
                self.descriptors.push(socket.descriptor);
                Ok(())
            }
            // A way to the inbox that did not exist before: one bad holder of it can harm nobody else.
            Item::Address(sender) => {
                self.add(key, Given::Address)?;
                let (receive, send) =
                    Socket::pair(self.format).map_err(|error| Refusal::System(failure(&error)))?;
                sender.attach(receive);
                self.descriptors.push(send.descriptor);
                Ok(())
            }
            _ => Err(Refusal::Invalid),
        }
    }

    /// Adds the message: the value at the top of the stack.
    ///
    /// # Safety
    /// As for [`Walk::value`], with four free slots.
    unsafe fn message(&mut self) -> Result<(), Refusal> {
        let l = self.l;
        // SAFETY: as the caller promises.
        unsafe {
            if ffi::lua_type(l, -1) != ffi::LUA_TTABLE {
                return self.value(None);
            }
            if ffi::lua_getmetatable(l, -1) != 0 {
                ffi::lua_pop(l, 1);
                return self.value(None);
            }
            ffi::lua_pushnil(l);
            while ffi::lua_next(l, -2) != 0 {
                if ffi::lua_type(l, -2) == ffi::LUA_TSTRING {
                    let key = bytes(l, -2);
                    self.value(Some(key))?;
                }
                ffi::lua_pop(l, 1);
            }
            Ok(())
        }
    }
}

impl Outgoing {
    /// Makes a message of the value on the top of the stack.
    ///
    /// # Safety
    /// `l` is valid, in a call by Lua with `class`; the stack above the value is the caller's to clean.
    pub unsafe fn of(l: *mut lua_State, class: &Class, format: Format) -> Result<Self, Refusal> {
        let mut walk = Walk {
            l,
            class,
            writer: Writer::new(format),
            format,
            descriptors: Vec::new(),
        };
        // SAFETY: as the caller promises.
        unsafe { walk.message() }?;
        Ok(Self {
            packet: walk.writer.finish().map_err(|_| Refusal::Invalid)?,
            descriptors: walk.descriptors,
        })
    }

    fn send(&self, socket: BorrowedFd<'_>) -> nix::Result<()> {
        let numbers: Vec<RawFd> = self.descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        message::try_send(socket, &self.packet, &numbers).map(drop)
    }
}

/// Functions for [`crate::actor`]'s class of channels.
pub const METHODS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"attach", attach), (c"encode", encode)];

/// Name of the metatable of messages in the registry.
const CLASS: &CStr = c"emilua.outgoing";

/// `encode(value, strings) -> message, descriptors | nil, error`: a message that is ready to be sent, and how many
/// descriptors go along. `strings` is the limit of the
/// second format, 0 for the first. The error is the name of a generic one, or the code of one of the system.
unsafe extern "C-unwind" fn encode(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a value and a number; what raises comes before there is a message.
    unsafe {
        let format = Format::of_limit(ffi::lua_tonumber(l, 2));
        ffi::lua_settop(l, 1);
        let place = ffi::lua_newuserdata(l, size_of::<*mut Outgoing>()).cast::<*mut Outgoing>();
        place.write(std::ptr::null_mut());
        if ffi::luaL_newmetatable(l, CLASS.as_ptr()) != 0 {
            push_function(l, finalise);
            ffi::lua_setfield(l, -2, c"__gc".as_ptr());
        }
        ffi::lua_setmetatable(l, -2);
        ffi::luaL_checkstack(l, 12, c"send".as_ptr());
        ffi::lua_pushvalue(l, 1);
        match Outgoing::of(l, &Class::new(l), format) {
            Ok(outgoing) => {
                let descriptors = outgoing.descriptors.len();
                place.write(Box::into_raw(Box::new(outgoing)));
                ffi::lua_settop(l, 2);
                ffi::lua_pushinteger(l, descriptors as ffi::lua_Integer);
                2
            }
            Err(refusal) => {
                ffi::lua_pushnil(l);
                match refusal {
                    Refusal::System(code) => ffi::lua_pushinteger(l, code as ffi::lua_Integer),
                    other => {
                        ffi::lua_pushstring(l, other.name().as_ptr());
                    }
                }
                2
            }
        }
    }
}

/// `attach(socket, strings)`: the descriptor leads to the inbox of this VM from now on.
unsafe extern "C-unwind" fn attach(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a descriptor that it gives away, and a number.
    unsafe {
        let descriptor = OwnedFd::from_raw_fd(ffi::lua_tointeger(l, 1) as RawFd);
        let socket = Socket::address(descriptor, ffi::lua_tonumber(l, 2));
        Class::new(l).vm().mailbox().sender().attach(socket);
    }
    0
}

/// `__gc` of messages.
unsafe extern "C-unwind" fn finalise(l: *mut lua_State) -> c_int {
    // SAFETY: only messages have this metamethod; the pointer is null or came from `into_raw`.
    unsafe {
        let place = ffi::lua_touserdata(l, 1).cast::<*mut Outgoing>();
        let outgoing = place.replace(std::ptr::null_mut());
        if !outgoing.is_null() {
            drop(Box::from_raw(outgoing));
        }
    }
    0
}

/// Closes the descriptors that went along, or did not.
pub extern "C" fn close_descriptors(outgoing: *const *mut Outgoing) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a message of `encode`, which nothing else uses.
        unsafe { &mut **outgoing }.descriptors.clear();
        0
    })
}

/// Sends a message, when the socket takes it.
pub extern "C" fn send(this: *mut Io, outgoing: *const *const Outgoing) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a message of `encode` and keeps it alive.
        let outgoing = unsafe { &**outgoing };
        attempt(this, |socket| outgoing.send(socket.as_fd()))
    })
}

fn attempt(this: *mut Io, send: impl Fn(SockRef<'_>) -> nix::Result<()>) -> i32 {
    let send = |socket: SockRef<'_>| Ok(send(socket)?);
    let result = io::object(this).attempt(Direction::Write, send, |()| false);
    io::code(result, |()| 0)
}

/// Sends a message that is one value without descriptors.
fn send_value(this: *mut Io, format: Format, value: Given<'_>) -> i32 {
    guard(|| {
        let mut writer = Writer::new(format);
        let packet = writer.add(None, value).and_then(|()| writer.finish());
        let Ok(packet) = packet else {
            return -(Errno::EINVAL as i32);
        };
        attempt(this, |socket| {
            message::try_send(socket.as_fd(), &packet, &[]).map(drop)
        })
    })
}

/// Sends a string that is not longer than `limit`, that of [`Format::of_limit`], allows.
pub extern "C" fn send_string(
    this: *mut Io,
    limit: f64,
    data: *const c_char,
    length: usize,
) -> i32 {
    // SAFETY: the Lua half passes a string with its length.
    let bytes = unsafe { slice::from_raw_parts(data.cast::<u8>(), length) };
    send_value(this, Format::of_limit(limit), Given::String(bytes))
}

pub extern "C" fn send_number(this: *mut Io, value: f64) -> i32 {
    send_value(this, Format::Short, Given::Number(value))
}

pub extern "C" fn send_boolean(this: *mut Io, value: i32) -> i32 {
    send_value(this, Format::Short, Given::Boolean(value != 0))
}
