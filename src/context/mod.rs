//! Contexts: any number of VMs and the threads that run them.
//!
//! A context is a runtime of tokio, whose reactor it uses, a queue of VMs that can run, and threads. With one
//! thread the VMs run inside of the runtime ([`pump`]), which costs nothing more than a task of tokio. With more
//! the threads take turns ([`turn`]).

mod family;
mod janitor;
mod pump;
mod turn;
mod word;

pub use family::Family;
use turn::work;
pub use word::Word;

use crate::system;
use crate::vm::Task;
use pump::Pump;
use std::collections::VecDeque;
use std::io;
use std::mem::ManuallyDrop;
use std::sync::atomic::{self, AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Waker;
use std::thread;
use tokio::runtime::{Builder, Runtime};

/// Stack of a thread: what C modules of users expect. Pages that are not touched cost nothing.
const STACK: usize = 8 << 20;
/// More threads than this in one call are refused as the system would refuse them.
const MOST_THREADS: usize = 4096;

/// Threads and the VMs that they run.
pub struct Context {
    /// For lists.
    pub id: u64,
    /// Taken out when the last owner goes.
    runtime: ManuallyDrop<Runtime>,
    /// Concurrency hint 1: no thread may be added.
    single: AtomicBool,
    state: Mutex<State>,
    /// Where threads wait that have nothing to do.
    standby: Condvar,
}

/// What the threads of a context share.
#[derive(Default)]
struct State {
    /// VMs that can run, but for the main VM.
    queue: VecDeque<Arc<Task>>,
    /// The main VM when it can run: only the main thread may take it.
    home: Option<Arc<Task>>,
    /// The main VM had the last turn of the main thread.
    home_was_last: bool,
    /// VMs that have not ended, the main VM among them.
    vms: usize,
    threads: usize,
    /// Threads that run a VM outside of the runtime.
    running: usize,
    /// Turns that threads have taken.
    turns: u64,
    /// A thread drives the reactor.
    seat: bool,
    /// Wakes the thread that drives, which is idle.
    driver: Option<Waker>,
    /// Wakes the pump, which is idle.
    pump: Option<Waker>,
    /// VMs that have gone quiet and may hold garbage that others wait for.
    quiet: Vec<Weak<Task>>,
    /// Threads that stand by.
    standby: usize,
    /// One of them looks every now and then whether it is needed, or has been asked to.
    watched: bool,
}

impl Context {
    /// A context without threads.
    pub fn new() -> io::Result<Arc<Self>> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        // With an interval of 1 the reactor would be asked twice for each batch of events, with the default of
        // 61 a busy VM would keep IO waiting.
        let runtime = Builder::new_current_thread()
            .enable_all()
            .event_interval(2)
            .build()?;
        let context = Arc::new(Self {
            id: LAST.fetch_add(1, Ordering::Relaxed) + 1,
            runtime: ManuallyDrop::new(runtime),
            single: AtomicBool::new(false),
            state: Mutex::default(),
            standby: Condvar::new(),
        });
        // As a spawned task it is woken without a system call; the future that `block_on` polls itself would be
        // woken through an eventfd.
        let pump = Pump::new(Arc::downgrade(&context));
        context.runtime.spawn(tokio::task::unconstrained(pump));
        Ok(context)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forbids more threads than one.
    pub fn set_single(&self) {
        self.single.store(true, Ordering::Relaxed);
    }

    /// Whether more threads than one are forbidden.
    pub fn is_single(&self) -> bool {
        self.single.load(Ordering::Relaxed)
    }

    /// Calls `f` as a VM of this context would be called.
    pub fn with<T>(&self, f: impl FnOnce() -> T) -> T {
        let _entered = self.runtime.enter();
        f()
    }

    /// Runs the main VM on the calling thread, until it and all its actors have ended.
    pub fn run_main(self: &Arc<Self>, task: &Arc<Task>) {
        let mut state = self.lock();
        state.vms += 1;
        state.threads += 1;
        state.queue(task.clone());
        drop(state);
        work(self, Some(task));
    }

    /// Takes a VM in, which is queued by the caller.
    pub fn enter(&self) {
        self.lock().vms += 1;
    }

    /// The same, if there is another VM, so that the threads have not begun to end.
    pub fn enter_if_live(&self) -> bool {
        let mut state = self.lock();
        let live = state.vms > 0;
        state.vms += usize::from(live);
        live
    }

    /// Whether there is one VM and no other.
    pub fn has_one_vm(&self) -> bool {
        self.lock().vms == 1
    }

    /// A VM has ended.
    pub fn leave(&self) {
        let left = {
            let mut state = self.lock();
            state.vms -= 1;
            state.vms
        };
        if left == 0 {
            self.nudge();
        }
    }

    /// Queues a VM that can run, and wakes who runs it.
    pub fn push(&self, task: Arc<Task>) {
        let mut state = self.lock();
        let waker;
        if state.threads == 1 {
            state.queue(task);
            waker = state.pump.take();
        } else {
            let is_main = task.is_main();
            state.queue(task);
            waker = state.driver.take();
            if is_main && state.standby > 0 {
                self.standby.notify_all();
            }
        }
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Makes every thread look whether its work is over.
    pub fn nudge(&self) {
        let mut state = self.lock();
        let waker = state.driver.take();
        self.standby.notify_all();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Adds threads, which end when the context has no VM any more.
    pub fn add_threads(self: &Arc<Self>, family: &Arc<Family>, count: usize) -> io::Result<()> {
        if count > MOST_THREADS {
            return Err(io::Error::from_raw_os_error(libc::EAGAIN));
        }
        for _ in 0..count {
            self.lock().threads += 1;
            let context = self.clone();
            let made = thread::Builder::new()
                .name(String::from("emilua"))
                .stack_size(STACK)
                .spawn(move || {
                    system::block_signals();
                    work(&context, None);
                });
            match made {
                Ok(thread) => family.add_thread(thread),
                Err(error) => {
                    self.lock().threads -= 1;
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: not used after this.
        let runtime = unsafe { ManuallyDrop::take(&mut self.runtime) };
        // The last owner may be a VM that another context runs, where a plain drop would panic.
        runtime.shutdown_background();
    }
}

impl State {
    fn queue(&mut self, task: Arc<Task>) {
        if task.is_main() {
            self.home = Some(task);
        } else {
            self.queue.push_back(task);
        }
    }

    /// The next VM for a thread. On the main thread the main VM and the others alternate, and what computes is left to
    /// the others while one of them is free.
    fn take(&mut self, main: bool) -> Option<Arc<Task>> {
        let turn = !self.home_was_last || self.queue.is_empty();
        if main && turn && self.home.is_some() {
            self.home_was_last = true;
            return self.home.take();
        }
        self.home_was_last = false;
        if main && self.spares_main() {
            let light = self.queue.iter().position(|task| !task.computes())?;
            return self.queue.remove(light);
        }
        self.queue.pop_front()
    }

    /// Whether a thread has a VM to run.
    fn has_work(&self, main: bool) -> bool {
        if main && self.spares_main() {
            return self.home.is_some() || self.queue.iter().any(|task| !task.computes());
        }
        !self.queue.is_empty() || main && self.home.is_some()
    }

    /// Whether a thread beside the main thread, which runs no VM, is free to run one.
    fn spares_main(&self) -> bool {
        self.threads > self.running + 1
    }
}
