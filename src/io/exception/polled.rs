//! kqueue of FreeBSD and AFD tell nothing of urgent data: it is looked for now and then.

use socket2::SockRef;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// How often.
const INTERVAL: Duration = Duration::from_millis(10);

/// The time until the next look; none where there is nothing to look for.
pub struct Watch(Option<Pin<Box<Sleep>>>);

impl Watch {
    /// Watches a socket for urgent data, errors and hang-ups.
    pub fn urgent(_socket: &SockRef<'_>) -> io::Result<Self> {
        Ok(Self(Some(Box::pin(sleep(INTERVAL)))))
    }

    /// Errors wake a reader here.
    pub fn errors(_socket: &SockRef<'_>) -> io::Result<Self> {
        Ok(Self(None))
    }

    /// Ready when it is time to look.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(timer) = &mut self.0 else {
            return Poll::Pending;
        };
        let look = timer.as_mut().poll(cx).map(Ok);
        if look.is_ready() {
            *timer = Box::pin(sleep(INTERVAL));
        }
        look
    }
}
