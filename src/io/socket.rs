//! Sockets: making, naming, listening, accepting, connecting, shutting down.

use super::readiness::{ALREADY, Descriptor, IN_PROGRESS, IS_CONNECTED};
use super::transfer::code;
use super::{Direction, Endpoint, Io, object};
use crate::bridge::{failure, guard, status};
use socket2::{Domain, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, Shutdown};

/// socket(2), non-blocking and close-on-exec. `family` is 4 or 6, `kind` 1 for a stream.
pub extern "C" fn open(this: *mut Io, family: i32, kind: i32) -> i32 {
    guard(|| {
        let domain = if family == 4 {
            Domain::IPV4
        } else {
            Domain::IPV6
        };
        let kind = if kind == 1 { Type::STREAM } else { Type::DGRAM };
        status(Socket::new(domain, kind, None).and_then(|socket| {
            socket.set_nonblocking(true)?;
            object(this).set(Descriptor::from(socket));
            Ok(())
        }))
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
        let result = object(this).attempt(
            Direction::Read,
            |listener| {
                let (socket, _) = listener.accept()?;
                socket.set_nonblocking(true)?;
                Ok(socket)
            },
            |_| false,
        );
        code(result, |socket| {
            object(new).set(Descriptor::from(socket));
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

/// The address of an internet socket's peer.
pub fn peer_address(this: *mut Io) -> Option<IpAddr> {
    let peer = object(this).socket().ok()?.peer_addr().ok()?;
    peer.as_socket().map(|peer| peer.ip())
}
