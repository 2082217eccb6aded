//! Senders in other processes.

use super::Sender;
use crate::subprocess::Socket;

impl Sender {
    /// Makes a socket from another process one more way to the inbox; it is closed when that is.
    pub fn attach(self, socket: Socket) {
        let mailbox = self.0.clone();
        let waiting = {
            let mut inner = mailbox.lock();
            if !inner.open {
                // Dropped when the lock is released: this sender locks it too.
                drop(inner);
                return;
            }
            inner.attached.push((socket, self));
            inner.waiting.take()
        };
        mailbox.wake(waiting);
    }
}
