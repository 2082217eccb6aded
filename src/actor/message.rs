//! Messages: values copied out of one VM and into another. They belong to no VM, and need no depth of the C stack.

use super::class::Class;
use super::mailbox::Sender;
use crate::io::Descriptor;
use crate::subprocess::Socket;
use mlua::ffi::{self, lua_State};
use std::ffi::{c_int, c_void};

/// Tables inside of tables, at most: each level takes slots of the Lua stack.
const DEPTH: usize = 1000;

/// A value on its way.
pub enum Message {
    Boolean(bool),
    Number(f64),
    String(Box<[u8]>),
    /// A table, or an object of the runtime.
    Tree(Tree),
}

/// A value in the order of a walk through it.
#[derive(Default)]
pub struct Tree {
    items: Vec<Item>,
    /// Those of all strings, in their order.
    bytes: Vec<u8>,
}

impl Tree {
    pub fn push(&mut self, item: Item) {
        self.items.push(item);
    }

    pub fn push_string(&mut self, bytes: &[u8]) {
        self.items.push(Item::String(bytes.len()));
        self.bytes.extend_from_slice(bytes);
    }
}

/// A step of the walk through a value.
pub enum Item {
    Boolean(bool),
    Number(f64),
    /// So many of the tree's bytes.
    String(usize),
    Address(Sender),
    Descriptor(Descriptor),
    /// Only between processes: a byte_span.
    Bytes(Box<[u8]>),
    /// Only between processes: an address there.
    Socket(Socket),
    /// Begins an array of so many elements, which follow.
    Array(usize),
    /// Begins a table of so many pairs: keys, which are strings, and values follow by turns.
    Object(usize),
    /// Ends the table that began last.
    End,
}

/// Why a value cannot be sent.
pub enum Refusal {
    /// Not a value for messages.
    Invalid,
    /// A descriptor in use.
    Busy,
    /// The system refused to duplicate a descriptor: the code.
    System(i32),
    /// An object of the runtime that cannot travel.
    NotSupported,
    /// It has a cycle.
    Loop,
    /// Its tables are nested too deep.
    TooDeep,
}

impl Refusal {
    /// The generic error.
    pub fn name(&self) -> &'static std::ffi::CStr {
        match self {
            Self::Invalid | Self::System(_) => c"EINVAL",
            Self::Busy => c"EBUSY",
            Self::NotSupported => c"ENOTSUP",
            Self::Loop => c"ELOOP",
            Self::TooDeep => c"EMSGSIZE",
        }
    }
}

/// A message that is being made of the value on the top of a stack.
struct Walk<'a> {
    l: *mut lua_State,
    class: &'a Class,
    tree: Tree,
    /// The tables that the walk is in.
    open: Vec<Table>,
}

struct Table {
    /// Its identity.
    address: *const c_void,
    /// Where its item is.
    at: usize,
    /// The last element that was looked at; nothing for tables with keys.
    element: Option<i64>,
    /// Elements or pairs that were taken.
    count: usize,
}

/// What a member of a table is.
enum Member {
    /// It is in the tree.
    Item,
    Table,
    Refused(Refusal),
}

/// Items and bytes of a tree whose table is not large.
const ITEMS: usize = 16;
const BYTES: usize = 64;

/// The bytes of the string at `index`.
///
/// # Safety
/// `l` is a valid state with a string there, which stays there while they are used.
pub(super) unsafe fn bytes<'a>(l: *mut lua_State, index: c_int) -> &'a [u8] {
    let mut length = 0;
    // SAFETY: as the caller promises.
    unsafe {
        let data = ffi::lua_tolstring(l, index, &raw mut length);
        std::slice::from_raw_parts(data.cast::<u8>(), length)
    }
}

impl Message {
    /// A copy of the value on the top of the stack, which stays there.
    ///
    /// # Safety
    /// `l` is a valid state, called by Lua with `class`.
    pub unsafe fn of(l: *mut lua_State, class: &Class) -> Result<Self, Refusal> {
        // SAFETY: as the caller promises.
        unsafe {
            match ffi::lua_type(l, -1) {
                ffi::LUA_TSTRING => Ok(Self::String(bytes(l, -1).into())),
                ffi::LUA_TNUMBER => Ok(Self::Number(ffi::lua_tonumber(l, -1))),
                ffi::LUA_TBOOLEAN => Ok(Self::Boolean(ffi::lua_toboolean(l, -1) != 0)),
                _ => Self::walk(l, class),
            }
        }
    }

