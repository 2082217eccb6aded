//! UNIX sockets (unix(7)): names, connections, and messages that carry descriptors.

mod message;
mod name;
#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "freebsd.rs")]
mod peer;

use super::{Io, object};
use crate::bridge::{PENDING, copy_text, failure, guard, operations, status};
use crate::span::Span;
pub use message::Fds;
use message::Message;
use name::Name;
use nix::sys::stat::{Mode, fchmod};
use socket2::{Domain, SockAddr, Socket, Type};
use std::ffi::{CStr, c_char};
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::runtime::Handle;

operations! {
    open: fn(*mut Io, i32) -> i32;
    pair: fn(*mut Io, *mut Io, i32) -> i32;
    bind: fn(*mut Io, *const Name) -> i32;
    set_mode: fn(*mut Io, i32) -> i32;
    change_mode: fn(*const Name, i32) -> i32;
    connect: fn(*mut Io, *const Name, i32) -> i32;
    connected: fn(*mut Io, *const Name) -> i32;
    local: fn(*mut Io, *mut Name) -> i32;
    remote: fn(*mut Io, *mut Name) -> i32;
    credentials: fn(*mut Io, *mut Credentials) -> i32;
    security_label: fn(*mut Io, *mut c_char, i32) -> i32;
    security_labels: fn(*mut Io, *const c_char, *mut c_char, i32) -> i32;
    message::read: fn(*mut Io, *const Span) -> i32;
    message::receive: fn(*mut Io, *const Message, *const Span, *mut Name) -> i32;
    message::send: fn(*mut Io, *const Message, *const Span, *const Name) -> i32;
    message::fds_new: fn() -> *mut Fds;
    message::fds_free: fn(*mut Fds);
    message::fds_take: fn(*mut Fds, *mut Io) -> i32;
}

/// 1 stream, 2 datagram, 5 seqpacket: the numbers of `SOCK_*`, which are the same everywhere.
fn kind(number: i32) -> Type {
    Type::from(number)
}

/// socket(2), non-blocking and close-on-exec.
extern "C" fn open(this: *mut Io, number: i32) -> i32 {
    guard(|| {
        let made = Socket::new_raw(Domain::UNIX, kind(number).nonblocking().cloexec(), None);
        status(made.map(|socket| object(this).set(OwnedFd::from(socket))))
    })
}

/// socketpair(2), into two closed objects.
extern "C" fn pair(a: *mut Io, b: *mut Io, number: i32) -> i32 {
    guard(|| {
        let made = Socket::pair_raw(Domain::UNIX, kind(number).nonblocking().cloexec(), None);
        status(made.map(|(first, second)| {
            object(a).set(OwnedFd::from(first));
            object(b).set(OwnedFd::from(second));
        }))
    })
}

/// The address that the Lua half passes.
fn address(name: *const Name) -> io::Result<SockAddr> {
    // SAFETY: the Lua half passes a name.
    unsafe { &*name }.address()
}

/// bind(2); an empty name makes Linux choose one.
extern "C" fn bind(this: *mut Io, name: *const Name) -> i32 {
    guard(|| {
        let address = address(name);
        status(address.and_then(|address| object(this).socket()?.bind(&address)))
    })
}

/// fchmod(2) of the socket: Linux gives the file that bind(2) makes its permissions, less the umask's.
extern "C" fn set_mode(this: *mut Io, mode: i32) -> i32 {
    guard(|| {
        let mode = Mode::from_bits_truncate(mode as libc::mode_t);
        status(
            object(this)
                .descriptor()
                .and_then(|fd| Ok(fchmod(fd, mode)?)),
        )
    })
}

/// chmod(2) of the file of a name.
extern "C" fn change_mode(name: *const Name, mode: i32) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a name.
        status(unsafe { &*name }.change_mode(mode as libc::mode_t))
    })
}

