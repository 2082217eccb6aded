//! The actors that a main VM has started, directly or through others: its run ends after them.

use super::Context;
use crate::vm::Task;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

/// A main VM's actors and threads.
#[derive(Default)]
pub struct Family {
    /// Actors that have not ended.
    live: AtomicUsize,
    members: Mutex<Members>,
}

#[derive(Default)]
struct Members {
    /// Live actors, for lists.
    actors: Vec<Weak<Task>>,
    /// Threads of contexts, joined at the end of the run.
    threads: Vec<JoinHandle<()>>,
    /// Where the main VM runs.
    home: Weak<Context>,
    /// What the master has called exit with.
    exit: Option<f64>,
}

impl Family {
    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which context's main thread waits for the end of all.
    pub fn set_home(&self, home: &Arc<Context>) {
        self.lock().home = Arc::downgrade(home);
    }

    /// How many actors there are.
    pub fn live(&self) -> usize {
        self.live.load(Ordering::Acquire)
    }

    /// Takes an actor in.
    pub fn join(&self, actor: &Arc<Task>) {
        self.live.fetch_add(1, Ordering::Relaxed);
        self.lock().actors.push(Arc::downgrade(actor));
    }

    /// An actor has ended.
    pub fn leave(&self, actor: &Task) {
        let home = {
            let mut members = self.lock();
            let at = members
                .actors
                .iter()
                .position(|other| std::ptr::eq(other.as_ptr(), actor));
            if let Some(at) = at {
                members.actors.swap_remove(at);
            }
            members.home.clone()
        };
        if self.live.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(home) = home.upgrade()
        {
            home.nudge();
        }
    }

    /// The live actors.
    pub fn actors(&self) -> Vec<Arc<Task>> {
        self.lock()
            .actors
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// The master ends: the process shall end with this status.
    pub fn note_exit(&self, status: f64) {
        self.lock().exit = Some(status);
    }

    /// What was noted since the last call.
    pub fn take_exit(&self) -> Option<f64> {
        self.lock().exit.take()
    }

    /// Remembers a thread that has to be joined.
    pub fn add_thread(&self, thread: JoinHandle<()>) {
        let threads = &mut self.lock().threads;
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
    }

    /// Waits for the threads, whose contexts have no VM any more.
    pub fn join_threads(&self) {
        loop {
            let threads = std::mem::take(&mut self.lock().threads);
            if threads.is_empty() {
                return;
            }
            for thread in threads {
                // What panicked in it was reported by the VM that it ran.
                let _ = thread.join();
            }
        }
    }
}
