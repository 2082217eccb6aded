//! `json.writer`: a text that grows, with the separators between its values.

use super::CLASS;
use crate::bridge::{guard, operations};
use crate::span::Span;
use mlua::ffi::{self, lua_State};
use std::ffi::c_int;

/// Results of an operation that was refused; those of json.lua.
const NOT_INNERMOST: i32 = 1;
const NO_MEMORY: i32 = 2;
const CONSUMED: i32 = 3;

/// Text that an idle writer keeps room for.
const KEEP: usize = 1 << 20;

/// A byte that stands in a string as it is.
const PLAIN: u8 = 0;
/// A byte that is written as `\u00XX`.
const HEX: u8 = b'u';

/// What follows the backslash for each byte.
static ESCAPES: [u8; 256] = {
    let mut table = [PLAIN; 256];
    let mut i = 0;
    while i < 0x20 {
        table[i] = HEX;
        i += 1;
    }
    table[0x08] = b'b';
    table[b'\t' as usize] = b't';
    table[b'\n' as usize] = b'n';
    table[0x0c] = b'f';
    table[b'\r' as usize] = b'r';
    table[b'"' as usize] = b'"';
    table[b'\\' as usize] = b'\\';
    table[b'/' as usize] = b'/';
    table
};

/// An open container, or the top level.
#[derive(Clone, Copy, Default)]
struct Level {
    object: bool,
    /// It has a value.
    started: bool,
    /// It is an object, and its last value was a key.
    value_due: bool,
}

/// Why a writer did not do what it was told.
#[derive(Clone, Copy)]
pub enum Refusal {
    Memory,
    Consumed,
    NotInnermost,
}

impl Refusal {
    fn code(self) -> i32 {
        match self {
            Self::Memory => NO_MEMORY,
            Self::Consumed => CONSUMED,
            Self::NotInnermost => NOT_INNERMOST,
        }
    }
}

/// Options of `encode` beside the indentation.
#[derive(Clone, Copy)]
pub struct Options {
    pub max_depth: u32,
    pub sort: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_depth: 1000,
            sort: false,
        }
    }
}

/// The payload of a userdata, which drops it when it is collected.
#[derive(Default)]
pub struct Writer {
    text: Vec<u8>,
    /// The levels around the innermost one.
    outer: Vec<Level>,
    level: Level,
    /// What is written once per level on a new line.
    indent: Option<Vec<u8>>,
    consumed: bool,
    /// What the calls of `encode` that share it agree on.
    pub options: Options,
}