    /// A copy of what is no scalar.
    unsafe fn walk(l: *mut lua_State, class: &Class) -> Result<Self, Refusal> {
        let mut walk = Walk {
            l,
            class,
            tree: Tree::default(),
            open: Vec::new(),
        };
        // SAFETY: as `of` was promised.
        unsafe {
            match walk.member() {
                Member::Item => {}
                Member::Table => {
                    walk.tree.items.reserve(ITEMS);
                    walk.tree.bytes.reserve(BYTES);
                    let top = ffi::lua_gettop(l);
                    let outcome = walk.table();
                    ffi::lua_settop(l, top);
                    outcome?;
                }
                Member::Refused(refusal) => return Err(refusal),
            }
        }
        Ok(Self::Tree(walk.tree))
    }

    /// Pushes the value.
    ///
    /// # Safety
    /// `l` is a valid state with a free slot, in a call by Lua with `class`; what is left of the message is dropped
    /// when Lua raises for want of memory.
    pub unsafe fn push(self, l: *mut lua_State, class: Option<&Class>) {
        // SAFETY: as the caller promises.
        unsafe {
            match self {
                Self::Boolean(value) => ffi::lua_pushboolean(l, c_int::from(value)),
                Self::Number(value) => ffi::lua_pushnumber(l, value),
                Self::String(bytes) => push_string(l, &bytes),
                Self::Tree(tree) => push_tree(l, tree, class),
            }
        }
    }
}

impl Walk<'_> {
    /// Adds the value on the top of the stack to the tree, unless it is a table to go into.
    unsafe fn member(&mut self) -> Member {
        let l = self.l;
        // SAFETY: as `Message::of` was promised; there are free slots.
        unsafe {
            match ffi::lua_type(l, -1) {
                ffi::LUA_TSTRING => self.tree.push_string(bytes(l, -1)),
                ffi::LUA_TNUMBER => self.tree.push(Item::Number(ffi::lua_tonumber(l, -1))),
                ffi::LUA_TBOOLEAN => {
                    let value = ffi::lua_toboolean(l, -1) != 0;
                    self.tree.push(Item::Boolean(value));
                }
                ffi::LUA_TTABLE if ffi::lua_getmetatable(l, -1) == 0 => return Member::Table,
                ffi::LUA_TTABLE => {
                    ffi::lua_pop(l, 1);
                    return self.object();
                }
                ffi::LUA_TUSERDATA => return self.object(),
                _ => return Member::Refused(Refusal::Invalid),
            }
        }
        Member::Item
    }

    /// Adds the object on the top of the stack.
    unsafe fn object(&mut self) -> Member {
        // SAFETY: as `Message::of` was promised.
        match unsafe { self.class.object(self.l, false) } {
            Ok(item) => {
                self.tree.push(item);
                Member::Item
            }
            Err(refusal) => Member::Refused(refusal),
        }
    }

    /// Goes into the table on the top of the stack.
    unsafe fn enter(&mut self) -> Result<(), Refusal> {
        let l = self.l;
        // SAFETY: as `Message::of` was promised; the slots are for a key, a value and what is done with it.
        unsafe {
            let address = ffi::lua_topointer(l, -1);
            if self.open.iter().any(|table| table.address == address) {
                return Err(Refusal::Loop);
            }
            if self.open.len() == DEPTH || ffi::lua_checkstack(l, 8) == 0 {
                return Err(Refusal::TooDeep);
            }
            let is_array = ffi::lua_objlen(l, -1) > 0;
            if !is_array {
                ffi::lua_pushnil(l);
            }
            self.open.push(Table {
                address,
                at: self.tree.items.len(),
                element: is_array.then_some(0),
                count: 0,
            });
            self.tree.items.push(if is_array {
                Item::Array(0)
            } else {
                Item::Object(0)
            });
        }
        Ok(())
    }

    /// Leaves the innermost table, which is on the top of the stack, and takes it off.
    unsafe fn leave(&mut self) {
        if let Some(table) = self.open.pop() {
            let count = table.count;
            self.tree.items[table.at] = match table.element {
                Some(_) => Item::Array(count),
                None => Item::Object(count),
            };
            self.tree.items.push(Item::End);
            // SAFETY: the table is there.
            unsafe { ffi::lua_pop(self.l, 1) };
        }
    }

    /// Walks through the table on the top of the stack.
    unsafe fn table(&mut self) -> Result<(), Refusal> {
        let l = self.l;
        // SAFETY: as `Message::of` was promised; `enter` has seen to the slots.
        unsafe {
            self.enter()?;
            while let Some(table) = self.open.last_mut() {
                let is_array = table.element.is_some();
                // Pushes the next member; for tables with keys, over its key.
                let found = match &mut table.element {
                    Some(element) => {
                        *element += 1;
                        ffi::lua_rawgeti(l, -1, *element) != ffi::LUA_TNIL
                    }
                    None => ffi::lua_next(l, -2) != 0,
                };
                if !found {
                    if is_array {
                        ffi::lua_pop(l, 1);
                    }
                    self.leave();
                    continue;
                }
                if !is_array && ffi::lua_type(l, -2) != ffi::LUA_TSTRING {
                    ffi::lua_pop(l, 1);
                    continue;
                }
                let before = (self.tree.items.len(), self.tree.bytes.len());
                if !is_array {
                    self.tree.push_string(bytes(l, -2));
                }
                let member = self.member();
                if let Member::Refused(refusal @ Refusal::System(_)) = member {
                    return Err(refusal);
                }
                if let Member::Refused(_) = member {
                    // It ends an array, and is left out of other tables.
                    self.tree.items.truncate(before.0);
                    self.tree.bytes.truncate(before.1);
                    ffi::lua_pop(l, 1);
                    if is_array {
                        self.leave();
                    }
                    continue;
                }
                if let Some(table) = self.open.last_mut() {
                    table.count += 1;
                }
                if let Member::Item = member {
                    ffi::lua_pop(l, 1);
                } else {
                    self.enter()?;
                }
            }
        }
        Ok(())
    }
}

