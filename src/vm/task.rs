//! A VM as its context sees it: something that can run, one turn at a time, on any thread.

use super::birth::{self, Seed};
use super::drive::{End, Step, step};
use super::{Vm, timer, vm};
use crate::actor::Mailbox;
use crate::context::{Context, Family, Word};
use crate::subprocess;
use mlua::ffi::lua_State;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};
use std::task::{Context as Cx, Wake, Waker};
use std::time::{Duration, Instant};

/// A VM that runs: the main VM of a run, or an actor.
pub struct Task {
    /// Unique in the process.
    pub id: u64,
    /// The module, or what the program calls the actor.
    pub name: String,
    word: Word,
    context: Arc<Context>,
    family: Arc<Family>,
    mailbox: Arc<Mailbox>,
    main: bool,
    /// Short turns until it no longer counts as one that computes.
    computes: AtomicU8,
    quiet: Quiet,
    body: UnsafeCell<Body>,
}

/// When the VM ran last, for the collection of those that have gone quiet.
#[derive(Default)]
struct Quiet {
    /// It is on the list of its context.
    listed: AtomicBool,
    /// Its garbage is to be collected.
    collect: AtomicBool,
    /// Coarse time of the last turn, in nanoseconds.
    since: AtomicI64,
    /// How long it has to be quiet.
    patience: AtomicI64,
}

/// How long the turn of a VM is that computes.
const LONG: Duration = Duration::from_millis(1);
/// Short turns after a long one until a VM no longer counts as one that computes.
const LATELY: u8 = 8;

/// Nanoseconds of quiet before a collection, at least.
const PATIENCE: i64 = 50_000_000;
/// The same as a multiple of the time that the last collection took.
const PATIENCE_FACTOR: i64 = 100;

/// A VM has more to do after its turn.
pub struct Again {
    /// It has used its whole batch.
    pub whole: bool,
}

/// What only the thread sees that runs the VM, and the main thread after the end.
enum Body {
    /// An actor that has not run yet: its state is made by the thread that runs it first.
    Seed(Box<Seed>),
    Living {
        l: *mut lua_State,
        vm: *mut Vm,
        waker: Waker,
    },
    Ended(Option<End>),
}

// SAFETY: `body` is touched by the thread that runs the VM, and the word makes that one at a time, the former's work
// visible to the latter; between two turns no C frame of the VM exists. Nothing of LuaJIT, and no `Rc` in the VM,
// cares which thread it is: all clones of an `Rc` belong to the same VM and move with it.
unsafe impl Send for Task {}
// SAFETY: as above; all other fields are `Sync`.
unsafe impl Sync for Task {}

/// A number that no other VM of the process has.
pub fn new_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

impl Task {
    /// The main VM of a run, whose state has `step` at index 2.
    pub(super) fn main(l: *mut lua_State, this: *mut Vm, context: &Arc<Context>) -> Arc<Self> {
        let vm = vm(this);
        let task = Arc::new(Self {
            id: vm.id,
            name: String::new(),
            word: Word::queued(),
            context: context.clone(),
            family: vm.family.clone(),
            mailbox: vm.mailbox.clone(),
            main: true,
            computes: AtomicU8::new(0),
            quiet: Quiet::default(),
            body: UnsafeCell::new(Body::Ended(None)),
        });
        task.live(l, this);
        task
    }

