//! Texts to values: serde_json's parser calls a visitor that leaves each value on the Lua stack.
//!
//! Lua may raise whenever it allocates, and passes the parser's frames then. So they run in a protected call
//! ([`document`]) and own nothing: the parser, whose buffer needs dropping, lies outside of it, and while one of its
//! errors is on its way nothing here calls what raises.

use super::failure::{Failure, OUT_OF_RANGE, Place, TOO_DEEP, TOO_LONG, Text};
use super::{NATIVE_STACK, NULL, TAG, stack_address};
use crate::span::bytes_at;
use mlua::ffi::{self, lua_State};
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::de::{Deserializer, StrRead};
use std::ffi::c_int;
use std::fmt;
use std::ops::Range;

/// Elements that the array part of a table can have.
const MOST_ELEMENTS: c_int = 1 << 27;

/// What the visitor works on.
///
/// Each open container has two slots on the Lua stack: the table, then the key that is due or, once an error is on its
/// way, the position. So the path to a value can be read off the stack.
struct Reader {
    l: *mut lua_State,
    /// Addresses of the document.
    text: Range<*const u8>,
    depth: u32,
    max_depth: u32,
    /// Native stack at the top level.
    stack: usize,
    /// Code of a failure that is not the parser's.
    failure: c_int,
    place: Option<Place>,
    /// Elements and members of the last containers at each depth, modulo the length: those of one list are alike, and
    /// a table of the right size need not grow. What a wrong guess wastes, the last container has used.
    sizes: [(c_int, c_int); 32],
}

/// A document that is being read.
struct Job<'t> {
    reader: Reader,
    parser: Deserializer<StrRead<'t>>,
    failure: Option<Failure>,
}

impl Reader {
    fn fail<E: serde::de::Error>(&mut self, code: c_int) -> Result<(), E> {
        self.failure = code;
        Err(E::custom(""))
    }

    /// Before a container: whether it may be one level deeper, and room for it on the Lua stack.
    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        // SAFETY: the state is valid, and nothing here needs dropping.
        let room = unsafe { ffi::lua_checkstack(self.l, 8) } != 0;
        let used = self.stack.abs_diff(stack_address());
        if self.depth > self.max_depth || !room || used > NATIVE_STACK {
            return self.fail(TOO_DEEP);
        }
        Ok(())
    }

    fn place(&mut self, place: Place) {
        self.place.get_or_insert(place);
    }

    fn sizes(&mut self) -> &mut (c_int, c_int) {
        &mut self.sizes[self.depth as usize % 32]
    }

    fn push(&self, text: &str) {
        // SAFETY: `enter` has made room.
        unsafe { ffi::lua_pushlstring_(self.l, text.as_ptr().cast(), text.len()) };
    }

    fn number(&self, n: f64) {
        // SAFETY: `enter` has made room.
        unsafe { ffi::lua_pushnumber(self.l, n) };
    }

    /// A number by its text, where it is no integer of 64 bits.
    fn long_number<E: serde::de::Error>(&mut self, text: &str) -> Result<(), E> {
        if text == "-0" {
            self.number(0.0);
        } else if !text.contains(['.', 'e', 'E']) {
            return self.fail(OUT_OF_RANGE);
        } else {
            // Too large is infinity. The parser has checked the grammar.
            self.number(text.parse().unwrap_or(f64::NAN));
        }
        Ok(())
    }
}

