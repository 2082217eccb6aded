//! Readiness on epoll and kqueue, through tokio's `AsyncFd`.

use super::Event;
use crate::io::Direction;
use socket2::SockRef;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::unix::AsyncFd;

/// An owned descriptor.
pub type Descriptor = OwnedFd;

/// A descriptor of somebody else.
pub type Borrowed<'a> = BorrowedFd<'a>;

/// Borrows from the owner.
pub fn borrow(descriptor: &OwnedFd) -> BorrowedFd<'_> {
    descriptor.as_fd()
}

/// The descriptor as a socket, which it need not be.
pub fn socket(descriptor: &OwnedFd) -> io::Result<SockRef<'_>> {
    Ok(SockRef::from(descriptor))
}

/// What connect(2) fails with while it goes on, when asked again, and when it is through.
pub use libc::{EALREADY as ALREADY, EINPROGRESS as IN_PROGRESS, EISCONN as IS_CONNECTED};

/// Flag of send(2): a closed peer is EPIPE, not SIGPIPE.
pub const NO_SIGNAL: i32 = libc::MSG_NOSIGNAL;

/// Whether `event`, an error or a hang-up has come: poll(2) without waiting.
pub fn has_come(socket: &SockRef<'_>, event: Event) -> io::Result<bool> {
    let mut poll = libc::pollfd {
        fd: socket.as_raw_fd(),
        events: match event {
            Event::Read => libc::POLLIN,
            Event::Write => libc::POLLOUT,
            Event::Exception => libc::POLLPRI,
        },
        revents: 0,
    };
    // SAFETY: one structure.
    match unsafe { libc::poll(&raw mut poll, 1, 0) } {
        -1 => Err(io::Error::last_os_error()),
        n => Ok(n > 0),
    }
}

/// A descriptor that the reactor watches, edge-triggered, in both directions.
pub struct Registration(AsyncFd<OwnedFd>);

impl Registration {
    /// Registers with the reactor of the current runtime; on failure the descriptor comes back.
    pub fn new(descriptor: OwnedFd) -> Result<Self, (OwnedFd, io::Error)> {
        // SAFETY: an `OwnedFd` gives the same open descriptor as long as it lives.
        unsafe { AsyncFd::register(descriptor) }
            .map(Self)
            .map_err(|error| error.into_parts())
    }

    /// Takes the descriptor away from the reactor.
    pub fn into_descriptor(self) -> io::Result<OwnedFd> {
        Ok(self.0.into_inner())
    }

    /// The descriptor.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.get_ref().as_fd()
    }

    /// The descriptor as a socket.
    pub fn socket(&self) -> SockRef<'_> {
        SockRef::from(self.0.get_ref())
    }

    /// Tries `call` while the reactor holds the descriptor for ready; else registers `waker`.
    /// `drained` tells from the result that a further try would block, which saves that try.
    pub fn attempt<T>(
        &self,
        direction: Direction,
        waker: &Waker,
        mut call: impl FnMut(SockRef<'_>) -> io::Result<T>,
        drained: impl Fn(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        let mut cx = Context::from_waker(waker);
        loop {
            let mut guard = ready!(match direction {
                Direction::Read => self.0.poll_read_ready(&mut cx),
                Direction::Write => self.0.poll_write_ready(&mut cx),
            })?;
            match call(self.socket()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => guard.clear_ready(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(value) => {
                    if drained(&value) {
                        guard.clear_ready();
                    }
                    return Poll::Ready(Ok(value));
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}
