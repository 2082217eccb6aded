//! Operations performed by the threads of the process's pool, for where there is no ring.

use super::request::Request;
use crate::vm::Vm;
use crate::work::Work;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

const QUEUED: u8 = 0;
const RUNNING: u8 = 1;
const UNWANTED: u8 = 2;

/// One operation: whether a thread performs it, and whether somebody wants it.
pub struct Job(AtomicU8);

impl Job {
    /// Nobody wants it any more. Whether no thread will ever touch its memory.
    pub fn cancel(&self) -> bool {
        self.0.swap(UNWANTED, Ordering::AcqRel) == QUEUED
    }

    fn begin(&self) -> bool {
        self.0
            .compare_exchange(QUEUED, RUNNING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Acquire) == RUNNING
    }
}

#[derive(Default)]
struct State {
    /// Ids and outcomes of operations that have ended.
    ended: Vec<(u64, io::Result<usize>)>,
    /// Threads that perform one.
    running: usize,
}

#[derive(Default)]
struct Jobs {
    state: Mutex<State>,
    /// Notified when a thread has ended one.
    fewer: Condvar,
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a thread performs; dropped, it tells that it has ended, whatever happened.
struct Performance {
    jobs: Arc<Jobs>,
    id: u64,
    outcome: io::Result<usize>,
}

impl Drop for Performance {
    fn drop(&mut self) {
        let outcome = mem::replace(&mut self.outcome, Ok(0));
        let mut state = self.jobs.lock();
        state.ended.push((self.id, outcome));
        state.running -= 1;
        self.jobs.fewer.notify_all();
    }
}

/// The operations of one VM that are in the pool.
#[derive(Default)]
pub struct Pool(Arc<Jobs>);

impl Pool {
    /// Has a thread perform a request; the VM finds `token` ready when it has ended.
    pub fn start(&self, vm: &Vm, token: u32, id: u64, request: Request) -> io::Result<Arc<Job>> {
        let job = Arc::new(Job(AtomicU8::new(QUEUED)));
        let (jobs, mine) = (self.0.clone(), job.clone());
        Work::start(vm, token, move || {
            let mut state = jobs.lock();
            if !mine.begin() {
                return;
            }
            // Before the lock is left, for `wait` to see it.
            state.running += 1;
            drop(state);
            let mut performance = Performance {
                jobs,
                id,
                outcome: Err(io::ErrorKind::Other.into()),
            };
            performance.outcome = request.perform(|| mine.is_wanted());
        })?;
        Ok(job)
    }

    /// Ids and outcomes of what has ended.
    pub fn take(&self) -> Vec<(u64, io::Result<usize>)> {
        mem::take(&mut self.0.lock().ended)
    }

    /// Waits for the threads that perform an operation; the others have been cancelled.
    pub fn wait(&self) {
        let mut state = self.0.lock();
        while state.running > 0 {
            state = self
                .0
                .fewer
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
