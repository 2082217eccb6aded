//! Windows has no actors in processes of their own.

use mlua::ffi::lua_State;
use std::ffi::{CStr, c_int};

/// No functions.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] = &[];
