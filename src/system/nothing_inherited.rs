//! Windows passes handles, which have no small numbers.

use mlua::ffi::lua_State;
use std::ffi::{CStr, c_int};

/// There are none.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[];

pub fn note() {}
