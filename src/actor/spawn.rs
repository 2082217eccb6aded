//! New VMs and threads, and the list of the live ones.

use super::class::Class;
use super::mailbox::{Mailbox, Sender};
use super::master;
use super::message::Message;
use crate::bridge::{failure, guard};
use crate::context::Context;
use crate::vm::{Seed, Shared, Task, Vm};
use mlua::ffi::{self, lua_State};
use std::ffi::c_int;
use std::io;
use std::sync::Arc;

/// What a spawn is asked for.
struct Options {
    /// Make a context of its own, to which no thread may be added if the value says so.
    own: Option<bool>,
    new_master: bool,
    /// The live actor in whose context the new one runs.
    beside: Option<u64>,
}

/// `spawn(name, configuration, own, single, new_master, beside) -> channel, id | nil, code`: an actor whose entry gets
/// the configuration. `beside`: the id of one in whose context it runs, if that one lives.
pub unsafe extern "C-unwind" fn spawn(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with these arguments; the configuration can be sent.
    unsafe {
        ffi::lua_settop(l, 6);
        let class = Class::new(l);
        let mut length = 0;
        let name = ffi::lua_tolstring(l, 1, &raw mut length);
        let name = std::slice::from_raw_parts(name.cast::<u8>(), length);
        let name = String::from_utf8_lossy(name).into_owned();
        let options = Options {
            own: (ffi::lua_toboolean(l, 3) != 0).then(|| ffi::lua_toboolean(l, 4) != 0),
            new_master: ffi::lua_toboolean(l, 5) != 0,
            beside: (ffi::lua_type(l, 6) == ffi::LUA_TNUMBER)
                .then(|| ffi::lua_tonumber(l, 6) as u64),
        };
        ffi::lua_settop(l, 2);
        let Ok(configuration) = Message::of(l, &class) else {
            return 0;
        };
        let mut made = None;
        let code = guard(|| match start(class.vm(), name, configuration, &options) {
            Ok(new) => {
                made = Some(new);
                0
            }
            Err(error) => failure(&error),
        });
        match made {
            Some((sender, id)) => {
                class.push_channel(l, sender);
                ffi::lua_pushinteger(l, id as ffi::lua_Integer);
            }
            None => {
                ffi::lua_pushnil(l);
                ffi::lua_pushinteger(l, code as ffi::lua_Integer);
            }
        }
    }
    2
}

fn start(
    vm: &Vm,
    name: String,
    configuration: Message,
    options: &Options,
) -> io::Result<(Sender, u64)> {
    let home = vm
        .context()
        .ok_or_else(|| io::Error::from_raw_os_error(libc::EPERM))?;
    let beside = options.beside.and_then(|id| {
        let actor = vm
            .family()
            .actors()
            .into_iter()
            .find(|actor| actor.id == id)?;
        actor
            .context()
            .enter_if_live()
            .then(|| actor.context().clone())
    });
    let own = options.own.filter(|_| beside.is_none());
    let context = match (beside, own) {
        (Some(context), _) => context,
        (None, None) => {
            home.enter();
            home.clone()
        }
        (None, Some(single)) => {
            let context = Context::new()?;
            if single {
                context.set_single();
            }
            context.enter();
            context
        }
    };
    let shared = Arc::<Shared>::default();
    let mailbox = Mailbox::new(shared.clone());
    let family = vm.family();
    let seed = Seed {
        shared,
        configuration,
    };
    let task = Task::actor(name, context.clone(), family.clone(), mailbox.clone(), seed);
    if own.is_some() {
        context.add_threads(family, 1)?;
    }
    let sender = mailbox.sender();
    family.join(&task);
    if options.new_master {
        master::hand_over(vm.id(), task.id);
    }
    let id = task.id;
    context.push(task);
    Ok((sender, id))
}

/// `add_threads(count[, id]) -> code`: to the context of this VM, or of the live actor with that id.
pub unsafe extern "C-unwind" fn add_threads(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a number of at least 1, or 0 to ask whether it is allowed.
    unsafe {
        let class = Class::new(l);
        let count = ffi::lua_tonumber(l, 1) as usize;
        let vm = class.vm();
        let id = ffi::lua_tonumber(l, 2) as u64;
        let actor = vm
            .family()
            .actors()
            .into_iter()
            .find(|actor| actor.id == id);
        let context = actor.as_ref().map(|actor| actor.context()).or(vm.context());
        let code = guard(|| match context {
            None => -libc::EPERM,
            Some(context) if context.is_single() => -libc::ENOTSUP,
            Some(context) => crate::bridge::status(context.add_threads(vm.family(), count)),
        });
        ffi::lua_pushinteger(l, code as ffi::lua_Integer);
    }
    1
}

/// `set_single()`: no thread may be added to the context of this main VM, which has not run yet.
pub unsafe extern "C-unwind" fn set_single(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half.
    let mut class = unsafe { Class::new(l) };
    class.vm_mut().set_single();
    0
}

/// `actors() -> {{id =, name =, context =, state =, queued =, is_master =}, ...}`: the live actors of this VM's run.
pub unsafe extern "C-unwind" fn actors(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half; what is dropped late when Lua raises is only references.
    unsafe {
        let mut actors = Class::new(l).vm().family().actors();
        actors.sort_by_key(|actor| actor.id);
        ffi::lua_createtable(l, actors.len() as c_int, 0);
        for (i, actor) in actors.iter().enumerate() {
            ffi::lua_createtable(l, 0, 6);
            ffi::lua_pushinteger(l, actor.id as ffi::lua_Integer);
            ffi::lua_setfield(l, -2, c"id".as_ptr());
            ffi::lua_pushlstring(l, actor.name.as_ptr().cast(), actor.name.len());
            ffi::lua_setfield(l, -2, c"name".as_ptr());
            ffi::lua_pushinteger(l, actor.context().id as ffi::lua_Integer);
            ffi::lua_setfield(l, -2, c"context".as_ptr());
            let state = actor.state();
            ffi::lua_pushlstring(l, state.as_ptr().cast(), state.len());
            ffi::lua_setfield(l, -2, c"state".as_ptr());
            ffi::lua_pushinteger(l, actor.mailbox().len() as ffi::lua_Integer);
            ffi::lua_setfield(l, -2, c"queued".as_ptr());
            ffi::lua_pushboolean(l, c_int::from(master::is_master_id(actor.id)));
            ffi::lua_setfield(l, -2, c"is_master".as_ptr());
            ffi::lua_rawseti(l, -2, (i + 1) as _);
        }
    }
    1
}

/// `c_address(f) -> number | nil`: the address of a C function that any VM may call, because it has no upvalues.
pub unsafe extern "C-unwind" fn c_address(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with a function.
    unsafe {
        let function = ffi::lua_tocfunction(l, 1);
        match function {
            // Addresses have 47 bits and fit a number.
            Some(function) if ffi::lua_getupvalue(l, 1, 1).is_null() => {
                ffi::lua_pushnumber(l, function as usize as f64);
            }
            _ => ffi::lua_pushnil(l),
        }
    }
    1
}

/// `c_function(address) -> function`: the function with an address that [`c_address`] gave.
pub unsafe extern "C-unwind" fn c_function(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with such an address, and libraries are not unloaded while the VMs of a run live.
    unsafe {
        let address = ffi::lua_tonumber(l, 1) as usize;
        let function = std::mem::transmute::<usize, Option<ffi::lua_CFunction>>(address);
        match function {
            Some(function) => ffi::lua_pushcfunction(l, function),
            None => ffi::lua_pushnil(l),
        }
    }
    1
}
