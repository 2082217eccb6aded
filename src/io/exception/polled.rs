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

/// The time until the next look.
pub struct Watch(Pin<Box<Sleep>>);

impl Watch {
    /// Watches a socket.
    pub fn new(_socket: &SockRef<'_>) -> io::Result<Self> {
        Ok(Self(Box::pin(sleep(INTERVAL))))
    }

    /// Ready when it is time to look.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let look = self.0.as_mut().poll(cx).map(Ok);
        if look.is_ready() {
            self.0 = Box::pin(sleep(INTERVAL));
        }
        look
    }
}
