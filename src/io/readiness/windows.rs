//! Readiness on Windows: tokio has no `AsyncFd` there, but its `TcpStream` polls any socket
//! through AFD. Other files are never registered: they have [`Overlapped`] transfers.

use super::Event;
use crate::io::Direction;
use crate::io::overlapped::Overlapped;
use socket2::{SockRef, Socket};
use std::io;
use std::os::windows::io::{
    AsRawSocket, AsSocket, BorrowedSocket, FromRawHandle, OwnedHandle, OwnedSocket,
};
use std::task::{Context, Poll, Waker, ready};
use tokio::io::Interest;
use tokio::net::TcpStream;
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::Networking::WinSock::{
    POLLRDBAND, POLLRDNORM, POLLWRNORM, WSAENOTSOCK, WSAPOLLFD, WSAPoll,
};

/// An owned socket, pipe or serial line.
pub enum Descriptor {
    Socket(OwnedSocket),
    File(Box<Overlapped>),
}

impl From<Socket> for Descriptor {
    fn from(socket: Socket) -> Self {
        Self::Socket(socket.into())
    }
}

impl From<OwnedHandle> for Descriptor {
    fn from(file: OwnedHandle) -> Self {
        Self::File(Box::new(Overlapped::new(file)))
    }
}

impl Descriptor {
    /// What a function that opens a file has returned.
    pub fn opened(handle: HANDLE) -> io::Result<Self> {
        if handle == INVALID_HANDLE_VALUE {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it was just opened, for us.
        Ok(unsafe { OwnedHandle::from_raw_handle(handle) }.into())
    }
}

/// A descriptor of somebody else.
#[derive(Clone, Copy)]
pub enum Borrowed<'a> {
    Socket(BorrowedSocket<'a>),
    File(&'a Overlapped),
}

/// Borrows from the owner.
pub fn borrow(descriptor: &Descriptor) -> Borrowed<'_> {
    match descriptor {
        Descriptor::Socket(socket) => Borrowed::Socket(socket.as_socket()),
        Descriptor::File(file) => Borrowed::File(file),
    }
}

/// The descriptor as a socket.
pub fn socket(descriptor: &Descriptor) -> io::Result<SockRef<'_>> {
    match descriptor {
        Descriptor::Socket(socket) => Ok(SockRef::from(socket)),
        Descriptor::File(_) => Err(io::Error::from_raw_os_error(WSAENOTSOCK)),
    }
}

/// What connect fails with while it goes on, when asked again, and when it is through.
pub use windows_sys::Win32::Networking::WinSock::{
    WSAEALREADY as ALREADY, WSAEISCONN as IS_CONNECTED, WSAEWOULDBLOCK as IN_PROGRESS,
};

/// Windows has no SIGPIPE.
pub const NO_SIGNAL: i32 = 0;

/// Whether `event`, an error or a hang-up has come: WSAPoll without waiting.
pub fn has_come(socket: &SockRef<'_>, event: Event) -> io::Result<bool> {
    let mut poll = WSAPOLLFD {
        fd: socket.as_raw_socket() as usize,
        events: match event {
            Event::Read => POLLRDNORM,
            Event::Write => POLLWRNORM,
            Event::Exception => POLLRDBAND,
        },
        revents: 0,
    };
    // SAFETY: one structure.
    match unsafe { WSAPoll(&raw mut poll, 1, 0) } {
        -1 => Err(io::Error::last_os_error()),
        n => Ok(n > 0),
    }
}

/// A socket that the reactor watches.
pub struct Registration(TcpStream);

impl Registration {
    /// Registers with the reactor of the current runtime; on failure the socket comes back.
    pub fn new(descriptor: Descriptor) -> Result<Self, (Descriptor, io::Error)> {
        let (socket, keep) = match descriptor {
            Descriptor::Socket(socket) => match socket.try_clone() {
                Ok(keep) => (socket, keep),
                Err(error) => return Err((Descriptor::Socket(socket), error)),
            },
            file => return Err((file, io::Error::from_raw_os_error(WSAENOTSOCK))),
        };
        TcpStream::from_std(socket.into())
            .map(Self)
            .map_err(|error| (Descriptor::Socket(keep), error))
    }

    /// Takes the socket away from the reactor.
    pub fn into_descriptor(self) -> io::Result<Descriptor> {
        Ok(Descriptor::Socket(self.0.into_std()?.into()))
    }

    /// The socket.
    pub fn descriptor(&self) -> Borrowed<'_> {
        Borrowed::Socket(self.0.as_socket())
    }

    /// The descriptor as a socket.
    pub fn socket(&self) -> SockRef<'_> {
        SockRef::from(&self.0)
    }

    /// Tries `call` while the reactor holds the socket for ready; else registers `waker`.
    /// AFD reports levels, so a short transfer tells nothing.
    pub fn attempt<T>(
        &self,
        direction: Direction,
        waker: &Waker,
        mut call: impl FnMut(SockRef<'_>) -> io::Result<T>,
        _drained: impl Fn(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        let mut cx = Context::from_waker(waker);
        loop {
            let interest = match direction {
                Direction::Read => {
                    ready!(self.0.poll_read_ready(&mut cx))?;
                    Interest::READABLE
                }
                Direction::Write => {
                    ready!(self.0.poll_write_ready(&mut cx))?;
                    Interest::WRITABLE
                }
            };
            match self.0.try_io(interest, || call(self.socket())) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return Poll::Ready(result),
            }
        }
    }
}
