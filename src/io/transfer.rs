//! Moving bytes: the try that every operation starts with, and read and write on streams.

use super::readiness::{self, Event, NO_SIGNAL, has_come};
use super::socket::message_flags;
use super::{Direction, Endpoint, Io, Source, object};
use crate::bridge::{EOF, PENDING, count, failure, guard};
use crate::span::Span;
use socket2::{SockAddr, SockRef};
use std::io;
use std::mem::MaybeUninit;
use std::task::Poll;

impl Io {
    /// Makes `call`, and when it would block, registers for `direction` and makes it again.
    ///
    /// The first call of an object is made before it is registered: what is there already, and
    /// what never has to wait, costs no reactor.
    pub fn attempt<T>(
        &mut self,
        direction: Direction,
        call: impl FnMut(SockRef<'_>) -> io::Result<T>,
        drained: impl Fn(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        self.attempt_for(direction, direction, call, drained)
    }

    /// The same, but it is the fiber of direction `waiter` that is woken.
    pub(super) fn attempt_for<T>(
        &mut self,
        waiter: Direction,
        direction: Direction,
        mut call: impl FnMut(SockRef<'_>) -> io::Result<T>,
        drained: impl Fn(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        if let Source::Idle(descriptor) = &self.source {
            loop {
                match readiness::socket(descriptor).and_then(&mut call) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    result => return Poll::Ready(result),
                }
            }
            if let Err(error) = self.register() {
                return Poll::Ready(Err(error));
            }
        }
        let result = match (&self.source, &self.wakers) {
            (Source::Polled(registration), Some(wakers)) => {
                let waker = &wakers[usize::from(waiter == Direction::Write)];
                registration.attempt(direction, waker, &mut call, drained)
            }
            _ => Poll::Ready(Err(io::Error::from_raw_os_error(libc::EBADF))),
        };
        let unsure = result.is_pending() && direction == Direction::Read && self.look.short;
        if !unsure || !self.is_look_due() {
            return result;
        }
        match call(self.socket()?) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            result => Poll::Ready(result),
        }
    }
}

/// The code of a polled operation.
pub fn code<T>(result: Poll<io::Result<T>>, value: impl FnOnce(T) -> i32) -> i32 {
    match result {
        Poll::Pending => PENDING,
        Poll::Ready(Ok(v)) => value(v),
        Poll::Ready(Err(error)) => failure(&error),
    }
}

/// Longest transfer of one call, so that counts fit an `i32`.
pub(super) const LONGEST: usize = 1 << 30;

/// The bytes of a span that one call fills.
///
/// # Safety
/// `span` is a byte_span that lives while the slice is used, and its block is used by this thread only.
pub(super) unsafe fn writable<'a>(span: *const Span) -> &'a mut [MaybeUninit<u8>] {
    // SAFETY: as the caller promises, the span's memory has `len` writable bytes.
    unsafe {
        let span = &*span;
        std::slice::from_raw_parts_mut(span.data.cast(), span.len.min(LONGEST))
    }
}

/// The bytes of a span that one call takes.
///
/// # Safety
/// As for [`writable`].
pub(super) unsafe fn readable<'a>(span: *const Span) -> &'a [u8] {
    // SAFETY: as the caller promises, the span's memory has `len` readable bytes.
    unsafe {
        let span = &*span;
        std::slice::from_raw_parts(span.data, span.len.min(LONGEST))
    }
}

/// recv(2) into a span; [`EOF`] at the end of the stream.
pub extern "C" fn read(this: *mut Io, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let buffer = unsafe { writable(span) };
        let wanted = buffer.len();
        let result = object(this).attempt(
            Direction::Read,
            |socket| socket.recv(buffer),
            |&n| n > 0 && n < wanted,
        );
        code(result, |n| if n == 0 { EOF } else { count(n) })
    })
}

/// send(2) from a span.
pub extern "C" fn write(this: *mut Io, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let bytes = unsafe { readable(span) };
        let result = object(this).attempt(
            Direction::Write,
            |socket| socket.send_with_flags(bytes, NO_SIGNAL),
            |&n| n < bytes.len(),
        );
        code(result, count)
    })
}

