//! The state of a VM in the eyes of its wakers and of the threads: whether it waits, is queued or runs.
//!
//! Only the thread that got a VM out of the queue may `start` it, and only a call of `wake` that found it waiting
//! puts it into the queue. So a VM is in the queue at most once and runs on one thread at a time, and a wake-up
//! that comes while it runs makes it run again. The exchanges are acquire and release: what one thread did in the
//! VM happened before what the next one does. `spec/loom` checks that with loom, under every order of the steps.

// spec/loom has another module of that name.
use super::atomic::{AtomicU8, Ordering};

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
/// Running, and woken since.
const NOTIFIED: u8 = 3;
const ENDED: u8 = 4;

/// A VM's state.
pub struct Word(AtomicU8);

impl Word {
    /// That of a VM which its maker queues.
    pub fn queued() -> Self {
        Self(AtomicU8::new(QUEUED))
    }

    /// Notes a wake-up; true when the caller has to queue the VM.
    pub fn wake(&self) -> bool {
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let next = match seen {
                IDLE => QUEUED,
                RUNNING => NOTIFIED,
                _ => return false,
            };
            match self
                .0
                .compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Relaxed)
            {
                Ok(_) => return next == QUEUED,
                Err(now) => seen = now,
            }
        }
    }

    /// The VM, which the caller took out of the queue, runs.
    pub fn start(&self) {
        self.0.swap(RUNNING, Ordering::AcqRel);
    }

    /// The VM has nothing to do; false when it was woken meanwhile, and the caller has to queue it.
    pub fn rest(&self) -> bool {
        let rests = self
            .0
            .compare_exchange(RUNNING, IDLE, Ordering::AcqRel, Ordering::Acquire)
            .is_ok();
        if !rests {
            self.again();
        }
        rests
    }

    /// The VM has more to do: the caller queues it.
    pub fn again(&self) {
        self.0.swap(QUEUED, Ordering::AcqRel);
    }

    /// The VM never runs again.
    pub fn end(&self) {
        self.0.swap(ENDED, Ordering::AcqRel);
    }

    pub fn has_ended(&self) -> bool {
        self.0.load(Ordering::Acquire) == ENDED
    }

    /// For lists.
    pub fn text(&self) -> &'static str {
        match self.0.load(Ordering::Relaxed) {
            IDLE => "waiting",
            QUEUED => "ready",
            ENDED => "ended",
            _ => "running",
        }
    }
}
