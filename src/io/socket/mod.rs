//! Sockets: making, naming, listening, accepting, connecting, shutting down.

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

pub use platform::message_flags;

use super::readiness::{ALREADY, IN_PROGRESS, IS_CONNECTED};
use super::transfer::code;
use super::{Direction, Endpoint, Io, object};
use crate::bridge::{failure, guard, status};
use socket2::{Domain, SockAddr, SockRef, Type};
use std::io;
use std::net::Shutdown;

/// socket(2), non-blocking and close-on-exec. `family` is 4 or 6, `kind` 1 for a stream.
pub extern "C" fn open(this: *mut Io, family: i32, kind: i32) -> i32 {
    guard(|| {
        let domain = if family == 4 {
            Domain::IPV4
        } else {
            Domain::IPV6
        };
        let kind = if kind == 1 { Type::STREAM } else { Type::DGRAM };
        status(platform::open(domain, kind).map(|socket| object(this).set(socket)))
    })
}

/// bind(2).
pub extern "C" fn bind(this: *mut Io, endpoint: *const Endpoint) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes an endpoint.
        let address = unsafe { &*endpoint }.socket_address().into();
        status(
            object(this)
                .socket()
                .and_then(|socket| socket.bind(&address)),
        )
    })
}

/// listen(2); the kernel cuts a large backlog to its maximum.
pub extern "C" fn listen(this: *mut Io, backlog: i32) -> i32 {
    guard(|| {
        status(
            object(this)
                .socket()
                .and_then(|socket| socket.listen(backlog)),
        )
    })
}

/// accept(2) into `new`, which is closed: the connection has an owner before Lua sees it.
pub extern "C" fn accept(this: *mut Io, new: *mut Io) -> i32 {
    guard(|| {
        let result = object(this).attempt(Direction::Read, platform::accept, |_| false);
        code(result, |socket| {
            object(new).set(socket);
            0
        })
    })
}

/// Makes a failed connect(2) that goes on a would-block, and one that is through a success.
fn progress(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) => match error.raw_os_error() {
            Some(IN_PROGRESS | ALREADY) => Err(io::ErrorKind::WouldBlock.into()),
            Some(IS_CONNECTED) => Ok(()),
            _ => Err(error),
        },
        ok => ok,
    }
}

/// connect(2). When it goes on, the same call tells the outcome: after an interruption the kernel
/// still connects, and the caller closes the socket before it is used again. `waited`: fibers wait
/// on the socket.
pub extern "C" fn connect(this: *mut Io, endpoint: *const Endpoint, waited: i32) -> i32 {
    guard(|| {
        let this = object(this);
        // SAFETY: the Lua half passes an endpoint.
        let address = unsafe { &*endpoint }.socket_address().into();
        // Registered before, so that no edge is missed, and anew, because the reactor's knowledge
        // of an unconnected socket ("hung up") would never be taken back. Not while somebody waits:
        // that would be forgotten, and such a socket is connected or connecting.
        let registered = if waited == 0 {
            this.register_anew()
        } else {
            this.register()
        };
        if let Err(error) = registered {
            return failure(&error);
        }
        match this.socket().and_then(|socket| socket.connect(&address)) {
            Ok(()) => 0,
            Err(error) if error.raw_os_error() == Some(IN_PROGRESS) => outcome(this, &address),
            Err(error) => failure(&error),
        }
    })
}

/// What connect(2) says the next time, when it is through.
fn outcome(this: &mut Io, address: &SockAddr) -> i32 {
    let result = this.attempt(
        Direction::Write,
        |socket| progress(socket.connect(address)),
        |()| false,
    );
    code(result, |()| 0)
}

/// The outcome of a connect that goes on: the same call again. Linux gives it once; the error of
/// the socket, which is asked for instead elsewhere, would leave the success unclaimed.
pub extern "C" fn connected(this: *mut Io, endpoint: *const Endpoint) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes an endpoint.
        let address = unsafe { &*endpoint }.socket_address().into();
        outcome(object(this), &address)
    })
}

/// Lets receives of datagrams end with the errors of what was sent, if there is a peer.
pub extern "C" fn expect_errors(this: *mut Io) -> i32 {
    guard(|| {
        let this = object(this);
        this.has_peer = this.socket().is_ok_and(|socket| socket.peer_addr().is_ok());
        0
    })
}

/// Dissolves the association with a peer; a TCP connection is reset.
pub extern "C" fn disconnect(this: *mut Io) -> i32 {
    guard(|| {
        status(
            object(this)
                .socket()
                .and_then(|socket| platform::disconnect(&socket)),
        )
    })
}

/// shutdown(2): 0 receive, 1 send, 2 both.
pub extern "C" fn shutdown(this: *mut Io, what: i32) -> i32 {
    guard(|| {
        let how = match what {
            0 => Shutdown::Read,
            1 => Shutdown::Write,
            _ => Shutdown::Both,
        };
        status(
            object(this)
                .socket()
                .and_then(|socket| socket.shutdown(how)),
        )
    })
}

/// getsockname(2).
pub extern "C" fn local(this: *const Io, endpoint: *mut Endpoint) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes an endpoint to fill.
        let endpoint = unsafe { &mut *endpoint };
        let this = object(this.cast_mut());
        status(
            this.socket()
                .and_then(|socket| endpoint.set(&socket.local_addr()?)),
        )
    })
}

/// getpeername(2).
pub extern "C" fn remote(this: *const Io, endpoint: *mut Endpoint) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes an endpoint to fill.
        let endpoint = unsafe { &mut *endpoint };
        let this = object(this.cast_mut());
        status(
            this.socket()
                .and_then(|socket| endpoint.set(&socket.peer_addr()?)),
        )
    })
}

/// What `ask` says of the socket.
fn query(this: *mut Io, ask: impl FnOnce(&SockRef<'_>) -> io::Result<i32>) -> i32 {
    guard(
        || match object(this).socket().and_then(|socket| ask(&socket)) {
            Ok(value) => value,
            Err(error) => failure(&error),
        },
    )
}

/// How many bytes can be read, or how many the next datagram has.
pub extern "C" fn bytes_readable(this: *mut Io) -> i32 {
    query(this, platform::bytes_readable)
}

/// Whether a read would begin with urgent data.
pub extern "C" fn at_mark(this: *mut Io) -> i32 {
    query(this, |socket| platform::at_mark(socket).map(i32::from))
}
