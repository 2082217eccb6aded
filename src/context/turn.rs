//! Threads that take turns: running a VM, driving the reactor, or standing by.
//!
//! A thread that drives and gets an event runs the VM itself, and drives again when it has nothing else to run:
//! handing an event to another thread would cost more than most VMs need for it. Meanwhile nobody drives, so one of
//! those that stand by is the *watcher*: it looks every [`TICK`] whether the same turn still goes on, and drives then.
//! It stops watching when nothing happens any more, and is asked again by the next turn.
//!
//! The main VM runs on the main thread only. So that does not take a VM that computes while another thread is free.

use super::{Context, State};
use crate::vm::Task;
use std::future::poll_fn;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// How long a turn may last before another thread drives the reactor.
const TICK: Duration = Duration::from_millis(1);
/// Turns of a thread after which it looks at the reactor, if nobody else does.
const LOOK: u32 = 32;

/// What a thread does next.
enum Next {
    Run(Arc<Task>),
    /// Drive the reactor; only look at it once.
    Drive(bool),
    Leave,
}

/// Runs the VMs of a context: until it has none, or with the main VM, until that and all its actors have ended.
pub fn work(context: &Arc<Context>, main: Option<&Arc<Task>>) {
    // Descriptors are registered with this reactor, also outside of `block_on`.
    let _entered = context.runtime.enter();
    let mut turns = 0;
    loop {
        match context.next(main, &mut turns) {
            Next::Run(task) => {
                let again = task.run();
                let whole = again.as_ref().is_some_and(|again| again.whole);
                // A whole batch counts for as many turns as it held fibers.
                turns += if whole { LOOK } else { 1 };
                let mut state = context.lock();
                state.running -= 1;
                // This thread is free for it: nobody has to be woken.
                if again.is_some() {
                    state.queue(task);
                }
            }
            Next::Drive(once) => context.drive(main, once),
            Next::Leave => break,
        }
    }
}

/// Whether the work of a thread is over.
fn is_over(state: &State, main: Option<&Arc<Task>>) -> bool {
    main.map_or(state.vms == 0, |main| {
        main.has_ended() && main.family().live() == 0
    })
}

impl Context {
    fn next(&self, main: Option<&Arc<Task>>, turns: &mut u32) -> Next {
        let mut state = self.lock();
        // The number of turns when a watch began, which ended by time.
        let mut watched_since = None;
        let mut watch = true;
        loop {
            if is_over(&state, main) {
                state.threads -= 1;
                self.standby.notify_all();
                return Next::Leave;
            }
            let look = *turns >= LOOK && !state.seat;
            if !look
                && state.threads > 1
                && let Some(task) = state.take(main.is_some())
            {
                state.running += 1;
                state.turns += 1;
                self.ask_others(&mut state);
                return Next::Run(task);
            }
            self.ask_idle(&state, main.is_some());
            // The main thread is about to take the main VM, and drives after that.
            let free = state.running == 0 && (main.is_some() || state.home.is_none());
            let stuck = watched_since == Some(state.turns);
            if !state.seat && (free || stuck || look) {
                state.seat = true;
                *turns = 0;
                self.ask_watcher(&mut state);
                return Next::Drive(look && !free);
            }
            if stuck && state.running == 0 {
                watch = false;
            }
            (state, watched_since) = self.stand_by(state, watch);
            watch = true;
        }
    }

    /// Waits for work; with `watch`, at most a tick. Returns the number of turns before, if that time is over.
    fn stand_by<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        watch: bool,
    ) -> (MutexGuard<'a, State>, Option<u64>) {
        state.standby += 1;
        let turns = state.turns;
        let mut expired = false;
        if watch && !state.watched {
            state.watched = true;
            let (guard, result) = self
                .standby
                .wait_timeout(state, TICK)
                .unwrap_or_else(PoisonError::into_inner);
            state = guard;
            expired = result.timed_out();
        } else {
            state = self
                .standby
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.watched = false;
        state.standby -= 1;
        (state, expired.then_some(turns))
    }

    /// A thread begins a turn: one that stands by watches; without one, who drives takes what is left in the queue,
    /// which the main thread has left to the idle.
    fn ask_others(&self, state: &mut State) {
        if state.standby == 0
            && !state.queue.is_empty()
            && let Some(driver) = state.driver.take()
        {
            driver.wake();
        }
        self.ask_watcher(state);
    }

    /// The main thread leaves what is in the queue to a thread that stands by.
    fn ask_idle(&self, state: &State, main: bool) {
        if main && state.standby > 0 && !state.queue.is_empty() {
            self.standby.notify_one();
        }
    }

    /// Asks one of those that stand by to watch, unless one does.
    fn ask_watcher(&self, state: &mut State) {
        if state.standby > 0 && !state.watched {
            state.watched = true;
            self.standby.notify_one();
        }
    }

    /// Drives the reactor until there is something to run.
    fn drive(&self, main: Option<&Arc<Task>>, once: bool) {
        let mut looked = false;
        self.runtime.block_on(poll_fn(|cx| {
            let mut state = self.lock();
            let several = state.threads > 1;
            // The main thread, which is idle, will run the main VM and take the seat.
            let claimed = main.is_none() && state.home.is_some() && state.running == 0;
            if looked
                || is_over(&state, main)
                || several && (state.has_work(main.is_some()) || claimed)
            {
                return Poll::Ready(());
            }
            self.ask_idle(&state, main.is_some());
            if once {
                looked = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let pump = if state.has_work(main.is_some()) {
                state.pump.take()
            } else {
                None
            };
            state.driver = Some(cx.waker().clone());
            drop(state);
            if let Some(pump) = pump {
                pump.wake();
            }
            Poll::Pending
        }));
        let mut state = self.lock();
        state.seat = false;
        state.driver = None;
    }
}