impl Writer {
    fn reserve(&mut self, n: usize) -> Result<(), Refusal> {
        self.text.try_reserve(n).map_err(|_| Refusal::Memory)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.reserve(bytes.len())?;
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    pub fn depth(&self) -> usize {
        self.outer.len()
    }

    /// Whether its text has been taken.
    pub fn consumed(&self) -> bool {
        self.consumed
    }

    /// Sets the indentation, if there is none yet.
    pub fn set_indent(&mut self, indent: &[u8]) -> Result<(), Refusal> {
        if self.indent.is_none() {
            let mut copy = Vec::new();
            copy.try_reserve_exact(indent.len())
                .map_err(|_| Refusal::Memory)?;
            copy.extend_from_slice(indent);
            self.indent = Some(copy);
        }
        Ok(())
    }

    fn new_line(&mut self) -> Result<(), Refusal> {
        let depth = self.depth();
        if let Some(indent) = &self.indent {
            let size = indent.len().saturating_mul(depth).saturating_add(1);
            self.text.try_reserve(size).map_err(|_| Refusal::Memory)?;
            self.text.push(b'\n');
            for _ in 0..depth {
                self.text.extend_from_slice(indent);
            }
        }
        Ok(())
    }

    /// What goes between the last value and the next one.
    #[inline]
    fn separate(&mut self) -> Result<(), Refusal> {
        if self.consumed {
            return Err(Refusal::Consumed);
        }
        let level = self.level;
        if level.value_due {
            self.level.value_due = false;
            return match self.indent {
                None => self.write(b":"),
                Some(_) => self.write(b": "),
            };
        }
        self.level.started = true;
        self.level.value_due = level.object;
        if level.started {
            self.write(b",")?;
        }
        if self.indent.is_some() && self.depth() > 0 {
            self.new_line()?;
        }
        Ok(())
    }

    pub fn word(&mut self, word: &[u8]) -> Result<(), Refusal> {
        self.separate()?;
        self.write(word)
    }

    /// Integers within 64 bits as digits, what is no number as null, others by the fewest digits that read back equal.
    pub fn number(&mut self, x: f64) -> Result<(), Refusal> {
        self.separate()?;
        let integer = x as i64;
        // 2^63 is saturated to a number that is converted back to 2^63.
        if integer as f64 == x && x < 9_223_372_036_854_775_808.0 {
            self.write(itoa::Buffer::new().format(integer).as_bytes())
        } else if x.is_finite() {
            self.write(zmij::Buffer::new().format_finite(x).as_bytes())
        } else {
            self.write(b"null")
        }
    }

    pub fn string(&mut self, string: &[u8]) -> Result<(), Refusal> {
        self.separate()?;
        self.reserve(string.len() + 2)?;
        self.text.push(b'"');
        let mut rest = string;
        while let Some(at) = rest.iter().position(|b| ESCAPES[usize::from(*b)] != PLAIN) {
            let byte = rest[at];
            // Six bytes for this one, and room for the rest.
            self.reserve(rest.len() + 7)?;
            self.text.extend_from_slice(&rest[..at]);
            match ESCAPES[usize::from(byte)] {
                HEX => {
                    const DIGITS: &[u8; 16] = b"0123456789abcdef";
                    self.text.extend_from_slice(b"\\u00");
                    self.text.push(DIGITS[usize::from(byte >> 4)]);
                    self.text.push(DIGITS[usize::from(byte & 15)]);
                }
                escape => self.text.extend_from_slice(&[b'\\', escape]),
            }
            rest = &rest[at + 1..];
        }
        self.text.extend_from_slice(rest);
        self.text.push(b'"');
        Ok(())
    }

    pub fn open(&mut self, object: bool) -> Result<(), Refusal> {
        self.separate()?;
        self.outer.try_reserve(1).map_err(|_| Refusal::Memory)?;
        self.write(if object { b"{" } else { b"[" })?;
        self.outer.push(self.level);
        self.level = Level {
            object,
            ..Level::default()
        };
        Ok(())
    }

    pub fn close(&mut self, object: bool) -> Result<(), Refusal> {
        if self.consumed {
            return Err(Refusal::Consumed);
        }
        if self.level.object != object {
            return Err(Refusal::NotInnermost);
        }
        let outer = self.outer.pop().ok_or(Refusal::NotInnermost)?;
        if self.level.started {
            self.new_line()?;
        }
        self.level = outer;
        self.write(if object { b"}" } else { b"]" })
    }

    fn literal(&mut self, raw: &[u8]) -> Result<(), Refusal> {
        if self.consumed {
            return Err(Refusal::Consumed);
        }
        self.write(raw)
    }

    fn discard(&mut self, again: bool) {
        if again {
            self.clear();
        } else {
            *self = Self {
                consumed: true,
                ..Self::default()
            };
        }
    }

    /// Forgets everything; keeps some memory for the next text.
    fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(KEEP);
        self.outer.clear();
        self.level = Level::default();
        self.indent = None;
    }
}

operations! {
    word: fn(*mut Writer, i32) -> i32;
    number: fn(*mut Writer, f64) -> i32;
    string: fn(*mut Writer, *const u8, usize) -> i32;
    literal: fn(*mut Writer, *const u8, usize) -> i32;
    open: fn(*mut Writer, i32) -> i32;
    close: fn(*mut Writer, i32) -> i32;
    level: fn(*const Writer) -> i32;
}

/// Runs `body` on a writer of the Lua half.
fn with(writer: *mut Writer, body: impl FnOnce(&mut Writer) -> Result<(), Refusal>) -> i32 {
    // SAFETY: the Lua half passes the payload of a writer, which is alive and used by one thread.
    let writer = unsafe { &mut *writer };
    guard(|| body(writer).map_or_else(Refusal::code, |()| 0))
}

