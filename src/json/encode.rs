//! Values to texts: Lua's tables are walked and written as they are met.
//!
//! Lua may raise anywhere here. The text belongs to the writer, a userdata, and the frames own nothing.

use super::writer::{Options, Refusal, Writer};
use super::{CLASSES, NATIVE_STACK, NULL, TAG, stack_address};
use crate::span::bytes_at;
use mlua::ffi::{self, lua_State};
use std::ffi::{c_int, c_void};

/// Arguments of `encode`, which stay where they are.
const WRITER: c_int = 1;
const VALUE: c_int = 2;
const STATE: c_int = 3;
const INDENT: c_int = 4;
const MAX_DEPTH: c_int = 5;
const SORT: c_int = 6;
/// `state.visited`, once there is a state.
const VISITED: c_int = 7;
/// The name `__tojson`: pushing a string hashes it each time.
const TOJSON: c_int = 8;

/// Slots that one level of a walk needs.
const SLOTS: c_int = 12;

/// Why a value was not written; the codes are those of json.lua.
#[derive(Clone, Copy)]
enum Stop {
    NotEncodable = 2,
    Cycle = 3,
    TooDeep = 4,
    Memory = 5,
    Consumed = 6,
    /// A hook has closed what it has not opened.
    NotInnermost = 7,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Memory => Self::Memory,
            Refusal::Consumed => Self::Consumed,
            Refusal::NotInnermost => Self::NotInnermost,
        }
    }
}

/// What a value is written as.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
    /// By its own `__tojson`.
    Hook,
    /// Not at all.
    Nothing,
}

/// A container that is being written, on the native stack.
struct Frame<'a> {
    table: *const c_void,
    /// Its place on the Lua stack.
    index: c_int,
    outer: Option<&'a Frame<'a>>,
}

struct Walk {
    l: *mut lua_State,
    writer: *mut Writer,
    null: *const c_void,
    tag: *const c_void,
    options: Options,
    /// There is a state: what is being written is marked in its set.
    has_state: bool,
    /// Native stack at the top level.
    stack: usize,
}

impl Walk {
    /// The writer; not to be kept, for hooks use it too.
    fn writer(&mut self) -> &mut Writer {
        // SAFETY: the userdata is on the stack, and only this thread uses it.
        unsafe { &mut *self.writer }
    }

    /// # Safety
    /// Three free slots; as for all methods, `index` is a value's absolute index.
    unsafe fn kind(&self, index: c_int) -> Kind {
        let l = self.l;
        // SAFETY: as the caller promises; the stack is left as it was.
        unsafe {
            let table = match ffi::lua_type(l, index) {
                ffi::LUA_TBOOLEAN => return Kind::Boolean,
                ffi::LUA_TNUMBER => return Kind::Number,
                ffi::LUA_TSTRING => return Kind::String,
                ffi::LUA_TTABLE => true,
                ffi::LUA_TUSERDATA => false,
                _ => return Kind::Nothing,
            };
            if ffi::lua_getmetatable(l, index) == 0 {
                return match (table, ffi::lua_objlen(l, index)) {
                    (false, _) => Kind::Nothing,
                    (true, 0) => Kind::Object,
                    (true, _) => Kind::Array,
                };
            }
            let metatable = ffi::lua_gettop(l);
            let kind = if ffi::lua_topointer(l, metatable) == self.tag {
                Kind::Array
            } else if ffi::lua_topointer(l, index) == self.null {
                Kind::Null
            } else if self.has(metatable, TOJSON) {
                Kind::Hook
            } else if !table || self.has(CLASSES, metatable) {
                // Objects of the runtime may be tables.
                Kind::Nothing
            } else if ffi::lua_objlen(l, index) > 0 {
                Kind::Array
            } else {
                Kind::Object
            };
            ffi::lua_settop(l, metatable - 1);
            kind
        }
    }

    /// Whether a table has a key, found raw.
    ///
    /// # Safety
    /// Both are indices, `table` that of a table; one free slot.
    unsafe fn has(&self, table: c_int, key: c_int) -> bool {
        // SAFETY: as the caller promises.
        unsafe {
            ffi::lua_pushvalue(self.l, key);
            ffi::lua_rawget(self.l, table);
            let found = ffi::lua_isnil(self.l, -1) == 0;
            ffi::lua_settop(self.l, -2);
            found
        }
    }

