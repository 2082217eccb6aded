//! The exceptional condition of a socket, urgent data or a broken connection: a third queue beside
//! reading and writing. tokio polls two; few sockets ever need this one.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "polled.rs")]
mod platform;

pub use platform::Watch;

use super::Io;
use super::readiness::{Event, has_come};
use crate::vm::Token;
use std::io;
use std::task::{Context, Poll};

impl Io {
    /// Ready when the condition holds; else `token` is woken when it may.
    pub(super) fn attempt_exception(&mut self, token: u32) -> Poll<io::Result<()>> {
        match self.socket().and_then(|socket| has_come(&socket, Event::Exception)) {
            Ok(true) => return Poll::Ready(Ok(())),
            Ok(false) => {}
            Err(error) => return Poll::Ready(Err(error)),
        }
        if self.watch.is_none() {
            match self.socket().and_then(|socket| Watch::new(&socket)) {
                Ok(watch) => self.watch = Some(watch),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let waker = Token::waker(&self.shared, token);
        let mut cx = Context::from_waker(&waker);
        loop {
            match self.watch.as_mut().map(|watch| watch.poll(&mut cx)) {
                Some(Poll::Ready(Ok(()))) => {}
                Some(Poll::Ready(Err(error))) => return Poll::Ready(Err(error)),
                Some(Poll::Pending) | None => return Poll::Pending,
            }
            match self.socket().and_then(|socket| has_come(&socket, Event::Exception)) {
                Ok(true) => return Poll::Ready(Ok(())),
                Ok(false) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
