//! A VM: a Lua state, what is ready in it, and the Rust future that steps it.

mod birth;
mod drive;
mod heap;
mod quit;
mod ready;
mod suspension;
mod task;
pub mod timer;

pub use birth::Seed;
pub use ready::{Shared, Token};
pub use suspension::functions as suspension;
pub use task::Task;

use crate::actor::{self, Channels, Mailbox, Message, Private};
use crate::bridge::{guard, operations};
use crate::context::{Context, Family};
use crate::file::Files;
use crate::process::Orphans;
use crate::subprocess::Inbound;
use mlua::ffi::{self, lua_State};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_int};
use std::rc::Rc;
use std::sync::{self, Arc};
use timer::Timers;

operations! {
    collect: fn(*mut Vm) -> i32;
}

/// C functions of this module, as [`crate::lua`] registers them.
pub const FUNCTIONS: &[(&CStr, unsafe extern "C-unwind" fn(*mut lua_State) -> c_int)] =
    &[(c"drive", drive::drive), (c"watch_quit", quit::watch_quit)];

/// What the Lua half reads through the FFI. Same layout as `emilua_view` in native.lua.
#[repr(C)]
struct View {
    /// Directions whose readiness changed, filled by [`collect`].
    ready: *const u32,
    /// Sleepers whose time has come, filled by [`collect`].
    due: *const u32,
    n_ready: u32,
    n_due: u32,
    /// Descriptors that this VM has open.
    descriptors: i32,
}

/// One VM. Owned by a userdata of its Lua state, which is finalised last.
#[repr(C)]
pub struct Vm {
    view: View,
    /// Where wakers of any thread leave their tokens.
    shared: Arc<Shared>,
    /// Buffers behind `view.ready` and `view.due`.
    ready: Vec<u32>,
    due: Vec<u32>,
    timers: Timers,
    /// File operations that are under way.
    files: RefCell<Files>,
    /// The launcher's watch over SIGQUIT.
    quit: Option<quit::Quit>,
    /// Count of open descriptors, shared with the objects that hold them.
    descriptors: Rc<Cell<i32>>,
    /// Children that nobody holds any more, shared with the objects that held them.
    orphans: Rc<RefCell<Orphans>>,
    /// A run is active.
    running: bool,
    /// No step is left, and what is waited for are children that nobody holds any more.
    done: bool,
    /// Something has run since the garbage was collected for the sake of others.
    active: bool,
    /// From now on the inbox is open only as long as the program refers to it.
    pub inbox_is_weak: bool,
    /// Unique in the process.
    id: u64,
    /// The one inbox; a main VM has a new one in each run.
    mailbox: Arc<Mailbox>,
    /// Mailboxes beside the inbox.
    pub private: Private,
    /// The message that was received last, until the next.
    pub incoming: Option<Message>,
    /// What the channels of this state lead to.
    pub channels: Channels,
    /// Sockets from other processes that lead to the inbox.
    pub inbound: Inbound,
    /// The actors that belong to the same main VM.
    family: Arc<Family>,
    /// Not the VM of a host's state.
    actor: bool,
    /// Of a main VM: no thread may be added to its context.
    single: bool,
    /// Where the VM runs. That of a main VM is made at its first run: loading opens no descriptor.
    context: Option<Arc<Context>>,
}

impl Vm {
    /// The VM of a host's state.
    pub fn new() -> Self {
        let shared = Arc::<Shared>::default();
        Self {
            view: View {
                ready: std::ptr::null(),
                due: std::ptr::null(),
                n_ready: 0,
                n_due: 0,
                descriptors: 0,
            },
            mailbox: Mailbox::new(shared.clone()),
            shared,
            ready: Vec::new(),
            due: Vec::new(),
            timers: Timers::default(),
            files: RefCell::default(),
            quit: None,
            descriptors: Rc::default(),
            orphans: Rc::default(),
            running: false,
            done: false,
            active: true,
            inbox_is_weak: false,
            id: task::new_id(),
            private: Private::default(),
            incoming: None,
            channels: Channels::default(),
            inbound: Inbound::default(),
            family: Arc::default(),
            actor: false,
            single: false,
            context: None,
        }
    }