    /// # Safety
    /// [`SLOTS`] free slots.
    unsafe fn value(
        &mut self,
        kind: Kind,
        index: c_int,
        outer: Option<&Frame>,
    ) -> Result<(), Stop> {
        let l = self.l;
        // SAFETY: as the caller promises; the value is of that kind.
        unsafe {
            match kind {
                Kind::Null => self.writer().word(b"null")?,
                Kind::Boolean if ffi::lua_toboolean(l, index) != 0 => {
                    self.writer().word(b"true")?
                }
                Kind::Boolean => self.writer().word(b"false")?,
                Kind::Number => self.writer().number(ffi::lua_tonumber(l, index))?,
                Kind::String => self.writer().string(bytes_at(l, index))?,
                Kind::Nothing => return Err(Stop::NotEncodable),
                Kind::Array | Kind::Object | Kind::Hook => {
                    let frame = Frame {
                        table: ffi::lua_topointer(l, index),
                        index,
                        outer,
                    };
                    self.enter(&frame)?;
                    match kind {
                        Kind::Array => self.array(&frame)?,
                        Kind::Object if self.options.sort => self.sorted_object(&frame)?,
                        Kind::Object => self.object(&frame)?,
                        _ => self.hook(&frame)?,
                    }
                    if self.has_state {
                        self.mark(index, false);
                    }
                }
            }
        }
        Ok(())
    }

    /// Before a container or a hook: no cycle, not too deep, room.
    ///
    /// # Safety
    /// Three free slots.
    unsafe fn enter(&mut self, frame: &Frame) -> Result<(), Stop> {
        let l = self.l;
        // SAFETY: as the caller promises.
        unsafe {
            if self.has_state {
                ffi::lua_pushvalue(l, frame.index);
                ffi::lua_rawget(l, VISITED);
                let visited = ffi::lua_toboolean(l, -1) != 0;
                ffi::lua_settop(l, -2);
                if visited {
                    return Err(Stop::Cycle);
                }
                self.mark(frame.index, true);
            } else {
                let mut outer = frame.outer;
                while let Some(ancestor) = outer {
                    if ancestor.table == frame.table {
                        return Err(Stop::Cycle);
                    }
                    outer = ancestor.outer;
                }
            }
            let used = self.stack.abs_diff(stack_address());
            if self.writer().depth() >= self.options.max_depth as usize
                || used > NATIVE_STACK
                || ffi::lua_checkstack(l, SLOTS) == 0
            {
                return Err(Stop::TooDeep);
            }
        }
        Ok(())
    }

    /// Puts a value into the set of those that are being written, or takes it out.
    ///
    /// # Safety
    /// There is a state; two free slots.
    unsafe fn mark(&self, index: c_int, being_written: bool) {
        // SAFETY: as the caller promises.
        unsafe {
            ffi::lua_pushvalue(self.l, index);
            if being_written {
                ffi::lua_pushboolean(self.l, 1);
            } else {
                ffi::lua_pushnil(self.l);
            }
            ffi::lua_rawset(self.l, VISITED);
        }
    }

    unsafe fn array(&mut self, frame: &Frame) -> Result<(), Stop> {
        let l = self.l;
        self.writer().open(false)?;
        let mut i = 1;
        // SAFETY: `enter` has made room; each round leaves the stack as it was.
        unsafe {
            loop {
                ffi::lua_rawgeti_(l, frame.index, i);
                let element = ffi::lua_gettop(l);
                if ffi::lua_type(l, element) == ffi::LUA_TNIL {
                    ffi::lua_settop(l, element - 1);
                    break;
                }
                self.value(self.kind(element), element, Some(frame))?;
                ffi::lua_settop(l, element - 1);
                i += 1;
            }
        }
        Ok(self.writer().close(false)?)
    }

    unsafe fn object(&mut self, frame: &Frame) -> Result<(), Stop> {
        let l = self.l;
        self.writer().open(true)?;
        // SAFETY: `enter` has made room; each round leaves the key on the top, which `lua_next` takes.
        unsafe {
            ffi::lua_pushnil(l);
            let key = ffi::lua_gettop(l);
            while ffi::lua_next(l, frame.index) != 0 {
                if ffi::lua_type(l, key) == ffi::LUA_TSTRING {
                    let kind = self.kind(key + 1);
                    if kind != Kind::Nothing {
                        self.writer().string(bytes_at(l, key))?;
                        self.value(kind, key + 1, Some(frame))?;
                    }
                }
                ffi::lua_settop(l, key);
            }
        }
        Ok(self.writer().close(true)?)
    }