/// How long a connect(2) waits before it asks again whether the listener's queue has room: Linux
/// tells nobody.
const FULL: Duration = Duration::from_millis(2);

/// One try of connect(2).
fn try_connect(this: &mut Io, address: &SockAddr) -> i32 {
    match this.socket().and_then(|socket| socket.connect(address)) {
        Ok(()) => 0,
        Err(error) => match error.raw_os_error() {
            Some(libc::EAGAIN) => {
                let (shared, token) = (this.shared.clone(), this.tokens.write);
                Handle::current().spawn(async move {
                    tokio::time::sleep(FULL).await;
                    shared.post(token);
                });
                PENDING
            }
            _ => failure(&error),
        },
    }
}

/// connect(2). `waited`: fibers wait on the socket, so that its registration must stay; else it is made
/// anew, because the reactor's knowledge of an unconnected socket ("hung up") would never be taken back.
extern "C" fn connect(this: *mut Io, name: *const Name, waited: i32) -> i32 {
    guard(|| {
        let address = match address(name) {
            Ok(address) => address,
            Err(error) => return failure(&error),
        };
        let this = object(this);
        if waited == 0
            && let Err(error) = this.forget()
        {
            return failure(&error);
        }
        try_connect(this, &address)
    })
}

/// The next try of a connect that has given [`PENDING`].
extern "C" fn connected(this: *mut Io, name: *const Name) -> i32 {
    guard(|| match address(name) {
        Ok(address) => try_connect(object(this), &address),
        Err(error) => failure(&error),
    })
}

/// getsockname(2).
extern "C" fn local(this: *mut Io, name: *mut Name) -> i32 {
    guard(|| {
        let address = object(this).socket().and_then(|socket| socket.local_addr());
        // SAFETY: the Lua half passes a name to fill.
        status(address.map(|address| unsafe { &mut *name }.set(&address)))
    })
}

/// getpeername(2).
extern "C" fn remote(this: *mut Io, name: *mut Name) -> i32 {
    guard(|| {
        let address = object(this).socket().and_then(|socket| socket.peer_addr());
        // SAFETY: the Lua half passes a name to fill.
        status(address.map(|address| unsafe { &mut *name }.set(&address)))
    })
}

/// Credentials as they cross the boundary. Same layout as in unix/native.lua.
#[repr(C)]
pub struct Credentials {
    uid: u32,
    pid: i32,
    n_groups: u32,
    groups: [u32; 16],
}

/// Who the peer was when the connection was made.
extern "C" fn credentials(this: *mut Io, found: *mut Credentials) -> i32 {
    guard(|| {
        let result = object(this).descriptor().and_then(peer::credentials);
        // SAFETY: the Lua half passes a struct to fill.
        status(result.map(|credentials| unsafe { *found = credentials }))
    })
}

/// Leaves a text; its length.
fn label(text: io::Result<Vec<u8>>, buffer: *mut c_char, size: i32) -> i32 {
    match text {
        Ok(text) => copy_text(&text, buffer, size),
        Err(error) => failure(&error),
    }
}

/// The security label of the peer.
extern "C" fn security_label(this: *mut Io, buffer: *mut c_char, size: i32) -> i32 {
    guard(|| {
        let text = object(this).descriptor().and_then(peer::security_label);
        label(text, buffer, size)
    })
}

/// The labels that policies give the peer, as `policy/label,...`: of those in a list of the same form as in mac(3), or,
/// where it is null, of those that the system's configuration names.
extern "C" fn security_labels(
    this: *mut Io,
    policies: *const c_char,
    buffer: *mut c_char,
    size: i32,
) -> i32 {
    guard(|| {
        // SAFETY: null, or a terminated text.
        let policies = (!policies.is_null()).then(|| unsafe { CStr::from_ptr(policies) });
        let socket = object(this).descriptor();
        let text = socket.and_then(|socket| peer::security_labels(socket, policies));
        label(text, buffer, size)
    })
}
