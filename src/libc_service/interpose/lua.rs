//! LuaJIT, in a program that need not have it: the functions of its API that are used here, found when they are needed.

use crate::platform::DEEP_BIND;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::mem::transmute;

/// A Lua state.
pub enum State {}

macro_rules! api {
    ($($name:ident $symbol:literal: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The API.
        pub struct Api {
            $(pub $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Api {
            /// That of `library`; nothing when a function is missing.
            fn of(library: *mut c_void) -> Option<Self> {
                let find = |name: &CStr| {
                    // SAFETY: a handle of the dynamic linker, and a name that ends with a zero.
                    unsafe { libc::dlsym(library, name.as_ptr()) }
                };
                Some(Self {
                    // SAFETY: the function of that name has this type; a null pointer is none.
                    $($name: unsafe {
                        transmute::<*mut c_void, Option<unsafe extern "C" fn($($argument),*) $(-> $result)?>>(
                            find($symbol),
                        )
                    }?,)*
                })
            }
        }
    };
}

api! {
    new_state c"luaL_newstate": fn() -> *mut State;
    open_libraries c"luaL_openlibs": fn(*mut State);
    load c"luaL_loadbuffer": fn(*mut State, *const c_char, usize, *const c_char) -> c_int;
    close c"lua_close": fn(*mut State);
    call c"lua_pcall": fn(*mut State, c_int, c_int, c_int) -> c_int;
    push_pointer c"lua_pushlightuserdata": fn(*mut State, *mut c_void);
    push_value c"lua_pushvalue": fn(*mut State, c_int);
    set_top c"lua_settop": fn(*mut State, c_int);
    to_boolean c"lua_toboolean": fn(*mut State, c_int) -> c_int;
    to_integer c"lua_tointeger": fn(*mut State, c_int) -> isize;
}

/// Where LuaJIT is when the program has none.
const LIBRARY: &CStr = c"libluajit-5.1.so.2";

impl Api {
    /// The program's own LuaJIT, as in an actor's process, else the library's. Other programs have another Lua, whose
    /// functions have the same names.
    pub fn find() -> Option<Self> {
        // SAFETY: names that live for ever; the library's functions call each other, not those of the program.
        let library = unsafe {
            if libc::dlsym(libc::RTLD_DEFAULT, c"luaJIT_setmode".as_ptr()).is_null() {
                let flags = libc::RTLD_NOW | libc::RTLD_LOCAL | DEEP_BIND;
                libc::dlopen(LIBRARY.as_ptr(), flags)
            } else {
                libc::RTLD_DEFAULT
            }
        };
        if library.is_null() && library != libc::RTLD_DEFAULT {
            return None;
        }
        Self::of(library)
    }
}