    /// The members in the order of their keys' bytes.
    unsafe fn sorted_object(&mut self, frame: &Frame) -> Result<(), Stop> {
        let l = self.l;
        self.writer().open(true)?;
        // SAFETY: `enter` has made room. A table keeps the keys alive, whatever a hook does to the object; the array
        // of references to them is a userdata, so that nothing here needs dropping.
        unsafe {
            ffi::lua_createtable(l, 0, 0);
            let keys = ffi::lua_gettop(l);
            let mut n = 0;
            ffi::lua_pushnil(l);
            while ffi::lua_next(l, frame.index) != 0 {
                ffi::lua_settop(l, keys + 1);
                if ffi::lua_type(l, keys + 1) == ffi::LUA_TSTRING {
                    n += 1;
                    ffi::lua_pushvalue(l, keys + 1);
                    ffi::lua_rawseti_(l, keys, n);
                }
            }
            let count = n as usize;
            let order = ffi::lua_newuserdata(l, count.max(1) * size_of::<(&[u8], c_int)>())
                .cast::<(&[u8], c_int)>();
            for i in 1..=n {
                ffi::lua_rawgeti_(l, keys, i);
                order.add(i as usize - 1).write((bytes_at(l, -1), i));
                ffi::lua_settop(l, -2);
            }
            let order = std::slice::from_raw_parts_mut(order, count);
            order.sort_unstable();
            for (_, i) in &*order {
                ffi::lua_rawgeti_(l, keys, *i);
                let key = ffi::lua_gettop(l);
                ffi::lua_pushvalue(l, key);
                ffi::lua_rawget(l, frame.index);
                let kind = self.kind(key + 1);
                if kind != Kind::Nothing {
                    self.writer().string(bytes_at(l, key))?;
                    self.value(kind, key + 1, Some(frame))?;
                }
                ffi::lua_settop(l, key - 1);
            }
            ffi::lua_settop(l, keys - 1);
        }
        Ok(self.writer().close(true)?)
    }

    /// Calls the value's `__tojson`.
    unsafe fn hook(&mut self, frame: &Frame) -> Result<(), Stop> {
        let l = self.l;
        // SAFETY: `enter` has made room.
        unsafe {
            if !self.has_state {
                self.make_state(frame);
            }
            ffi::lua_getmetatable(l, frame.index);
            ffi::lua_pushvalue(l, TOJSON);
            ffi::lua_rawget(l, -2);
            ffi::lua_pushvalue(l, frame.index);
            ffi::lua_pushvalue(l, STATE);
            ffi::lua_call(l, 2, 0);
            ffi::lua_settop(l, -2);
        }
        if self.writer().consumed() {
            return Err(Stop::Consumed);
        }
        Ok(())
    }

    /// Makes the state and marks `frame` and what is around it.
    unsafe fn make_state(&mut self, frame: &Frame) {
        let l = self.l;
        // SAFETY: `enter` has made room.
        unsafe {
            ffi::lua_createtable(l, 0, 3);
            ffi::lua_createtable(l, 0, 4);
            ffi::lua_pushvalue(l, -1);
            ffi::lua_replace(l, VISITED);
            ffi::lua_setfield(l, -2, c"visited".as_ptr());
            ffi::lua_pushvalue(l, WRITER);
            ffi::lua_setfield(l, -2, c"writer".as_ptr());
            ffi::lua_pushvalue(l, INDENT);
            ffi::lua_setfield(l, -2, c"indent".as_ptr());
            ffi::lua_replace(l, STATE);
            self.has_state = true;
            let mut marked = Some(frame);
            while let Some(frame) = marked {
                self.mark(frame.index, true);
                marked = frame.outer;
            }
        }
    }
}

/// `encode(writer, value, state, indent, max_depth, sort) -> code, exposed`: 0 or why it has stopped, and whether a hook
/// has seen the writer. `state` has been checked; without one a hook makes it. With one the other options are those
/// with which the writer's text was begun.
pub unsafe extern "C-unwind" fn encode(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with values of these types.
    unsafe {
        ffi::lua_settop(l, SORT);
        ffi::luaL_checkstack(l, 4 + SLOTS, c"json".as_ptr());
        let writer = ffi::lua_touserdata(l, WRITER).cast::<Writer>();
        let has_state = ffi::lua_type(l, STATE) == ffi::LUA_TTABLE;
        if has_state {
            ffi::lua_getfield(l, STATE, c"visited".as_ptr());
        } else {
            ffi::lua_pushnil(l);
            (*writer).options = Options {
                max_depth: ffi::lua_tonumber(l, MAX_DEPTH) as u32,
                sort: ffi::lua_toboolean(l, SORT) != 0,
            };
        }
        ffi::lua_pushstring(l, c"__tojson".as_ptr());
        let mut walk = Walk {
            l,
            writer,
            null: ffi::lua_topointer(l, NULL),
            tag: ffi::lua_topointer(l, TAG),
            options: (*writer).options,
            has_state,
            stack: stack_address(),
        };
        let indented = match ffi::lua_type(l, INDENT) {
            ffi::LUA_TSTRING => walk.writer().set_indent(bytes_at(l, INDENT)),
            _ => Ok(()),
        };
        let result = indented
            .map_err(Stop::from)
            .and_then(|()| walk.value(walk.kind(VALUE), VALUE, None));
        let code = result.err().map_or(0, |stop| stop as c_int);
        ffi::lua_pushnumber(l, f64::from(code));
        ffi::lua_pushboolean(l, c_int::from(walk.has_state));
    }
    2
}
