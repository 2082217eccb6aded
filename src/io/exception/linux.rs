//! An epoll instance of its own, which is readable when the condition holds, inside tokio's.

use socket2::SockRef;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::task::{Context, Poll, ready};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The inner epoll instance, registered with the reactor.
pub struct Watch(AsyncFd<OwnedFd>);

impl Watch {
    /// Watches a socket for urgent data, errors and hang-ups, from now on and for what is there already.
    pub fn urgent(socket: &SockRef<'_>) -> io::Result<Self> {
        Self::new(socket, libc::EPOLLPRI as u32)
    }

    /// Watches for errors and hang-ups only. tokio does not tell a reader of an error that comes
    /// alone, as that of a datagram does.
    pub fn errors(socket: &SockRef<'_>) -> io::Result<Self> {
        Self::new(socket, 0)
    }

    fn new(socket: &SockRef<'_>, events: u32) -> io::Result<Self> {
        // SAFETY: no pointers.
        let epoll = match unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) } {
            -1 => return Err(io::Error::last_os_error()),
            // SAFETY: the call has just made it.
            epoll => unsafe { OwnedFd::from_raw_fd(epoll) },
        };
        let mut event = libc::epoll_event { events, u64: 0 };
        let (outer, inner) = (epoll.as_raw_fd(), socket.as_raw_fd());
        // SAFETY: the event is read during the call.
        if unsafe { libc::epoll_ctl(outer, libc::EPOLL_CTL_ADD, inner, &raw mut event) } != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: an `OwnedFd` gives the same open descriptor as long as it lives.
        unsafe { AsyncFd::register_with_interest(epoll, Interest::READABLE) }
            .map(Self)
            .map_err(|error| error.into_parts().1)
    }

    /// Ready when the condition has come since the last time; the caller looks whether it holds.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.0.poll_read_ready(cx))?.clear_ready();
        Poll::Ready(Ok(()))
    }
}