/// 0 null, 1 false, 2 true.
extern "C" fn word(writer: *mut Writer, which: i32) -> i32 {
    with(writer, |w| {
        w.word(match which {
            0 => b"null",
            1 => b"false",
            _ => b"true",
        })
    })
}

extern "C" fn number(writer: *mut Writer, x: f64) -> i32 {
    with(writer, |w| w.number(x))
}

extern "C" fn string(writer: *mut Writer, bytes: *const u8, len: usize) -> i32 {
    // SAFETY: the Lua half passes a string and its length.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, len) };
    with(writer, |w| w.string(bytes))
}

extern "C" fn literal(writer: *mut Writer, bytes: *const u8, len: usize) -> i32 {
    // SAFETY: the Lua half passes a string and its length.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, len) };
    with(writer, |w| w.literal(bytes))
}

extern "C" fn open(writer: *mut Writer, object: i32) -> i32 {
    with(writer, |w| w.open(object != 0))
}

extern "C" fn close(writer: *mut Writer, object: i32) -> i32 {
    with(writer, |w| w.close(object != 0))
}

/// Number of open containers, or -1 if it has been consumed.
extern "C" fn level(writer: *const Writer) -> i32 {
    // SAFETY: the Lua half passes the payload of a writer.
    let writer = unsafe { &*writer };
    if writer.consumed {
        -1
    } else {
        i32::try_from(writer.depth()).unwrap_or(i32::MAX)
    }
}

/// Adds the finaliser to the metatable of writers at `index`.
///
/// # Safety
/// `l` has two free slots and a table at `index`.
pub unsafe fn class(l: *mut lua_State, index: c_int) {
    // SAFETY: as the caller promises.
    unsafe {
        ffi::lua_pushstring(l, c"__gc".as_ptr());
        ffi::lua_pushcclosure(l, finalise, 0);
        ffi::lua_rawset(l, index);
    }
}

unsafe extern "C-unwind" fn finalise(l: *mut lua_State) -> c_int {
    // SAFETY: only writers have this metamethod, which nobody else can reach.
    unsafe { std::ptr::drop_in_place(ffi::lua_touserdata(l, 1).cast::<Writer>()) };
    0
}

/// `writer() -> json.writer`
pub unsafe extern "C-unwind" fn new(l: *mut lua_State) -> c_int {
    // SAFETY: an empty writer owns nothing yet if Lua raises before it has its finaliser.
    unsafe {
        let writer = ffi::lua_newuserdata(l, size_of::<Writer>()).cast::<Writer>();
        writer.write(Writer::default());
        ffi::lua_pushvalue(l, CLASS);
        ffi::lua_setmetatable(l, -2);
    }
    1
}

/// `take(writer, again) -> string | nil`: nil if it has been consumed, which this call does unless it is to be used
/// again.
pub unsafe extern "C-unwind" fn take(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a writer, which owns the text while Lua copies it.
    unsafe {
        let writer = &mut *ffi::lua_touserdata(l, 1).cast::<Writer>();
        if writer.consumed {
            ffi::lua_pushnil(l);
            return 1;
        }
        let again = ffi::lua_toboolean(l, 2) != 0;
        ffi::lua_pushlstring_(l, writer.text.as_ptr().cast(), writer.text.len());
        writer.discard(again);
    }
    1
}

/// `take_into(writer, span, again) -> length | nil, length`: the same into a span; nil if the text is longer.
pub unsafe extern "C-unwind" fn take_into(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a writer that is not consumed and a span.
    unsafe {
        let writer = &mut *ffi::lua_touserdata(l, 1).cast::<Writer>();
        let span = &*ffi::lua_touserdata(l, 2).cast::<Span>();
        let again = ffi::lua_toboolean(l, 3) != 0;
        let length = writer.text.len();
        let fits = length <= span.len;
        if fits {
            span.data
                .copy_from_nonoverlapping(writer.text.as_ptr(), length);
        } else {
            ffi::lua_pushnil(l);
        }
        writer.discard(again);
        ffi::lua_pushnumber(l, length as f64);
        if fits { 1 } else { 2 }
    }
}
