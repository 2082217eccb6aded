//! Driving a VM: the future that steps it, and the run that polls it on the calling thread.

use super::{Vm, timer, vm};
use crate::bridge::guard;
use crate::file::Files;
use crate::system::{self, InterruptDefault};
use mlua::ffi::{self, lua_State};
use std::ffi::c_int;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::{Builder, Handle, Runtime};

/// What `step()` returns to its driver; the same numbers are in scheduler.lua.
const DONE: isize = 0;
const MORE: isize = 1;

/// How a run ended.
enum End {
    /// Nothing is left to do.
    Done,
    /// `step()` raised; the error value is on the top of the stack.
    Raised,
    /// The operating system refused a descriptor that the loop needs.
    Refused(io::Error),
}

/// A VM as a future: each poll runs `step()` once.
struct Task {
    l: *mut lua_State,
    vm: *mut Vm,
    /// No step is left, and what is waited for are children that nobody holds any more.
    done: bool,
}

// SAFETY: a VM is polled by one thread at a time, and between two polls no C frame of it exists.
unsafe impl Send for Task {}

impl Task {
    /// Calls `step(time)`, which is at stack index 2.
    fn step(&mut self) -> Result<isize, End> {
        // SAFETY: `drive` reserved the slots; lua_pcall lets no Lua error out.
        unsafe {
            ffi::lua_pushvalue(self.l, 2);
            ffi::lua_pushnumber(self.l, timer::coarse() as f64 * 1e-9);
            if ffi::lua_pcall(self.l, 1, 1, 0) != 0 {
                return Err(End::Raised);
            }
            let status = ffi::lua_tonumber(self.l, -1) as isize;
            ffi::lua_pop(self.l, 1);
            Ok(status)
        }
    }
}

impl Future for Task {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        vm(self.vm).shared.set_task(Some(cx.waker()));
        if !self.done {
            let status = match self.step() {
                Err(end) => return Poll::Ready(end),
                Ok(status) => status,
            };
            self.done = status == DONE;
            if Files::submit(vm(self.vm)) || status == MORE {
                cx.waker().wake_by_ref();
            }
            if status == MORE {
                return Poll::Pending;
            }
        }
        let vm = vm(self.vm);
        let orphans = vm.orphans.borrow_mut().poll(cx);
        if self.done {
            return orphans.map(|()| End::Done);
        }
        if let Err(error) = vm.timers.arm(cx) {
            return Poll::Ready(End::Refused(error));
        }
        if !vm.shared.is_empty() {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

impl Vm {
    /// The runtime, made at the first run.
    fn runtime(&mut self) -> io::Result<&Runtime> {
        if self.runtime.is_none() {
            let mut builder = Builder::new_current_thread();
            // With 1 the driver would be asked twice for each batch of events, with the default
            // of 61 a busy VM would keep IO waiting.
            builder.enable_all().event_interval(2);
            let runtime = builder.build()?;
            {
                let _context = runtime.enter();
                self.timers.prepare()?;
            }
            self.runtime = Some(runtime);
        }
        self.runtime
            .as_ref()
            .ok_or_else(|| io::ErrorKind::Other.into())
    }

    fn run(&mut self, task: Task) -> End {
        if Handle::try_current().is_ok() {
            return End::Refused(io::Error::from_raw_os_error(libc::EPERM));
        }
        system::ignore_sigpipe();
        let _interrupt = InterruptDefault::new();
        let runtime = match self.runtime() {
            Ok(runtime) => runtime,
            Err(error) => return End::Refused(error),
        };
        // As a spawned task the VM is woken without a system call; the future that `block_on`
        // polls itself would be woken through an eventfd.
        let joined =
            runtime.block_on(async { tokio::spawn(tokio::task::unconstrained(task)).await });
        self.shared.set_task(None);
        match joined {
            Ok(end) => end,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
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
        let code = guard(|| {
            match vm(this).run(Task {
                l,
                vm: this,
                done: false,
            }) {
                End::Done => 0,
                End::Raised => {
                    raised = true;
                    0
                }
                End::Refused(error) => crate::bridge::failure(&error),
            }
        });
        vm(this).running = false;
        if raised {
            ffi::lua_error(l);
        }
        ffi::lua_pushinteger(l, code as ffi::lua_Integer);
    }
    1
}
