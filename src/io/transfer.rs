//! Moving bytes: the try that every operation starts with, and read and write on streams.

use super::readiness::NO_SIGNAL;
use super::{Direction, Io, Source, object};
use crate::bridge::{EOF, PENDING, count, failure, guard};
use crate::span::Span;
use socket2::SockRef;
use std::io::{self, IoSlice, Read};
use std::mem::MaybeUninit;
use std::task::Poll;

impl Io {
    /// Makes `call`, and when it would block, registers for `direction` and makes it again.
    ///
    /// The first call of an object is made before it is registered: what is there already, and
    /// what never has to wait, costs no reactor.
    pub(super) fn attempt<T>(
        &mut self,
        direction: Direction,
        call: impl FnMut(SockRef<'_>) -> io::Result<T>,
        drained: impl Fn(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        self.attempt_for(direction, direction, call, drained)
    }

    /// The same, but it is the fiber of direction `waiter` that is woken.
    fn attempt_for<T>(
        &mut self,
        waiter: Direction,
        direction: Direction,
        mut call: impl FnMut(SockRef<'_>) -> io::Result<T>,
        drained: impl Fn(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        if let Source::Idle(descriptor) = &self.source {
            loop {
                match call(SockRef::from(descriptor)) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    result => return Poll::Ready(result),
                }
            }
            if let Err(error) = self.register() {
                return Poll::Ready(Err(error));
            }
        }
        match (&self.source, &self.wakers) {
            (Source::Polled(registration), Some(wakers)) => {
                let waker = &wakers[usize::from(waiter == Direction::Write)];
                registration.attempt(direction, waker, call, drained)
            }
            _ => Poll::Ready(Err(io::Error::from_raw_os_error(libc::EBADF))),
        }
    }
}

/// The code of a polled operation.
pub(super) fn code<T>(result: Poll<io::Result<T>>, value: impl FnOnce(T) -> i32) -> i32 {
    match result {
        Poll::Pending => PENDING,
        Poll::Ready(Ok(v)) => value(v),
        Poll::Ready(Err(error)) => failure(&error),
    }
}

/// Longest transfer of one call, so that counts fit an `i32`.
const LONGEST: usize = 1 << 30;

/// recv(2) into a span; [`EOF`] at the end of the stream.
pub extern "C" fn read(this: *mut Io, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let span = unsafe { &*span };
        let wanted = span.len.min(LONGEST);
        let data = span.data.cast::<MaybeUninit<u8>>();
        // SAFETY: the span's memory has `len` writable bytes, and only this thread uses it.
        let buffer = unsafe { std::slice::from_raw_parts_mut(data, wanted) };
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
        let span = unsafe { &*span };
        let wanted = span.len.min(LONGEST);
        // SAFETY: the span's memory has `len` readable bytes.
        let bytes = unsafe { std::slice::from_raw_parts(span.data, wanted) };
        let result = object(this).attempt(
            Direction::Write,
            |socket| socket.send_with_flags(bytes, NO_SIGNAL),
            |&n| n < wanted,
        );
        code(result, count)
    })
}

/// recv(2) for TLS; 0 at the end of the stream.
pub fn receive(this: *mut Io, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    let wanted = buffer.len();
    object(this).attempt(
        Direction::Read,
        |socket| (&*socket).read(buffer),
        |&n| n > 0 && n < wanted,
    )
}

/// sendmsg(2) for TLS; the fiber of direction `waiter` is woken when the socket takes more.
pub fn send_vectored(
    this: *mut Io,
    parts: &[IoSlice<'_>],
    waiter: Direction,
) -> Poll<io::Result<usize>> {
    let wanted: usize = parts.iter().map(|part| part.len()).sum();
    object(this).attempt_for(
        waiter,
        Direction::Write,
        |socket| socket.send_vectored_with_flags(parts, NO_SIGNAL),
        |&n| n < wanted,
    )
}
