//! Blocking work: a function that runs on a thread of the process's one pool, and wakes a direction when it has ended.
//!
//! For calls that no reactor can wait for, such as getaddrinfo(3). The Lua half waits by `operation.await`, its
//! call giving `PENDING` until [`Work::take`] has something. Who gives up waiting leaves the call to its end.

use crate::vm::Vm;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Threads at most; work beyond that queues.
const THREADS: usize = 64;
/// How long a thread without work lives on.
const KEEP_ALIVE: Duration = Duration::from_millis(200);

/// The pool. It starts no thread before there is work.
fn pool() -> io::Result<&'static Runtime> {
    static POOL: OnceLock<Runtime> = OnceLock::new();
    if let Some(pool) = POOL.get() {
        return Ok(pool);
    }
    let made = Builder::new_current_thread()
        .max_blocking_threads(THREADS)
        .thread_keep_alive(KEEP_ALIVE)
        .thread_name("emilua-work")
        .build()?;
    Ok(POOL.get_or_init(|| made))
}

/// Work that has been started, whose outcome is taken once.
pub struct Work<T>(Arc<Mutex<Option<thread::Result<T>>>>);

impl<T: Send + 'static> Work<T> {
    /// Starts `body`; `token` is that of the direction that is woken when it has ended.
    pub fn start(
        vm: &Vm,
        token: u32,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> io::Result<Self> {
        let outcome = Arc::new(Mutex::new(None));
        let (slot, shared) = (outcome.clone(), vm.shared().clone());
        pool()?.spawn_blocking(move || {
            let value = catch_unwind(AssertUnwindSafe(body));
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
            shared.post(token);
        });
        Ok(Self(outcome))
    }

    /// The outcome, when there is one; a panic of the body goes on here.
    pub fn take(&self) -> Option<T> {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.map(|value| value.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}
