//! Driving a VM: one step of it, and the run of the main VM on the calling thread.

use super::{Task, Vm, timer, vm};
use crate::actor;
use crate::bridge::guard;
use crate::context::Context;
use crate::file::Files;
use crate::memory;
use crate::system::{self, InterruptDefault};
use mlua::ffi::{self, lua_State};
use std::any::Any;
use std::ffi::c_int;
use std::io;
use std::sync::Arc;
use std::task::{Context as Cx, Poll};
use tokio::runtime::Handle;

/// What `step()` returns to its driver; the same numbers are in scheduler.lua.
const DONE: isize = 0;
const MORE: isize = 1;

/// How a VM ended.
pub enum End {
    /// Nothing is left to do.
    Done,
    /// `step()` raised; the error value is on the top of the stack.
    Raised,
    /// The operating system refused a descriptor that the loop needs.
    Refused(io::Error),
    /// The state of an actor could not be made.
    NotBorn(String),
    /// Rust code panicked.
    Panicked(Box<dyn Any + Send>),
}

impl End {
    /// Says on the error stream what the Lua half cannot say.
    pub fn report(&self) {
        let text = match self {
            Self::Done | Self::Raised => return,
            Self::Refused(error) => error.to_string(),
            Self::NotBorn(text) => text.clone(),
            Self::Panicked(_) => String::from("internal error"),
        };
        // There is nobody else to tell.
        let _ = system::write_report(format!("Error starting the lua VM: {text}\n").as_bytes());
    }
}

/// What a step has done.
pub enum Step {
    /// It may go on at once.
    More,
    /// It waits for something.
    Idle,
    Ended(End),
}

/// Calls `step(time)`, which is at stack index 2 of the state.
pub fn step(l: *mut lua_State, this: *mut Vm, cx: &mut Cx<'_>) -> Step {
    let this = vm(this);
    let mut again = false;
    if !this.done {
        // SAFETY: who made the VM's task reserved the slots; lua_pcall lets no Lua error out.
        let status = unsafe {
            ffi::lua_pushvalue(l, 2);
            ffi::lua_pushnumber(l, timer::coarse() as f64 * 1e-9);
            if ffi::lua_pcall(l, 1, 1, 0) != 0 {
                return Step::Ended(End::Raised);
            }
            let status = ffi::lua_tonumber(l, -1) as isize;
            ffi::lua_pop(l, 1);
            if memory::ran_out() {
                // The interpreter has made this string for itself: it takes no memory.
                ffi::lua_pushstring(l, c"not enough memory".as_ptr());
                return Step::Ended(End::Raised);
            }
            status
        };
        this.done = status == DONE;
        again = Files::submit(this);
        if status == MORE {
            this.active = true;
            return Step::More;
        }
    }
    let orphans = this.orphans.borrow_mut().poll(cx);
    if this.done {
        return match orphans {
            Poll::Ready(()) => Step::Ended(End::Done),
            Poll::Pending if again => Step::More,
            Poll::Pending => Step::Idle,
        };
    }
    match this.timers.arm(cx) {
        Ok(()) if again => Step::More,
        Ok(()) => Step::Idle,
        Err(error) => Step::Ended(End::Refused(error)),
    }
}

impl Vm {
    /// The main VM's context, made at the first run.
    fn main_context(&mut self) -> io::Result<Arc<Context>> {
        if let Some(context) = &self.context {
            return Ok(context.clone());
        }
        let context = Context::new()?;
        context.with(|| self.timers.prepare())?;
        if self.single {
            context.set_single();
        }
        self.context = Some(context.clone());
        Ok(context)
    }

    fn run(&mut self, l: *mut lua_State) -> End {
        if Handle::try_current().is_ok() {
            return End::Refused(io::Error::from_raw_os_error(libc::EPERM));
        }
        system::ignore_sigpipe();
        // What ran out before this run is nothing of its.
        memory::ran_out();
        let _interrupt = InterruptDefault::new();
        let context = match self.main_context() {
            Ok(context) => context,
            Err(error) => return End::Refused(error),
        };
        actor::claim_master(self.id);
        self.done = false;
        self.active = true;
        self.inbox_is_weak = false;
        self.mailbox = actor::Mailbox::new(self.shared.clone());
        self.family.set_home(&context);
        let task = Task::main(l, self, &context);
        context.run_main(&task);
        self.family.join_threads();
        task.outcome().unwrap_or(End::Done)
    }
}

/// `drive(vm, step)`: runs `step()` until it says that nothing is left. Returns nothing, or a
/// negated error number; raises what `step()` raised.
pub unsafe extern "C-unwind" fn drive(l: *mut lua_State) -> c_int {
    // SAFETY: called by the Lua half with the VM's address and a function; nothing to drop on raising.
    unsafe {
        ffi::lua_settop(l, 2);
        ffi::luaL_checkstack(l, 4, c"emilua.run".as_ptr());
        let this = ffi::lua_touserdata(l, 1).cast::<Vm>();
        let mut raised = false;
        vm(this).running = true;
        let code = guard(|| match vm(this).run(l) {
            End::Done | End::NotBorn(_) => 0,
            End::Raised => {
                raised = true;
                0
            }
            End::Refused(error) => crate::bridge::failure(&error),
            End::Panicked(panic) => std::panic::resume_unwind(panic),
        });
        vm(this).running = false;
        if raised {
            ffi::lua_error(l);
        }
        ffi::lua_pushinteger(l, code as ffi::lua_Integer);
    }
    1
}
