//! Memory of `byte_span`: C functions, because spans are userdata, and the searches.
//!
//! A span is a userdata `{data, len, capacity}`. Its environment table holds the block, which is
//! a userdata too: the collector sees every byte, and a view needs no finaliser.

use crate::bridge::operations;
use mlua::ffi::{self, lua_State};
use std::cell::Cell;
use std::ffi::{CStr, c_int};

/// A view of a block. Same layout as the struct in native.lua.
#[repr(C)]
pub struct Span {
    pub data: *mut u8,
    pub len: usize,
    pub capacity: usize,
}

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"span_class", class), (c"views_of", views_of)];

operations! {
    find: fn(*const Span, *const u8, usize, usize) -> f64;
    rfind: fn(*const Span, *const u8, usize, usize) -> f64;
}

/// Where the constructors and makers, which are closures, keep the metatable of spans.
const CLASS: c_int = ffi::lua_upvalueindex(1);

/// Bytes of blocks after which the collector is pushed on: its own pace counts steps, not sizes,
/// and would let gigabytes of dead blocks gather.
const COLLECT_EVERY: usize = 1 << 20;

thread_local! {
    /// Bytes of blocks made since the collector was pushed on.
    static DEBT: Cell<usize> = const { Cell::new(0) };
}

/// `span_class(metatable) -> new, view`: the constructors of spans with that metatable.
unsafe extern "C-unwind" fn class(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a table.
    unsafe {
        ffi::lua_settop(l, 1);
        ffi::lua_pushvalue(l, 1);
        ffi::lua_pushcclosure(l, new, 1);
        ffi::lua_pushvalue(l, 1);
        ffi::lua_pushcclosure(l, view, 1);
    }
    2
}

/// Pushes a span. `push_anchor` pushes the table that keeps its bytes alive, which becomes its environment.
///
/// # Safety
/// Called from one of the constructors; `l` has three free slots.
unsafe fn push(l: *mut lua_State, span: Span, push_anchor: impl FnOnce()) {
    // SAFETY: as the caller promises.
    unsafe {
        let new = ffi::lua_newuserdata(l, size_of::<Span>()).cast::<Span>();
        new.write(span);
        push_anchor();
        ffi::lua_setfenv(l, -2);
        ffi::lua_pushvalue(l, CLASS);
        ffi::lua_setmetatable(l, -2);
    }
}

/// `new(len, capacity)`: a span on a zeroed block of its own. The Lua half has checked both.
unsafe extern "C-unwind" fn new(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with two numbers; Lua raises before anything needs dropping.
    unsafe {
        let len = ffi::lua_tonumber(l, 1) as usize;
        let capacity = ffi::lua_tonumber(l, 2) as usize;
        ffi::lua_settop(l, 0);
        ffi::lua_createtable(l, 1, 0);
        let debt = DEBT.get() + capacity;
        if debt >= COLLECT_EVERY {
            DEBT.set(0);
            ffi::lua_gc(l, ffi::LUA_GCSTEP, (debt >> 10) as c_int);
        } else {
            DEBT.set(debt);
        }
        let data = ffi::lua_newuserdata(l, capacity.max(1)).cast::<u8>();
        data.write_bytes(0, capacity);
        ffi::lua_rawseti(l, 1, 1);
        let span = Span {
            data,
            len,
            capacity,
        };
        push(l, span, || ffi::lua_pushvalue(l, 1));
    }
    1
}

/// `view(span, offset, len, capacity)`: a view of the same block.
unsafe extern "C-unwind" fn view(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a span and numbers inside its bounds.
    unsafe {
        let parent = ffi::lua_touserdata(l, 1).cast::<Span>();
        let span = Span {
            data: (*parent).data.add(ffi::lua_tonumber(l, 2) as usize),
            len: ffi::lua_tonumber(l, 3) as usize,
            capacity: ffi::lua_tonumber(l, 4) as usize,
        };
        push(l, span, || ffi::lua_getfenv(l, 1));
    }
    1
}

/// Pushes a function whose upvalues are the metatable of the span at index 1, and the span. The span's anchor becomes its
/// environment, and so that of userdata that it makes: views by [`push_view`] cost half of those by [`push`].
///
/// # Safety
/// `l` has three free slots and a span at index 1.
pub unsafe fn push_maker(
    l: *mut lua_State,
    maker: unsafe extern "C-unwind" fn(*mut lua_State) -> c_int,
) {
    // SAFETY: as the caller promises.
    unsafe {
        ffi::lua_getmetatable(l, 1);
        ffi::lua_pushvalue(l, 1);
        ffi::lua_pushcclosure(l, maker, 2);
        ffi::lua_getfenv(l, 1);
        ffi::lua_setfenv(l, -2);
    }
}

