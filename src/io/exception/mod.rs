//! The exceptional condition of a socket, urgent data or a broken connection: a third queue beside
//! reading and writing. tokio polls two; few sockets ever need this one.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "polled.rs")]
mod platform;

pub use platform::Watch;

use super::Io;
use super::readiness::{Event, has_come};
use crate::vm::Token;
use socket2::SockRef;
use std::io;
use std::task::{Context, Poll, Waker, ready};

impl Io {
    /// Ready when the condition holds; else `token` is woken when it may.
    pub(super) fn attempt_exception(&mut self, token: u32) -> Poll<io::Result<()>> {
        let waker = Token::waker(&self.shared, token);
        loop {
            match self
                .socket()
                .and_then(|socket| has_come(&socket, Event::Exception))
            {
                Ok(true) => return Poll::Ready(Ok(())),
                Ok(false) => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            ready!(self.poll_watch(Watch::urgent, &waker))?;
        }
    }

    /// Ready when there may be an error of a datagram that was sent; else the reader is woken by one.
    pub(super) fn attempt_error(&mut self) -> Poll<io::Result<()>> {
        let waker = Token::waker(&self.shared, self.tokens.read);
        self.poll_watch(Watch::errors, &waker)
    }

    fn poll_watch(
        &mut self,
        make: fn(&SockRef<'_>) -> io::Result<Watch>,
        waker: &Waker,
    ) -> Poll<io::Result<()>> {
        let watch = match &mut self.watch {
            Some(watch) => watch,
            None => {
                let watch = make(&self.socket()?)?;
                self.watch.insert(watch)
            }
        };
        watch.poll(&mut Context::from_waker(waker))
    }
}