    /// An actor, not queued.
    pub fn actor(
        name: String,
        context: Arc<Context>,
        family: Arc<Family>,
        mailbox: Arc<Mailbox>,
        seed: Seed,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: new_id(),
            name,
            word: Word::queued(),
            context,
            family,
            mailbox,
            main: false,
            computes: AtomicU8::new(1),
            quiet: Quiet::default(),
            body: UnsafeCell::new(Body::Seed(Box::new(seed))),
        })
    }

    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    pub fn family(&self) -> &Arc<Family> {
        &self.family
    }

    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.mailbox
    }

    pub fn is_main(&self) -> bool {
        self.main
    }

    /// Whether its next turn may keep a thread for long.
    pub fn computes(&self) -> bool {
        self.computes.load(Ordering::Relaxed) > 0
    }

    /// Notes whether a turn was long. One that computes has short turns too, as after a wake-up that came too late to
    /// matter.
    fn set_computes(&self, long: bool) {
        let left = self.computes.load(Ordering::Relaxed);
        let left = if long { LATELY } else { left.saturating_sub(1) };
        self.computes.store(left, Ordering::Relaxed);
    }

    /// waiting, ready, running or ended.
    pub fn state(&self) -> &'static str {
        self.word.text()
    }

    pub fn has_ended(&self) -> bool {
        self.word.has_ended()
    }

    /// The state exists from now on.
    fn live(self: &Arc<Self>, l: *mut lua_State, vm: *mut Vm) {
        let waker = Waker::from(self.clone());
        // SAFETY: called by the maker, who alone has the task, or by the thread that runs it.
        unsafe {
            (*vm).shared.set_task(Some(waker.clone()));
            *self.body.get() = Body::Living { l, vm, waker };
        }
    }

    /// Runs one turn of the VM, which the caller has taken out of the queue, and puts there again if it has more to do.
    pub fn run(self: &Arc<Self>) -> Option<Again> {
        self.word.start();
        let start = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| self.turn()));
        let whole = matches!(result, Ok(Step::More));
        // Before anybody else can take it.
        self.set_computes(whole || start.elapsed() > LONG);
        match result {
            Ok(Step::More) => {
                self.word.again();
                Some(Again { whole: true })
            }
            Ok(Step::Idle) => (!self.word.rest()).then_some(Again { whole: false }),
            Ok(Step::Ended(end)) => {
                self.end(end);
                None
            }
            Err(panic) => {
                self.end(End::Panicked(panic));
                None
            }
        }
    }

    /// Asks for a collection if the VM has been quiet for long enough; true when it need not be asked again.
    pub fn collect_if_quiet(self: &Arc<Self>) -> bool {
        let quiet = timer::coarse() - self.quiet.since.load(Ordering::Relaxed);
        if quiet < PATIENCE.max(self.quiet.patience.load(Ordering::Relaxed)) {
            return false;
        }
        self.quiet.collect.store(true, Ordering::Relaxed);
        self.quiet.listed.store(false, Ordering::Release);
        self.wake_by_ref();
        true
    }

    /// The VM waits: if it may hold garbage that others wait for, its context keeps an eye on it.
    fn watch_quiet(self: &Arc<Self>) {
        self.quiet.since.store(timer::coarse(), Ordering::Relaxed);
        if !self.quiet.listed.swap(true, Ordering::AcqRel) {
            self.context.watch_quiet(self);
        }
    }

    fn collect(&self, l: *mut lua_State) {
        let start = timer::now(timer::STEADY);
        birth::collect(l);
        let patience = (timer::now(timer::STEADY) - start).saturating_mul(PATIENCE_FACTOR);
        self.quiet.patience.store(patience, Ordering::Relaxed);
    }

    fn turn(self: &Arc<Self>) -> Step {
        // SAFETY: the word says that this thread runs the VM.
        let body = unsafe { &mut *self.body.get() };
        if let Body::Seed(_) = body
            && let Body::Seed(seed) = std::mem::replace(body, Body::Ended(None))
        {
            match birth::make(self, *seed) {
                Ok((l, vm)) => self.live(l, vm),
                Err(text) => return Step::Ended(End::NotBorn(text)),
            }
        }
        match body {
            Body::Living { l, vm, waker } => {
                if self.quiet.collect.swap(false, Ordering::Relaxed) {
                    super::vm(*vm).active = false;
                    self.collect(*l);
                }
                let step = step(*l, *vm, &mut Cx::from_waker(waker));
                if matches!(step, Step::Idle) && super::vm(*vm).may_hold_senders() {
                    self.watch_quiet();
                }
                step
            }
            _ => Step::Idle,
        }
    }

    /// The VM ends: an actor's state is closed, and who waits for the end learns of it.
    fn end(self: &Arc<Self>, end: End) {
        self.mailbox.close();
        subprocess::kill_those_of(self.id);
        // SAFETY: as in `turn`.
        let body = unsafe { &mut *self.body.get() };
        if let Body::Living { l, vm, .. } = *body {
            super::vm(vm).shared.set_task(None);
            // The state of a main VM, and the channels in it, live on.
            super::vm(vm).channels.close();
            super::vm(vm).inbound.close();
            super::vm(vm).private.close_all();
            if !self.main {
                // Whatever a finaliser does, the others go on.
                let _ = catch_unwind(AssertUnwindSafe(|| birth::close(l, &end)));
            }
        } else if !self.main {
            end.report();
        }
        *body = Body::Ended(self.main.then_some(end));
        self.word.end();
        self.context.leave();
        if !self.main {
            self.family.leave(self);
        }
    }

    /// How the main VM ended.
    pub(super) fn outcome(&self) -> Option<End> {
        if !self.has_ended() {
            return None;
        }
        // SAFETY: it has ended, and only the main thread asks.
        match unsafe { &mut *self.body.get() } {
            Body::Ended(end) => end.take(),
            _ => None,
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.word.wake() {
            self.context.push(self.clone());
        }
    }
}
