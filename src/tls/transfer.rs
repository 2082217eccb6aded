//! Moving bytes through a session. Each function goes on until it has a result or would block.

use super::failure::TRUNCATED;
use super::session::{Incoming, Session, object};
use crate::bridge::{EOF, PENDING, count, failure, guard};
use crate::io::{Direction, Io, wire};
use crate::span::Span;
use rustls::Connection;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::task::Poll;

/// [`handshake`] waits until the socket takes what is to be sent.
const BLOCKED: i32 = 1;
/// Added to the result of [`write`] when what it took has not been sent yet.
const UNSENT: i32 = 1 << 30;

/// What is below a session, as rustls sees it.
struct Wire<'a> {
    socket: *mut Io,
    incoming: &'a mut Incoming,
    /// Whose turn it is when the socket takes bytes again.
    waiter: Direction,
}

fn would_block<T>(result: Poll<io::Result<T>>) -> io::Result<T> {
    match result {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.incoming.is_empty() {
            return Ok(self.incoming.take(buffer));
        }
        if self.incoming.ended {
            return Ok(0);
        }
        if self.socket.is_null() {
            return Err(ErrorKind::WouldBlock.into());
        }
        would_block(wire::receive(self.socket, buffer))
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        would_block(wire::send(self.socket, parts, self.waiter))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Why a step went no further.
enum Stop {
    /// The socket, or the Lua half, has to go on.
    Blocked,
    /// The connection has failed; see [`Session::failed`].
    Failed,
    Truncated,
    Io(io::Error),
}

impl Session {
    fn parts(&mut self, waiter: Direction) -> Option<(&mut Connection, Wire<'_>)> {
        let wire = Wire {
            socket: self.socket,
            incoming: &mut self.incoming,
            waiter,
        };
        Some((self.connection.as_mut()?, wire))
    }

    /// Gives the socket everything that rustls wants to send. Without a socket the Lua half takes it.
    fn send(&mut self, waiter: Direction) -> Result<(), Stop> {
        if self.socket.is_null() {
            return Ok(());
        }
        let (connection, mut wire) = self.parts(waiter).ok_or(Stop::Failed)?;
        while connection.wants_write() {
            match connection.write_tls(&mut wire) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.writer_waits |= waiter == Direction::Write;
                    return Err(Stop::Blocked);
                }
                Err(error) => return Err(self.explain(error)),
            }
        }
        self.writer_waits = false;
        Ok(())
    }

    /// An alert of the peer says more than that the socket does not take bytes any more.
    fn explain(&mut self, error: io::Error) -> Stop {
        while self.failure.is_none() && self.receive().is_ok() {}
        if self.failure.is_some() {
            return Stop::Failed;
        }
        Stop::Io(error)
    }

    /// Takes in what the peer has sent; some at least.
    fn receive(&mut self) -> Result<(), Stop> {
        let (connection, mut wire) = self.parts(Direction::Read).ok_or(Stop::Failed)?;
        let n = match connection.read_tls(&mut wire) {
            Ok(n) => n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(Stop::Blocked),
            Err(error) => return Err(Stop::Io(error)),
        };
        match connection.process_new_packets() {
            Ok(_) if n == 0 => Err(Stop::Truncated),
            Ok(_) => Ok(()),
            Err(error) => {
                self.fail(error);
                // The alert that tells the peer; it does no harm if it does not arrive.
                let _ = self.send(Direction::Read);
                Err(Stop::Failed)
            }
        }
    }

    fn handshake(&mut self) -> Result<i32, Stop> {
        loop {
            if self.failure.is_some() {
                return Err(Stop::Failed);
            }
            match self.send(Direction::Write) {
                Err(Stop::Blocked) => return Ok(BLOCKED),
                result => result?,
            }
            match &self.connection {
                Some(connection) if connection.is_handshaking() => self.receive()?,
                Some(_) => return Ok(0),
                None => return Err(Stop::Failed),
            }
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<i32, Stop> {
        loop {
            let connection = self.connection.as_mut().ok_or(Stop::Failed)?;
            match connection.reader().read(buffer) {
                Ok(0) => return Ok(EOF),
                Ok(n) => return Ok(count(n)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return Err(Stop::Truncated),
            }
            if self.failure.is_some() {
                return Err(Stop::Failed);
            }
            // What an interrupted write has left, or an answer to the peer. A write tells of errors.
            if connection.wants_write() && !self.writer_waits {
                let _ = self.send(Direction::Read);
            }
            match self.receive() {
                // What came before is delivered first.
                Ok(()) | Err(Stop::Failed | Stop::Truncated) => {}
                stopped => stopped?,
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<i32, Stop> {
        if self.failure.is_some() {
            return Err(Stop::Failed);
        }
        self.send(Direction::Write)?;
        let connection = self.connection.as_mut().ok_or(Stop::Failed)?;
        let n = connection.writer().write(bytes).map_err(Stop::Io)?;
        match self.send(Direction::Write) {
            Ok(()) => Ok(count(n)),
            Err(Stop::Blocked) => Ok(count(n) | UNSENT),
            Err(stop) => Err(stop),
        }
    }

    /// Reads until the peer has closed the connection; what it still sends is dropped.
    fn drain(&mut self) -> Result<i32, Stop> {
        let mut buffer = [0; 4096];
        while self.read(&mut buffer)? != EOF {}
        Ok(0)
    }
}

/// Runs a step of the session behind a pointer of the Lua half and gives its code.
fn step(this: *mut Session, step: impl FnOnce(&mut Session) -> Result<i32, Stop>) -> i32 {
    guard(|| {
        let this = object(this);
        match step(this) {
            Ok(code) => code,
            Err(Stop::Blocked) => PENDING,
            Err(Stop::Failed) => this.failed(),
            Err(Stop::Truncated) => TRUNCATED,
            Err(Stop::Io(error)) => failure(&error),
        }
    })
}

/// The bytes of a span.
fn span<'a>(span: *const Span) -> &'a mut [u8] {
    // SAFETY: the Lua half passes a byte_span and keeps it alive during the call; only this thread uses its memory.
    unsafe {
        let span = &*span;
        std::slice::from_raw_parts_mut(span.data, span.len)
    }
}

/// Goes on with the handshake: 0 when it is done, [`PENDING`] when the peer has to say something, or [`BLOCKED`].
pub extern "C" fn handshake(this: *mut Session) -> i32 {
    step(this, Session::handshake)
}

/// Decrypts into a span that is not empty.
pub extern "C" fn read(this: *mut Session, buffer: *const Span) -> i32 {
    step(this, |session| session.read(span(buffer)))
}

/// Encrypts and sends from a span. [`PENDING`]: nothing was taken, because earlier bytes have not been sent yet.
pub extern "C" fn write(this: *mut Session, bytes: *const Span) -> i32 {
    step(this, |session| session.write(span(bytes)))
}

/// Sends what was taken.
pub extern "C" fn flush(this: *mut Session) -> i32 {
    step(this, |session| session.send(Direction::Write).map(|()| 0))
}

/// The fiber that wrote does not wait any longer.
pub extern "C" fn leave_unsent(this: *mut Session) -> i32 {
    step(this, |session| {
        session.writer_waits = false;
        Ok(0)
    })
}

/// Has the connection say that this side has finished.
pub extern "C" fn send_close(this: *mut Session) -> i32 {
    step(this, |session| {
        let connection = session.connection.as_mut().ok_or(Stop::Failed)?;
        connection.send_close_notify();
        Ok(0)
    })
}

/// Waits until the peer has said that it has finished.
pub extern "C" fn drain(this: *mut Session) -> i32 {
    step(this, Session::drain)
}

/// Gives the session the first `n` bytes of a span, which its peer has sent; 0 for the end of the stream.
pub extern "C" fn feed(this: *mut Session, bytes: *const Span, n: i32) -> i32 {
    step(this, |session| {
        let n = usize::try_from(n).unwrap_or(0);
        match span(bytes).get(..n) {
            None | Some([]) => session.incoming.ended = true,
            Some(bytes) => session.incoming.push(bytes),
        }
        Ok(0)
    })
}

/// Moves what goes to the peer to a span; how many bytes, 0 for none.
pub extern "C" fn take(this: *mut Session, buffer: *const Span) -> i32 {
    step(this, |session| {
        let Some(connection) = session.connection.as_mut() else {
            return Ok(0);
        };
        let mut rest = span(buffer);
        let size = rest.len();
        while connection.wants_write() && !rest.is_empty() {
            connection.write_tls(&mut rest).map_err(Stop::Io)?;
        }
        Ok(count(size - rest.len()))
    })
}
