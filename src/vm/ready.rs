//! The ready list: where wakers leave the token of a direction, and wake the VM once.

// spec/loom has another module of that name.
use super::sync::{Mutex, MutexGuard};
use std::sync::{Arc, PoisonError};
use std::task::{Wake, Waker};

/// The part of a VM that wakers of any thread reach.
#[derive(Default)]
pub struct Shared(Mutex<Ready>);

#[derive(Default)]
struct Ready {
    /// Directions that may go on.
    tokens: Vec<u32>,
    /// Wakes the VM's task; set while a run is active.
    task: Option<Waker>,
    /// The task has been woken and has not collected since.
    woken: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Ready> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that `token` is ready and wakes the VM unless that was done already.
    pub fn post(&self, token: u32) {
        let task = {
            let mut ready = self.lock();
            ready.tokens.push(token);
            if ready.woken {
                return;
            }
            ready.woken = true;
            ready.task.clone()
        };
        // Not under the lock, which the VM wants at once when another thread runs it.
        if let Some(task) = task {
            task.wake();
        }
    }

    /// Moves the tokens to `into`, which is empty; the storage is exchanged, not copied.
    pub fn take(&self, into: &mut Vec<u32>) {
        let mut ready = self.lock();
        std::mem::swap(&mut ready.tokens, into);
        ready.woken = false;
    }

    /// Sets who is woken: the VM while it runs, or nobody.
    pub fn set_task(&self, task: Option<Waker>) {
        let mut ready = self.lock();
        ready.task = task;
        ready.woken = false;
    }
}

/// What a direction's waker points to.
pub struct Token {
    shared: Arc<Shared>,
    token: u32,
}

impl Token {
    /// A waker that posts `token` to the VM.
    pub fn waker(shared: &Arc<Shared>, token: u32) -> Waker {
        Waker::from(Arc::new(Self {
            shared: shared.clone(),
            token,
        }))
    }
}

impl Wake for Token {
    fn wake(self: Arc<Self>) {
        self.shared.post(self.token);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.shared.post(self.token);
    }
}
