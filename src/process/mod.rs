//! Child processes: starting, waiting, killing, and what becomes of those whose handle is gone.

#[cfg_attr(target_os = "linux", path = "child/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "child/freebsd.rs")]
#[cfg_attr(windows, path = "child/windows.rs")]
mod child;
#[cfg(unix)]
mod ending;
#[cfg(unix)]
mod exec;
#[cfg(windows)]
mod job;
mod orphans;
#[cfg(unix)]
mod pipes;
mod plan;
#[cfg(unix)]
mod registry;
#[cfg_attr(target_os = "linux", path = "spawn/linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "spawn/freebsd.rs")]
#[cfg_attr(windows, path = "spawn/windows.rs")]
mod spawn;

pub use orphans::Orphans;

use crate::bridge::{guard, operations, status};
use crate::vm::Vm;
use child::Child;
use plan::Plan;
use std::cell::RefCell;
use std::rc::Rc;

operations! {
    new: fn(*mut Vm, u32, u32) -> *mut Process;
    free: fn(*mut Process);
    start: fn(*mut Process, *mut Plan) -> i32;
    wait: fn(*mut Process) -> i32;
    kill: fn(*mut Process, i32) -> i32;
    kill_group: fn(*mut Process) -> i32;
    pid: fn(*const Process) -> i32;
    exit_code: fn(*const Process) -> i32;
    exit_signal: fn(*const Process) -> i32;
}

/// How a child has ended.
#[derive(Clone, Copy)]
pub struct Ended {
    /// What it gave to exit(2), or 128 and its signal.
    code: i32,
    /// The signal that ended it, or 0.
    signal: i32,
}

/// A child process. The Lua half owns it through a cdata with a finaliser.
pub struct Process {
    child: Child,
    ended: Option<Ended>,
    /// What a child gets whose handle is collected; 0 is nothing.
    last_signal: i32,
    /// Where it goes then.
    orphans: Rc<RefCell<Orphans>>,
}

fn process<'a>(this: *mut Process) -> &'a mut Process {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    unsafe { &mut *this }
}

/// A process that has not been started; the first token wakes who waits for it.
extern "C" fn new(vm: *mut Vm, token: u32, other: u32) -> *mut Process {
    // SAFETY: the Lua half passes its VM.
    let vm = unsafe { &*vm };
    Box::into_raw(Box::new(Process {
        child: Child::new(vm, [token, other]),
        ended: None,
        last_signal: 0,
        orphans: vm.orphans().clone(),
    }))
}

/// Destroys a process object. A child that nobody has waited for gets its last signal, and is reaped when it ends.
extern "C" fn free(this: *mut Process) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        let mut this = unsafe { Box::from_raw(this) };
        if this.child.is_running() {
            if this.last_signal != 0 {
                // It may have ended already.
                let _ = this.child.kill(this.last_signal);
            }
            this.orphans.borrow_mut().add(&mut this.child);
        }
        0
    });
}

/// Starts the child of a new process object.
extern "C" fn start(this: *mut Process, plan: *mut Plan) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a plan, and keeps what it points to alive.
        let plan = unsafe { &mut *plan };
        let this = process(this);
        this.last_signal = plan.last_signal;
        status(this.child.spawn(plan))
    })
}

/// Reaps the child once it has ended; PENDING before.
extern "C" fn wait(this: *mut Process) -> i32 {
    guard(|| {
        let Process { child, ended, .. } = process(this);
        child.wait(|how| *ended = Some(how))
    })
}

/// Sends a signal. The child is not reaped, so that no other process can have its id.
extern "C" fn kill(this: *mut Process, signal: i32) -> i32 {
    guard(|| status(process(this).child.kill(signal)))
}

/// Kills all processes of a child that was started as the first of its group.
extern "C" fn kill_group(this: *mut Process) -> i32 {
    guard(|| status(process(this).child.kill_group()))
}

/// The id of a child that has not been reaped; else 0.
extern "C" fn pid(this: *const Process) -> i32 {
    process(this.cast_mut()).child.pid()
}

/// How the child has ended; -1 before that is known.
extern "C" fn exit_code(this: *const Process) -> i32 {
    process(this.cast_mut()).ended.map_or(-1, |how| how.code)
}

/// The signal that has ended the child; 0 for none.
extern "C" fn exit_signal(this: *const Process) -> i32 {
    process(this.cast_mut()).ended.map_or(0, |how| how.signal)
}
