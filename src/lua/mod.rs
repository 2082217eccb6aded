//! How the Lua half is started in a state.

mod source;

use crate::vm::Vm;
use crate::{actor, bridge, json, push_function, rdf, scanner, span, subprocess, system, vm};
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};

/// A C function of the Lua half.
type Function = unsafe extern "C-unwind" fn(*mut lua_State) -> c_int;

/// C functions of this module.
const FUNCTIONS: &[(&CStr, Function)] = &[(c"bytecode", source::bytecode)];

/// Its address is the registry key of the function that core/boot.lua returned.
static OPENER: u8 = 0;

/// Body of every `luaopen_*`: returns the public module `name`, starting the Lua half of this
/// state when it is the first. `package.loaded` does not decide about that: test runners empty it.
///
/// # Safety
/// `l` is a valid state in a call of a C function.
pub unsafe fn open(l: *mut lua_State, name: &CStr) -> c_int {
    // SAFETY: stack discipline is local to this block; nothing here needs dropping when Lua raises.
    unsafe {
        ffi::luaL_checkstack(l, 8, c"emilua".as_ptr());
        push_opener(l);
        if ffi::lua_isnil(l, -1) != 0 {
            ffi::lua_pop(l, 1);
            system::inherited::note();
            start(l, Vm::new());
            push_opener(l);
        }
        ffi::lua_pushstring(l, name.as_ptr());
        ffi::lua_call(l, 1, 1);
    }
    1
}

/// Pushes the function that core/boot.lua returned in this state, or nil.
///
/// # Safety
/// `l` is a valid state with two free slots.
unsafe fn push_opener(l: *mut lua_State) {
    // SAFETY: as the caller promises.
    unsafe {
        ffi::lua_pushlightuserdata(l, (&raw const OPENER).cast_mut().cast());
        ffi::lua_rawget(l, ffi::LUA_REGISTRYINDEX);
    }
}

/// Starts the Lua half in a state that has the standard libraries, or raises.
///
/// # Safety
/// `l` is a valid state in a call of a C function, with eight free slots.
pub unsafe fn start(l: *mut lua_State, vm: Vm) -> *mut Vm {
    // SAFETY: as the caller promises; when anything raises, the state owns the VM or it is dropped.
    unsafe {
        push(l, c"core.check");
        ffi::lua_call(l, 0, 0);
        let vm = vm::create(l, vm);
        ffi::lua_pushlightuserdata(l, (&raw const OPENER).cast_mut().cast());
        push(l, c"core.boot");
        push_function(l, source);
        push_operations(l);
        ffi::lua_pushlightuserdata(l, vm.cast());
        push_lazy(l, function);
        ffi::lua_call(l, 4, 1);
        ffi::lua_rawset(l, ffi::LUA_REGISTRYINDEX);
        vm
    }
}

/// Pushes the table of the areas of operations by name.
///
/// # Safety
/// `l` is a valid state with four free slots.
pub unsafe fn push_operations(l: *mut lua_State) {
    // SAFETY: as the caller promises.
    unsafe { push_lazy(l, area) };
}

/// Pushes a table whose fields `find(table, name)` makes when they are first asked for: most VMs use few.
///
/// # Safety
/// `l` is a valid state with four free slots.
unsafe fn push_lazy(l: *mut lua_State, find: Function) {
    // SAFETY: as the caller promises.
    unsafe {
        ffi::lua_createtable(l, 0, 0);
        ffi::lua_createtable(l, 0, 1);
        push_function(l, find);
        ffi::lua_setfield(l, -2, c"__index".as_ptr());
        ffi::lua_setmetatable(l, -2);
    }
}

/// `area(areas, name) -> address | nil`: of an area's operations; it becomes a field of the table.
unsafe extern "C-unwind" fn area(l: *mut lua_State) -> c_int {
    // SAFETY: the `__index` of a table, which the Lua half asks for names.
    unsafe {
        let name = CStr::from_ptr(ffi::luaL_checkstring(l, 2));
        let found = bridge::AREAS.iter().find(|(area, _)| *area == name);
        let Some((_, operations)) = found else {
            return 0;
        };
        ffi::lua_pushlightuserdata(l, operations.0.cast_mut());
        keep(l)
    }
}

/// `function(functions, name) -> function | nil`: a C function, which is one that needs the Lua state; it becomes a
/// field of the table.
unsafe extern "C-unwind" fn function(l: *mut lua_State) -> c_int {
    const LISTS: &[&[(&CStr, Function)]] = &[
        FUNCTIONS,
        vm::FUNCTIONS,
        actor::FUNCTIONS,
        span::FUNCTIONS,
        crate::io::serial::FUNCTIONS,
        bridge::FUNCTIONS,
        system::FUNCTIONS,
        system::data::FUNCTIONS,
        system::inherited::FUNCTIONS,
        system::program::FUNCTIONS,
        rdf::FUNCTIONS,
        #[cfg(target_os = "linux")]
        crate::sandbox::FUNCTIONS,
        json::FUNCTIONS,
        scanner::FUNCTIONS,
        subprocess::FUNCTIONS,
    ];
    // SAFETY: the `__index` of a table, which the Lua half asks for names.
    unsafe {
        let name = CStr::from_ptr(ffi::luaL_checkstring(l, 2));
        let mut functions = LISTS.iter().copied().flatten().chain(vm::suspension());
        let Some((_, function)) = functions.find(|(other, _)| *other == name) else {
            return 0;
        };
        push_function(l, *function);
        keep(l)
    }
}

/// Makes the value on the top the field of the table at index 1 whose name is at index 2, and the result.
///
/// # Safety
/// `l` is a valid state in a call of a C function with these arguments.
pub unsafe fn keep(l: *mut lua_State) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        ffi::lua_pushvalue(l, 2);
        ffi::lua_pushvalue(l, -2);
        ffi::lua_rawset(l, 1);
    }
    1
}

/// Pushes the chunk of a source, or raises.
///
/// # Safety
/// `l` is a valid state with five free slots.
pub unsafe fn push(l: *mut lua_State, name: &CStr) {
    // SAFETY: as the caller promises; nothing is left to drop when it raises.
    unsafe {
        if !source::push(l, name) {
            ffi::lua_error(l);
        }
    }
}

/// `source(name) -> function | nil`: the compiled chunk of an embedded source.
pub unsafe extern "C-unwind" fn source(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua; the name is on the stack while it is used.
    unsafe {
        let name = CStr::from_ptr(ffi::luaL_checkstring(l, 1));
        push(l, name);
    }
    1
}
