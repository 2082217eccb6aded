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

/// Whether a thread performs an operation, and whether somebody wants it.
struct Wanted(AtomicU8);

/// An operation in the pool.
pub struct Job {
    wanted: Arc<Wanted>,
    work: Work<io::Result<usize>>,
}

impl Job {
    /// Nobody wants it any more. Whether no thread will ever touch its memory.
    pub fn cancel(&self) -> bool {
        self.wanted.0.swap(UNWANTED, Ordering::AcqRel) == QUEUED
    }

    /// Its outcome, once.
    pub fn take(&self) -> Option<io::Result<usize>> {
        self.work.take()
    }
}

impl Wanted {
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
    /// Ids of operations that have ended.
    ended: Vec<u64>,
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

/// That a thread performs an operation; dropped, it tells that it has ended, whatever happened.
struct Performance {
    jobs: Arc<Jobs>,
    id: u64,
}

impl Drop for Performance {
    fn drop(&mut self) {
        let mut state = self.jobs.lock();
        state.ended.push(self.id);
        state.running -= 1;
        self.jobs.fewer.notify_all();
    }
}

/// The operations of one VM that are in the pool.
#[derive(Default)]
pub struct Pool(Arc<Jobs>);

impl Pool {
    /// Has a thread perform a request; the VM finds `token` ready when it has ended.
    pub fn start(&self, vm: &Vm, token: u32, id: u64, request: Request) -> io::Result<Job> {
        let wanted = Arc::new(Wanted(AtomicU8::new(QUEUED)));
        let (jobs, mine) = (self.0.clone(), wanted.clone());
        let work = Work::start(vm, token, move || {
            let mut state = jobs.lock();
            if !mine.begin() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            // Before the lock is left, for `wait` to see it.
            state.running += 1;
            drop(state);
            let _performance = Performance { jobs, id };
            request.perform(|| mine.is_wanted())
        })?;
        Ok(Job { wanted, work })
    }

    /// Ids of what has ended.
    pub fn ended(&self) -> Vec<u64> {
        mem::take(&mut self.0.lock().ended)
    }

    /// Gives an id back whose outcome is not there yet; the token becomes ready when it is.
    pub fn put_back(&self, id: u64) {
        self.0.lock().ended.push(id);
    }

    /// Waits for the threads that perform an operation; the others have been cancelled.
    pub fn wait(&self) {
        let mut state = self.0.lock();
        while state.running > 0 {
            let woken = self.0.fewer.wait(state);
            state = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }
}
