//! The inbox of a VM as others see it: a queue of messages, and how many can still send.

#[cfg(unix)]
mod attach;

use super::message::Message;
use crate::subprocess::Socket;
use crate::vm::Shared;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Many senders, one receiver.
pub struct Mailbox {
    inner: Mutex<Inner>,
    /// The ready list of the receiving VM.
    shared: Arc<Shared>,
}

struct Inner {
    queue: VecDeque<Message>,
    open: bool,
    /// Live [`Sender`]s, those in messages among them.
    senders: usize,
    /// The direction of the fiber that waits for a message.
    waiting: Option<u32>,
    /// Sockets from other processes that the VM has not taken over yet.
    attached: Vec<(Socket, Sender)>,
}

/// Why there is no message.
pub enum Nothing {
    /// The receiver's token is posted when that changes.
    Yet,
    Closed,
    NoSenders,
}

impl Mailbox {
    /// That of the VM with this ready list.
    pub fn new(shared: Arc<Shared>) -> Arc<Self> {
        Arc::new(Self {
            inner: Mutex::new(Inner {
                queue: VecDeque::new(),
                open: true,
                senders: 0,
                waiting: None,
                attached: Vec::new(),
            }),
            shared,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, waiting: Option<u32>) {
        if let Some(token) = waiting {
            self.shared.post(token);
        }
    }

    /// The next message; when there is none yet, `token` is posted when that changes.
    pub fn receive(&self, token: u32) -> Result<Message, Nothing> {
        let mut inner = self.lock();
        if !inner.open {
            return Err(Nothing::Closed);
        }
        if let Some(message) = inner.queue.pop_front() {
            return Ok(message);
        }
        if inner.senders == 0 {
            return Err(Nothing::NoSenders);
        }
        inner.waiting = Some(token);
        Err(Nothing::Yet)
    }

    /// Ends the inbox: what is queued is dropped.
    pub fn close(&self) {
        let (dropped, waiting) = {
            let mut inner = self.lock();
            inner.open = false;
            let dropped = (
                std::mem::take(&mut inner.queue),
                std::mem::take(&mut inner.attached),
            );
            (dropped, inner.waiting.take())
        };
        // Not under the lock: the messages may hold senders to this very mailbox.
        drop(dropped);
        self.wake(waiting);
    }

    pub fn is_open(&self) -> bool {
        self.lock().open
    }

    /// The sockets that were attached since the last call.
    pub fn take_attached(&self) -> Vec<(Socket, Sender)> {
        std::mem::take(&mut self.lock().attached)
    }

    /// Whether nothing is queued, and one sender is all that can change that.
    pub fn has_one_sender(&self) -> bool {
        let inner = self.lock();
        inner.open && inner.queue.is_empty() && inner.senders == 1
    }

    /// How many messages are queued.
    pub fn len(&self) -> usize {
        self.lock().queue.len()
    }

    /// A new sender to this mailbox.
    pub fn sender(self: &Arc<Self>) -> Sender {
        self.lock().senders += 1;
        Sender(self.clone())
    }
}

/// What can still deliver to a mailbox.
pub struct Sender(Arc<Mailbox>);

impl Sender {
    /// Whether somebody may receive what is sent.
    pub fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// Posts a message; false when the mailbox is closed.
    pub fn send(&self, message: Message) -> bool {
        let waiting = {
            let mut inner = self.0.lock();
            if !inner.open {
                drop(inner);
                return false;
            }
            inner.queue.push_back(message);
            inner.waiting.take()
        };
        self.0.wake(waiting);
        true
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        self.0.sender()
    }
}

impl PartialEq for Sender {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let waiting = {
            let mut inner = self.0.lock();
            inner.senders -= 1;
            if inner.senders == 0 {
                inner.waiting.take()
            } else {
                None
            }
        };
        self.0.wake(waiting);
    }
}
