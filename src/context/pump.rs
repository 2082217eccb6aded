//! Running the VMs of a context with one thread: inside of the runtime, as a task of its own.

use super::Context;
use std::future::Future;
use std::pin::Pin;
use std::sync::Weak;
use std::task::{Context as Cx, Poll};

/// VMs that run between two looks at the reactor, unless one uses its whole batch.
const TURNS: usize = 32;

/// Runs VMs until the queue is empty or another thread has come.
pub struct Pump(Weak<Context>);

impl Pump {
    pub fn new(context: Weak<Context>) -> Self {
        Self(context)
    }
}

impl Future for Pump {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Cx<'_>) -> Poll<()> {
        let Some(context) = self.0.upgrade() else {
            return Poll::Ready(());
        };
        for _ in 0..TURNS {
            let mut state = context.lock();
            if state.threads > 1 {
                // From now on they take turns.
                state.pump = Some(cx.waker().clone());
                if let Some(driver) = state.driver.take() {
                    drop(state);
                    driver.wake();
                }
                return Poll::Pending;
            }
            // The one thread of the main VM's context is the main thread.
            let Some(task) = state.take(true) else {
                state.pump = Some(cx.waker().clone());
                return Poll::Pending;
            };
            drop(state);
            if let Some(again) = task.run() {
                context.lock().queue(task);
                if again.whole {
                    break;
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
