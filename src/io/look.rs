//! A second look at a stream that may not be drained.
//!
//! recv(2) of a UNIX stream stops where descriptors came along, drops them and does not say so; recvmsg(2) would, but costs
//! a tenth of an echo more. So a short read counts as the last one until more comes, and whoever waits after one looks
//! again a little later.

use super::Io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// How late bytes are found that came behind descriptors.
const LATER: Duration = Duration::from_millis(100);

/// Whether it is necessary.
#[derive(Default)]
pub struct Look {
    /// The last read was short.
    pub short: bool,
    /// Set when it is time; none while nobody has asked.
    due: Option<Arc<AtomicBool>>,
}

impl Io {
    /// Whether it is time to look again; if not, the fiber that waits to read is woken then.
    pub(super) fn is_look_due(&mut self) -> bool {
        if let Some(due) = &self.look.due {
            let due = due.load(Ordering::Acquire);
            if due {
                self.look = Look::default();
            }
            return due;
        }
        let due = Arc::<AtomicBool>::default();
        self.look.due = Some(due.clone());
        let (shared, token) = (self.shared.clone(), self.tokens.read);
        Handle::current().spawn(async move {
            tokio::time::sleep(LATER).await;
            due.store(true, Ordering::Release);
            shared.post(token);
        });
        false
    }
}