/// A value: pushes it.
struct Value<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, parser: D) -> Result<(), D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        // SAFETY: `enter` has made room.
        unsafe { ffi::lua_pushvalue(self.0.l, NULL) };
        Ok(())
    }

    fn visit_bool<E>(self, b: bool) -> Result<(), E> {
        // SAFETY: `enter` has made room.
        unsafe { ffi::lua_pushboolean(self.0.l, c_int::from(b)) };
        Ok(())
    }

    fn visit_i64<E>(self, n: i64) -> Result<(), E> {
        self.0.number(n as f64);
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, n: u64) -> Result<(), E> {
        if i64::try_from(n).is_err() {
            return self.0.fail(OUT_OF_RANGE);
        }
        self.0.number(n as f64);
        Ok(())
    }

    fn visit_str<E>(self, s: &str) -> Result<(), E> {
        self.0.push(s);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let reader = self.0;
        reader.enter()?;
        let l = reader.l;
        let size = reader.sizes().0;
        // SAFETY: `enter` has made room; `table` and its neighbour are the slots of this container.
        let table = unsafe {
            ffi::lua_createtable(l, size, 0);
            ffi::lua_pushvalue(l, TAG);
            ffi::lua_setmetatable(l, -2);
            ffi::lua_pushnil(l);
            ffi::lua_gettop(l) - 1
        };
        let mut n = 0;
        loop {
            match seq.next_element_seed(Value(reader)) {
                Ok(Some(())) if n < MOST_ELEMENTS => {
                    n += 1;
                    // SAFETY: the value is on the top.
                    unsafe { ffi::lua_rawseti_(l, table, n) };
                }
                Ok(Some(())) => {
                    reader.depth -= 1;
                    return reader.fail(TOO_LONG);
                }
                Ok(None) => break,
                Err(error) => {
                    reader.place(if n == 0 {
                        Place::FirstElement
                    } else {
                        Place::Element
                    });
                    // SAFETY: there is room, and neither call allocates.
                    unsafe {
                        ffi::lua_pushnumber(l, f64::from(n + 1));
                        ffi::lua_replace(l, table + 1);
                    }
                    return Err(error);
                }
            }
        }
        reader.sizes().0 = n;
        reader.depth -= 1;
        // SAFETY: leaves the table.
        unsafe { ffi::lua_settop(l, table) };
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let reader = self.0;
        let l = reader.l;
        let first = map.next_key_seed(Key(reader));
        if let Ok(Some(Found::Number)) = first {
            return map.next_value_seed(NumberText(reader));
        }
        reader.enter()?;
        let mut more = match first {
            Ok(first) => first.is_some(),
            Err(error) => {
                reader.place(Place::FirstKey);
                return Err(error);
            }
        };
        let size = reader.sizes().1;
        // SAFETY: `enter` has made room. The first key, if there is one, goes behind the table.
        let table = unsafe {
            ffi::lua_createtable(l, 0, size);
            if more {
                ffi::lua_insert(l, -2);
            }
            ffi::lua_gettop(l) - c_int::from(more)
        };
        let mut n = 0;
        while more {
            if let Err(error) = map.next_value_seed(Value(reader)) {
                reader.place(Place::Member);
                return Err(error);
            }
            n += 1;
            // SAFETY: key and value are on the top.
            unsafe { ffi::lua_rawset(l, table) };
            more = match map.next_key_seed(Key(reader)) {
                Ok(key) => key.is_some(),
                Err(error) => {
                    reader.place(Place::Key);
                    return Err(error);
                }
            };
        }
        reader.sizes().1 = n;
        reader.depth -= 1;
        Ok(())
    }
}

/// What [`Key`] has found.
enum Found {
    /// A key, which it has pushed.
    Member,
    /// The parser's sign that the map stands for a number that has its text as only value.
    Number,
}

/// A key of an object: pushes it.
struct Key<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Found;

    fn deserialize<D: serde::Deserializer<'de>>(self, parser: D) -> Result<Found, D::Error> {
        parser.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Found, E> {
        self.0.push(key);
        Ok(Found::Member)
    }

    /// Keys are borrowed from the document. The sign is too, but from the parser's own constants, so that no document
    /// can contain it.
    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Found, E> {
        let text = &self.0.text;
        if key.is_empty() || text.contains(&key.as_ptr()) {
            self.0.push(key);
            return Ok(Found::Member);
        }
        Ok(Found::Number)
    }
}

/// The text of a number that is no integer of 64 bits: pushes the number.
struct NumberText<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for NumberText<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, text: D) -> Result<(), D::Error> {
        text.deserialize_str(self)
    }
}