    /// Where the wakers of this VM's objects leave their tokens.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Unique in the process.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether there may be garbage that others wait for.
    fn may_hold_senders(&self) -> bool {
        self.active && (self.inbox_is_weak || !self.channels.is_empty())
    }

    /// Whether it is not the VM of a host's state.
    pub fn is_actor(&self) -> bool {
        self.actor
    }

    /// Whether nothing but messages can give its only fiber something to do, and its thread has no other VM.
    pub fn is_alone(&self) -> bool {
        self.timers.is_empty() && self.context.as_ref().is_some_and(|c| c.has_one_vm())
    }

    /// No thread may be added to the context of the runs.
    pub fn set_single(&mut self) {
        self.single = true;
    }

    /// The count of open descriptors.
    pub fn descriptors(&self) -> &Rc<Cell<i32>> {
        &self.descriptors
    }

    /// The file operations that are under way.
    pub fn files(&self) -> &RefCell<Files> {
        &self.files
    }

    /// The children that nobody holds any more.
    pub fn orphans(&self) -> &Rc<RefCell<Orphans>> {
        &self.orphans
    }

    fn collect(&mut self) -> i32 {
        self.ready.clear();
        self.due.clear();
        self.shared.take(&mut self.ready);
        self.timers.expire(&mut self.due);
        self.view = View {
            ready: self.ready.as_ptr(),
            due: self.due.as_ptr(),
            n_ready: self.ready.len() as u32,
            n_due: self.due.len() as u32,
            descriptors: self.descriptors.get(),
        };
        let n = self.view.n_ready + self.view.n_due;
        self.active |= n > 0;
        n as i32
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        // The role that was handed to an actor ends with it.
        if !self.actor {
            actor::resign_master(self.id);
        }
    }
}

/// Gives a state its VM. The userdata that owns it is created first of all objects of this
/// module and kept in the registry, so that `lua_close` finalises it last.
///
/// # Safety
/// `l` is a valid state with four free slots.
pub unsafe fn create(l: *mut lua_State, vm: Vm) -> *mut Vm {
    // SAFETY: the userdata has room for the pointer, which is null until the metatable is set.
    unsafe {
        let owner = ffi::lua_newuserdata(l, size_of::<*mut Vm>()).cast::<*mut Vm>();
        owner.write(std::ptr::null_mut());
        ffi::lua_createtable(l, 0, 1);
        crate::push_function(l, finalise);
        ffi::lua_setfield(l, -2, c"__gc".as_ptr());
        ffi::lua_setmetatable(l, -2);
        owner.write(Box::into_raw(Box::new(vm)));
        ffi::lua_setfield(l, ffi::LUA_REGISTRYINDEX, c"emilua.vm".as_ptr());
        *owner
    }
}

/// `__gc` of the VM's owner.
unsafe extern "C-unwind" fn finalise(l: *mut lua_State) -> c_int {
    // SAFETY: only the owner has this metamethod; the pointer is null or came from `into_raw`.
    unsafe {
        let owner = ffi::lua_touserdata(l, 1).cast::<*mut Vm>();
        let vm = owner.replace(std::ptr::null_mut());
        if vm.is_null() {
            return 0;
        }
        heap::last_finaliser(l);
        // The state's memory goes now, and with it the buffers of operations.
        guard(|| {
            (*vm).files.borrow_mut().quiesce();
            0
        });
        // A state that is closed from inside its run, as os.exit(0, true) does, leaves the runtime
        // as it is: it is on the stack, and the process ends.
        if !(*vm).running {
            let vm = Box::from_raw(vm);
            guard(move || {
                vm.orphans.borrow_mut().wait();
                drop(vm);
                0
            });
        }
    }
    0
}

/// The VM behind a pointer of the Lua half.
fn vm<'a>(vm: *mut Vm) -> &'a mut Vm {
    // SAFETY: the Lua half holds the pointer that `create` returned, used by one thread at a time.
    unsafe { &mut *vm }
}

/// Moves what has become ready into the view; returns how much that is.
pub extern "C" fn collect(this: *mut Vm) -> i32 {
    guard(|| vm(this).collect())
}