/// recv(2) into a span, with message flags. The last argument gives it the form of the others.
pub extern "C" fn receive(
    this: *mut Io,
    span: *const Span,
    flags: i32,
    _from: *mut Endpoint,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let buffer = unsafe { writable(span) };
        let flags = message_flags(flags);
        let result = object(this).attempt(
            Direction::Read,
            |socket| socket.recv_with_flags(buffer, flags),
            |_| false,
        );
        code(result, count)
    })
}

/// One try of recvfrom(2), whose sender goes to `from` unless that is null.
fn receive_once(
    socket: &SockRef<'_>,
    buffer: &mut [MaybeUninit<u8>],
    flags: i32,
    from: *mut Endpoint,
) -> io::Result<usize> {
    // SAFETY: null, or an endpoint to fill.
    match unsafe { from.as_mut() } {
        None => socket.recv_with_flags(buffer, flags),
        Some(from) => {
            let (n, sender) = socket.recv_from_with_flags(buffer, flags)?;
            from.set(&sender)?;
            Ok(n)
        }
    }
}

/// recvfrom(2) of a datagram into a span, with message flags; the sender goes to `from` unless that is null.
pub extern "C" fn receive_from(
    this: *mut Io,
    span: *const Span,
    flags: i32,
    from: *mut Endpoint,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let buffer = unsafe { writable(span) };
        let flags = message_flags(flags);
        let this = object(this);
        let result = this.attempt(
            Direction::Read,
            |socket| receive_once(&socket, buffer, flags, from),
            |_| false,
        );
        if result.is_ready() || !this.has_peer {
            return code(result, count);
        }
        while let Poll::Ready(watched) = this.attempt_error() {
            let socket = watched.and_then(|()| this.socket());
            match socket.and_then(|socket| receive_once(&socket, buffer, flags, from)) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return code(Poll::Ready(result), count),
            }
        }
        PENDING
    })
}

/// sendto(2) from a span, with message flags; to the peer where `to` is null.
pub extern "C" fn send(this: *mut Io, span: *const Span, flags: i32, to: *const Endpoint) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let bytes = unsafe { readable(span) };
        let flags = message_flags(flags) | NO_SIGNAL;
        // SAFETY: null, or an endpoint.
        let to = unsafe { to.as_ref() }.map(|to| SockAddr::from(to.socket_address()));
        let result = object(this).attempt(
            Direction::Write,
            |socket| match &to {
                None => socket.send_with_flags(bytes, flags),
                Some(to) => socket.send_to_with_flags(bytes, to, flags),
            },
            |_| false,
        );
        code(result, count)
    })
}

/// recv(2) of urgent data, for which the exceptional condition is waited for.
pub extern "C" fn receive_urgent(this: *mut Io, span: *const Span, flags: i32, token: u32) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let buffer = unsafe { writable(span) };
        let flags = message_flags(flags);
        let this = object(this);
        // What comes inline is no urgent data: the system refuses at once.
        match this.socket().and_then(|socket| socket.out_of_band_inline()) {
            Err(error) => return failure(&error),
            Ok(true) => {}
            Ok(false) => match this.attempt_exception(token) {
                Poll::Pending => return PENDING,
                Poll::Ready(Err(error)) => return failure(&error),
                Poll::Ready(Ok(())) => {}
            },
        }
        match this
            .socket()
            .and_then(|socket| socket.recv_with_flags(buffer, flags))
        {
            Ok(n) => count(n),
            Err(error) => failure(&error),
        }
    })
}

/// Waits until a read (0) or a write (1) would not, and transfers nothing.
pub extern "C" fn wait(this: *mut Io, kind: i32) -> i32 {
    guard(|| {
        let (direction, event) = match kind {
            0 => (Direction::Read, Event::Read),
            _ => (Direction::Write, Event::Write),
        };
        let result = object(this).attempt(
            direction,
            |socket| match has_come(&socket, event)? {
                true => Ok(()),
                false => Err(io::ErrorKind::WouldBlock.into()),
            },
            |()| false,
        );
        code(result, |()| 0)
    })
}

/// Waits for urgent data or a broken connection; `token` is the one of the object's third queue.
pub extern "C" fn wait_exception(this: *mut Io, token: u32) -> i32 {
    guard(|| code(object(this).attempt_exception(token), |()| 0))
}