impl Visitor<'_> for NumberText<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.0.long_number(text)
    }
}

impl Job<'_> {
    fn run(&mut self) -> Option<Failure> {
        let Self { reader, parser, .. } = self;
        let error = Value(reader)
            .deserialize(&mut *parser)
            .and_then(|()| parser.end())
            .err()?;
        Some(Failure {
            code: reader.failure,
            place: reader.place.unwrap_or(Place::Top),
            at_end: error.is_eof(),
            line: error.line(),
            column: error.column(),
            text: Text::of(&error),
        })
    }
}

/// The protected part: `document(job) -> value`, or the path to the culprit.
unsafe extern "C-unwind" fn document(l: *mut lua_State) -> c_int {
    // SAFETY: called by `decode` with its job; upvalues are those of `decode`.
    unsafe {
        let job = &mut *ffi::lua_touserdata(l, 1).cast::<Job>();
        ffi::lua_settop(l, 0);
        job.reader.stack = stack_address();
        job.failure = job.run();
        let depth = match job.failure {
            None => return 1,
            Some(Failure { code, .. }) if code == OUT_OF_RANGE || code == TOO_LONG => {
                job.reader.depth as c_int
            }
            Some(_) => return 0,
        };
        ffi::lua_createtable(l, depth, 0);
        for i in 1..=depth {
            ffi::lua_pushvalue(l, 2 * i);
            ffi::lua_rawseti_(l, -2, i);
        }
    }
    1
}

/// `decode(text, max_depth) -> value`, or `nil, path or nil, category, code, offset, line, column, text` with 1 for the
/// category of syntax and 2 for that of values.
pub unsafe extern "C-unwind" fn decode(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a string or a span, which stays on the stack, and a number.
    unsafe {
        let bytes = bytes_at(l, 1);
        let max_depth = ffi::lua_tonumber(l, 2) as u32;
        ffi::lua_settop(l, 1);
        for upvalue in [NULL, TAG] {
            ffi::lua_pushvalue(l, upvalue);
        }
        ffi::lua_pushcclosure(l, document, 2);
        // The parser takes valid text for granted, so it gets what is before the first invalid byte.
        let invalid = std::str::from_utf8(bytes).err().map(|e| e.valid_up_to());
        let text = std::str::from_utf8_unchecked(&bytes[..invalid.unwrap_or(bytes.len())]);
        let mut parser = Deserializer::from_str(text);
        parser.disable_recursion_limit();
        let mut job = Job {
            reader: Reader {
                l,
                text: text.as_bytes().as_ptr_range(),
                depth: 0,
                max_depth,
                stack: 0,
                failure: 0,
                place: None,
                sizes: [(0, 0); 32],
            },
            parser,
            failure: None,
        };
        ffi::lua_pushlightuserdata(l, (&raw mut job).cast());
        let status = ffi::lua_pcall(l, 1, 1, 0);
        let Job {
            parser, failure, ..
        } = job;
        drop(parser);
        if status != 0 {
            ffi::lua_error(l);
        }
        let failure = match invalid {
            Some(at) if failure.is_none_or(|failure| failure.at_end) => {
                Some(Failure::invalid_text(at))
            }
            _ => failure,
        };
        let Some(failure) = failure else {
            return 1;
        };
        let offset = failure.offset(bytes);
        let before = &bytes[..offset - 1];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let (category, code) = failure.code(bytes.get(offset - 1).copied());
        ffi::lua_pushnil(l);
        ffi::lua_insert(l, -2);
        ffi::lua_pushnumber(l, category);
        ffi::lua_pushnumber(l, f64::from(code));
        ffi::lua_pushnumber(l, offset as f64);
        ffi::lua_pushnumber(l, memchr::memchr_iter(b'\n', before).count() as f64 + 1.0);
        ffi::lua_pushnumber(l, (offset - line_start) as f64);
        ffi::lua_pushlstring_(l, failure.text.bytes.as_ptr().cast(), failure.text.len);
    }
    8
}
