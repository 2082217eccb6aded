//! Collecting the garbage of VMs that have gone quiet.
//!
//! Whether an unreferenced channel or inbox still counts is for the collector to find out, and a VM that waits
//! allocates nothing that would set it going: two VMs could wait for ever, each for what is garbage in the other. So
//! a VM that holds channels is collected once after it has been quiet for a while.

use super::Context;
use crate::vm::Task;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often the list is looked through.
const PERIOD: Duration = Duration::from_millis(25);

impl Context {
    /// Notes that a VM has gone quiet.
    pub fn watch_quiet(self: &Arc<Self>, task: &Arc<Task>) {
        let mut state = self.lock();
        state.quiet.push(Arc::downgrade(task));
        if state.quiet.len() == 1 {
            drop(state);
            self.runtime.spawn(look(Arc::downgrade(self)));
        }
    }

    /// Wakes those for collection that have been quiet for long enough; false when none is left.
    fn collect_quiet(&self) -> bool {
        let list = std::mem::take(&mut self.lock().quiet);
        let rest: Vec<_> = list
            .into_iter()
            .filter(|task| task.upgrade().is_some_and(|task| !task.collect_if_quiet()))
            .collect();
        let mut state = self.lock();
        state.quiet.extend(rest);
        !state.quiet.is_empty()
    }
}

/// Looks through the list until it is empty.
async fn look(context: Weak<Context>) {
    loop {
        tokio::time::sleep(PERIOD).await;
        if !context
            .upgrade()
            .is_some_and(|context| context.collect_quiet())
        {
            return;
        }
    }
}
