//! Children whose handle was collected before anybody had waited for them: they are reaped when they end, and
//! the runtime does not end before.

use super::child::{Child, Orphan};
use std::task::{Context, Poll};

/// The orphans of one VM.
#[derive(Default)]
pub struct Orphans {
    list: Vec<Orphan>,
}

impl Orphans {
    /// Takes over a child.
    pub fn add(&mut self, child: &mut Child) {
        self.list.extend(child.abandon());
    }

    /// Reaps those that have ended; ready when none is left. To be called by the VM's task.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.list.retain_mut(|orphan| orphan.poll(cx).is_pending());
        if self.list.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Waits on the calling thread until all have ended.
    pub fn wait(&mut self) {
        self.list.drain(..).for_each(Orphan::wait);
    }
}
