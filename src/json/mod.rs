//! JSON: texts to Lua values (`decode`), Lua values to texts (`encode`, on a `writer`).

mod decode;
mod encode;
mod failure;
mod writer;

pub use writer::OPERATIONS;

use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"json", functions)];

/// Upvalues of the functions: the null value, the metatable that tags arrays, the metatable of writers, and the set of
/// the runtime's metatables.
const NULL: c_int = ffi::lua_upvalueindex(1);
const TAG: c_int = ffi::lua_upvalueindex(2);
const CLASS: c_int = ffi::lua_upvalueindex(3);
const CLASSES: c_int = ffi::lua_upvalueindex(4);

/// Native stack that a document's nesting may take; no thread that runs a VM has less than twice of it.
const NATIVE_STACK: usize = 768 << 10;

/// `json(null, tag, class, classes) -> decode, encode, writer, take, take_into`
unsafe extern "C-unwind" fn functions(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with four tables.
    unsafe {
        for function in [
            decode::decode,
            encode::encode,
            writer::new,
            writer::take,
            writer::take_into,
        ] {
            for upvalue in 1..=4 {
                ffi::lua_pushvalue(l, upvalue);
            }
            ffi::lua_pushcclosure(l, function, 4);
        }
        writer::class(l, 3);
    }
    5
}

/// An address on the native stack, to measure how much of it is in use.
#[inline(always)]
fn stack_address() -> usize {
    let here = 0_u8;
    (&raw const here).addr()
}