/// The span of a running maker.
///
/// # Safety
/// Called from a function that [`push_maker`] has pushed.
pub unsafe fn maker_span<'a>(l: *mut lua_State) -> &'a Span {
    // SAFETY: the span is an upvalue.
    unsafe { &*ffi::lua_touserdata(l, ffi::lua_upvalueindex(2)).cast::<Span>() }
}

/// Pushes a view of the bytes between two offsets of a maker's span.
///
/// # Safety
/// As of [`maker_span`], with offsets inside of its capacity; two free slots.
#[inline]
pub unsafe fn push_view(l: *mut lua_State, span: &Span, start: usize, end: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        let view = ffi::lua_newuserdata(l, size_of::<Span>()).cast::<Span>();
        view.write(Span {
            data: span.data.add(start),
            len: end - start,
            capacity: span.capacity - start,
        });
        ffi::lua_pushvalue(l, CLASS);
        ffi::lua_setmetatable(l, -2);
    }
}

/// `views_of(span) -> views`
unsafe extern "C-unwind" fn views_of(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a span.
    unsafe { push_maker(l, views) };
    1
}

/// `views(offsets, count, base, list, n) -> list`: puts views behind the first `n` elements of a list, a new one if it is
/// nil. `offsets` is a cdata of pairs of 32-bit integers, beginning and end, both less `base`.
unsafe extern "C-unwind" fn views(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with offsets inside the span's bounds.
    unsafe {
        let span = maker_span(l);
        let offsets = ffi::lua_topointer(l, 1).cast::<[i32; 2]>();
        let count = ffi::lua_tonumber(l, 2) as c_int;
        let base = ffi::lua_tonumber(l, 3) as usize;
        let n = ffi::lua_tonumber(l, 5) as c_int;
        ffi::lua_settop(l, 4);
        if ffi::lua_isnil(l, 4) != 0 {
            ffi::lua_createtable(l, count, 0);
            ffi::lua_replace(l, 4);
        }
        for i in 0..count {
            let [start, end] = (*offsets.add(i as usize)).map(|offset| base + offset as usize);
            push_view(l, span, start, end);
            ffi::lua_rawseti_(l, 4, n + i + 1);
        }
    }
    1
}

/// The bytes of the string or span at `index`.
///
/// # Safety
/// There is one, and it stays on the stack, its bytes unchanged, while the result is used.
pub unsafe fn bytes_at<'a>(l: *mut lua_State, index: c_int) -> &'a [u8] {
    // SAFETY: as the caller promises.
    unsafe {
        if ffi::lua_type(l, index) == ffi::LUA_TSTRING {
            let mut length = 0;
            let text = ffi::lua_tolstring(l, index, &mut length);
            return std::slice::from_raw_parts(text.cast(), length);
        }
        let span = &*ffi::lua_touserdata(l, index).cast::<Span>();
        std::slice::from_raw_parts(span.data, span.len)
    }
}

/// The bytes of a span and of what is sought in it.
fn operands<'a>(span: *const Span, target: *const u8, length: usize) -> (&'a [u8], &'a [u8]) {
    // SAFETY: the Lua half passes a span, and a pointer with its length, alive during the call.
    unsafe {
        let span = &*span;
        (
            std::slice::from_raw_parts(span.data, span.len),
            if length == 0 {
                &[]
            } else {
                std::slice::from_raw_parts(target, length)
            },
        )
    }
}

/// Offset of the first occurrence at or after `start`, or -1.
extern "C" fn find(span: *const Span, target: *const u8, length: usize, start: usize) -> f64 {
    let (bytes, target) = operands(span, target, length);
    match bytes
        .get(start..)
        .and_then(|rest| memchr::memmem::find(rest, target))
    {
        Some(at) => (start + at) as f64,
        None => -1.0,
    }
}

/// Offset of the last occurrence that begins at or before `last`, or -1.
extern "C" fn rfind(span: *const Span, target: *const u8, length: usize, last: usize) -> f64 {
    let (bytes, target) = operands(span, target, length);
    let end = last.saturating_add(length).min(bytes.len());
    memchr::memmem::rfind(&bytes[..end], target).map_or(-1.0, |at| at as f64)
}
