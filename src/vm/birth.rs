//! Making and closing the state of an actor.

use super::drive::End;
use super::{Shared, Task, Vm, heap};
use crate::actor::{Mailbox, Message};
use crate::context::{Context, Family};
use crate::lua;
use mlua::ffi::{self, lua_State};
use std::ffi::{CStr, c_int};
use std::sync::Arc;

/// What an actor starts with.
pub struct Seed {
    /// Wakes the VM; its mailbox has it too.
    pub shared: Arc<Shared>,
    /// For actor/entry.lua.
    pub configuration: Message,
}

/// The arguments of [`born`].
struct Birth {
    vm: Option<Vm>,
    address: *mut Vm,
    configuration: Option<Message>,
}

/// Makes the state: the standard libraries, the Lua half, and `step` and `finish` of actor/entry.lua at the stack
/// indices 2 and 3. When that fails, a text that says why.
pub fn make(task: &Arc<Task>, seed: Seed) -> Result<(*mut lua_State, *mut Vm), String> {
    let mut birth = Birth {
        vm: Some(Vm::actor(task, seed.shared)),
        address: std::ptr::null_mut(),
        configuration: Some(seed.configuration),
    };
    // SAFETY: a new state, used by this thread alone; what can raise is inside of the protected call.
    unsafe {
        let l = heap::open();
        if l.is_null() {
            return Err(String::from("not enough memory"));
        }
        ffi::lua_pushnil(l);
        crate::push_function(l, born);
        ffi::lua_pushlightuserdata(l, (&raw mut birth).cast());
        if ffi::lua_pcall(l, 1, 2, 0) != 0 {
            let text = text(l);
            heap::close(l);
            return Err(text);
        }
        Ok((l, birth.address))
    }
}

/// The error value on the top of the stack as a text.
///
/// # Safety
/// `l` is a valid state with a value on its stack.
unsafe fn text(l: *mut lua_State) -> String {
    // SAFETY: as the caller promises; a string is not converted, so nothing can raise.
    unsafe {
        if ffi::lua_type(l, -1) != ffi::LUA_TSTRING {
            return String::from("an error that is no string");
        }
        CStr::from_ptr(ffi::lua_tostring(l, -1))
            .to_string_lossy()
            .into_owned()
    }
}

/// The protected part of [`make`].
unsafe extern "C-unwind" fn born(l: *mut lua_State) -> c_int {
    // SAFETY: `make` passes its `Birth`.
    unsafe {
        let birth = &mut *ffi::lua_touserdata(l, 1).cast::<Birth>();
        ffi::lua_settop(l, 0);
        // Nothing that is made here is garbage.
        ffi::lua_gc(l, ffi::LUA_GCSTOP, 0);
        ffi::luaL_openlibs(l);
        if let Some(vm) = birth.vm.take() {
            birth.address = lua::start(l, vm);
        }
        lua::open(l, c"emilua.actor.entry");
        match birth.configuration.take() {
            Some(configuration) => configuration.push(l, None),
            None => ffi::lua_pushnil(l),
        }
        ffi::lua_call(l, 1, 2);
        // The next collection begins when the heap has doubled.
        ffi::lua_gc(l, ffi::LUA_GCRESTART, -1);
    }
    2
}

/// Collects all garbage of a state.
pub fn collect(l: *mut lua_State) {
    // SAFETY: the caller runs the VM. A finaliser may raise, into the protected call.
    unsafe {
        crate::push_function(l, full_collection);
        if ffi::lua_pcall(l, 0, 0, 0) != 0 {
            ffi::lua_pop(l, 1);
        }
    }
}

unsafe extern "C-unwind" fn full_collection(l: *mut lua_State) -> c_int {
    // SAFETY: a C function called by Lua.
    unsafe { ffi::lua_gc(l, ffi::LUA_GCCOLLECT, 0) };
    0
}

/// Reports what an actor left and closes its state.
pub fn close(l: *mut lua_State, end: &End) {
    // SAFETY: the caller runs the VM for the last time. `finish` is at index 3 and is given the error of a step that
    // raised, which is on the top.
    unsafe {
        let raised = matches!(end, End::Raised);
        if !raised {
            end.report();
            ffi::lua_settop(l, 3);
            ffi::lua_pushnil(l);
        }
        ffi::lua_pushvalue(l, 3);
        ffi::lua_pushboolean(l, c_int::from(raised));
        ffi::lua_pushvalue(l, -3);
        ffi::lua_pcall(l, 2, 0, 0);
        ffi::lua_settop(l, 0);
        heap::close(l);
    }
}

impl Vm {
    /// The VM of an actor.
    fn actor(task: &Arc<Task>, shared: Arc<Shared>) -> Self {
        let mut vm = Self::new();
        vm.id = task.id;
        vm.actor = true;
        vm.shared = shared;
        vm.mailbox = task.mailbox().clone();
        vm.family = task.family().clone();
        vm.context = Some(task.context().clone());
        vm
    }

    /// Where the VM runs; nothing before the first run.
    pub fn context(&self) -> Option<&Arc<Context>> {
        self.context.as_ref()
    }

    /// The VM's mailbox.
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    /// The actors that this VM's main VM started.
    pub fn family(&self) -> &Arc<Family> {
        &self.family
    }
}