/// Pushes a string.
///
/// # Safety
/// `l` is a valid state with a free slot.
unsafe fn push_string(l: *mut lua_State, bytes: &[u8]) {
    // SAFETY: as the caller promises.
    unsafe { ffi::lua_pushlstring(l, bytes.as_ptr().cast(), bytes.len()) };
}

/// Pushes the value of a walk.
///
/// # Safety
/// As for [`Message::push`].
unsafe fn push_tree(l: *mut lua_State, tree: Tree, class: Option<&Class>) {
    let mut bytes = tree.bytes.as_slice();
    // The next element of each table that is open; 0 in one with keys.
    let mut open: Vec<usize> = Vec::new();
    // SAFETY: as the caller promises; a table's slots are taken care of when it begins.
    unsafe {
        for item in tree.items {
            match item {
                Item::Boolean(value) => ffi::lua_pushboolean(l, c_int::from(value)),
                Item::Number(value) => ffi::lua_pushnumber(l, value),
                Item::String(length) => {
                    let (string, rest) = bytes.split_at(length);
                    bytes = rest;
                    push_string(l, string);
                    // A key waits for its value.
                    if open.last() == Some(&0) && ffi::lua_type(l, -2) == ffi::LUA_TTABLE {
                        continue;
                    }
                }
                Item::Address(sender) => match class {
                    Some(class) => class.push_channel(l, sender),
                    None => ffi::lua_pushnil(l),
                },
                Item::Descriptor(descriptor) => match class {
                    Some(class) => class.push_descriptor(l, descriptor),
                    None => ffi::lua_pushnil(l),
                },
                Item::Bytes(bytes) => match class {
                    Some(class) => class.push_bytes(l, &bytes),
                    None => ffi::lua_pushnil(l),
                },
                Item::Socket(socket) => match class {
                    Some(class) => class.push_socket(l, socket),
                    None => ffi::lua_pushnil(l),
                },
                Item::Array(count) => {
                    ffi::luaL_checkstack(l, 4, c"a message".as_ptr());
                    ffi::lua_createtable(l, size(count), 0);
                    open.push(1);
                    continue;
                }
                Item::Object(count) => {
                    ffi::luaL_checkstack(l, 4, c"a message".as_ptr());
                    ffi::lua_createtable(l, 0, size(count));
                    open.push(0);
                    continue;
                }
                Item::End => {
                    open.pop();
                }
            }
            match open.last_mut() {
                Some(0) => ffi::lua_rawset(l, -3),
                Some(next) => {
                    ffi::lua_rawseti(l, -2, *next as _);
                    *next += 1;
                }
                None => {}
            }
        }
    }
}

/// A table's size as a hint.
fn size(count: usize) -> c_int {
    c_int::try_from(count).unwrap_or(0)
}
