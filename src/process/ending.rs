//! The end of a child, told by a descriptor that is ready then.

use super::Ended;
use std::io;
use std::mem;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The descriptor, which the reactor knows once somebody has had to wait.
pub enum Ending {
    Idle(OwnedFd),
    Polled(AsyncFd<OwnedFd>),
    Gone,
}

impl Ending {
    /// Ready when `reap`, which does not wait, has something to tell.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reap: impl Fn(BorrowedFd<'_>) -> io::Result<Option<Ended>>,
    ) -> Poll<io::Result<Ended>> {
        if let Self::Idle(descriptor) = self {
            if let Some(outcome) = reap(descriptor.as_fd()).transpose() {
                return Poll::Ready(outcome);
            }
            if let Self::Idle(descriptor) = mem::replace(self, Self::Gone) {
                // SAFETY: an `OwnedFd` gives the same open descriptor as long as it lives.
                match unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE) } {
                    Ok(polled) => *self = Self::Polled(polled),
                    Err(error) => {
                        let (descriptor, error) = error.into_parts();
                        *self = Self::Idle(descriptor);
                        return Poll::Ready(Err(error));
                    }
                }
            }
        }
        let Self::Polled(descriptor) = self else {
            return Poll::Pending;
        };
        while let Poll::Ready(Ok(mut guard)) = descriptor.poll_read_ready(cx) {
            if let Some(outcome) = reap(descriptor.as_fd()).transpose() {
                return Poll::Ready(outcome);
            }
            guard.clear_ready();
        }
        Poll::Pending
    }

    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Idle(descriptor) => Some(descriptor.as_fd()),
            Self::Polled(descriptor) => Some(descriptor.as_fd()),
            Self::Gone => None,
        }
    }
}
