//! Sessions: one TLS connection, its state and its start.

use super::bytes;
use super::config::{Material, Mode, name};
use super::context::Context;
use super::failure::{Code, Failure};
use super::verify::Name;
use crate::bridge::{copy_text, guard};
use crate::io::{Io, wire};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, Connection, HandshakeKind, ProtocolVersion, ServerConnection};
use std::ffi::c_char;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

/// One connection. The Lua half owns it through a cdata with a finaliser.
pub struct Session {
    /// What its context was when it was made.
    material: Rc<Material>,
    /// None before the start.
    pub(super) connection: Option<Connection>,
    /// The socket below, which lives as long as the session; null when the Lua half moves the bytes.
    pub(super) socket: *mut Io,
    /// What has come from the peer and not been decrypted yet.
    pub(super) incoming: Incoming,
    /// Why the connection cannot be used any more.
    pub(super) failure: Option<Failure>,
    /// A fiber waits until the socket has taken what it wrote. Else a read sends what there is.
    pub(super) writer_waits: bool,
}

/// Bytes from the peer, consumed from the front.
#[derive(Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    start: usize,
    /// Nothing comes after them.
    pub ended: bool,
}

impl Incoming {
    pub fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    pub fn push(&mut self, bytes: &[u8]) {
        if self.is_empty() {
            self.bytes.clear();
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Moves as much as fits to `buffer`.
    pub fn take(&mut self, buffer: &mut [u8]) -> usize {
        let rest = &self.bytes[self.start..];
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        self.start += n;
        // An idle connection keeps no buffer.
        if self.is_empty() {
            (self.bytes, self.start) = (Vec::new(), 0);
        }
        n
    }
}

impl Session {
    /// Remembers how the connection has failed.
    pub(super) fn fail(&mut self, failure: impl Into<Failure>) {
        let failure = failure.into();
        self.failure.get_or_insert(failure);
    }

    /// The code of the failure, left where the Lua half finds it.
    pub(super) fn failed(&self) -> i32 {
        let failure = self.failure.clone();
        failure
            .unwrap_or_else(|| Failure::new(Code::NoHandshake, "the handshake was not completed"))
            .report()
    }

    /// Under which name sessions are remembered when the peer has none: its address.
    fn anonymous(&self) -> ServerName<'static> {
        let address = if self.socket.is_null() {
            None
        } else {
            wire::peer_address(self.socket)
        };
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        ServerName::IpAddress(address.into())
    }

    fn start(&mut self, connection: Result<Connection, Failure>) -> i32 {
        match connection {
            Ok(connection) => {
                self.connection = Some(connection);
                0
            }
            Err(failure) => {
                self.fail(failure);
                self.failed()
            }
        }
    }
}

/// The session behind a pointer of the Lua half.
pub fn object<'a>(this: *mut Session) -> &'a mut Session {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    unsafe { &mut *this }
}

/// A session with the material of a context, over a socket or, when that is null, over what the Lua half moves.
pub extern "C" fn new(context: *const Context, socket: *mut Io) -> *mut Session {
    // SAFETY: the Lua half passes a context that is alive.
    let material = unsafe { &*context }.material().clone();
    Box::into_raw(Box::new(Session {
        material,
        connection: None,
        socket,
        incoming: Incoming::default(),
        failure: None,
        writer_waits: false,
    }))
}

/// Destroys a session; its socket is the Lua half's.
pub extern "C" fn free(this: *mut Session) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// Starts as a client. `verify`: the name that the certificate must have; `send`: the one that is sent. Either may be
/// empty.
pub extern "C" fn start_client(
    this: *mut Session,
    mode: i32,
    verify: *const c_char,
    verify_length: usize,
    send: *const c_char,
    send_length: usize,
) -> i32 {
    guard(|| {
        let this = object(this);
        let wanted = name(bytes(verify, verify_length));
        let sent = name(bytes(send, send_length));
        let check = match &wanted {
            None => Name::Any,
            Some(name) if sent.as_ref().is_none_or(|sent| sent == name) => Name::Connected,
            Some(name) => Name::Fixed(name.clone()),
        };
        let config = this
            .material
            .client(Mode::from(mode) != Mode::None, check, sent.is_some());
        let name = sent.or(wanted).unwrap_or_else(|| this.anonymous());
        let connection = config.and_then(|config| Ok(ClientConnection::new(config, name)?.into()));
        this.start(connection)
    })
}

/// Starts as a server. `verify`: the name that the client's certificate must have, may be empty.
pub extern "C" fn start_server(
    this: *mut Session,
    mode: i32,
    verify: *const c_char,
    verify_length: usize,
) -> i32 {
    guard(|| {
        let this = object(this);
        let wanted = name(bytes(verify, verify_length));
        let config = this.material.server(Mode::from(mode), wanted);
        let connection = config.and_then(|config| Ok(ServerConnection::new(config)?.into()));
        this.start(connection)
    })
}

/// Forgets the connection and its keys, before the collector finds the session.
pub extern "C" fn close(this: *mut Session) -> i32 {
    guard(|| {
        let this = object(this);
        (this.connection, this.incoming) = (None, Incoming::default());
        0
    })
}

/// The code of a session that has failed, or whose handshake was given up.
pub extern "C" fn failed(this: *const Session) -> i32 {
    guard(|| object(this.cast_mut()).failed())
}

/// Properties by the numbers of lua/emilua/tls/socket.lua.
const PROTOCOL: i32 = 0;
const VERSION: i32 = 1;
const SERVER_NAME: i32 = 2;
const RESUMED: i32 = 3;

/// The text of a property, 0 when there is none; of [`RESUMED`] 1 or 0.
pub extern "C" fn property(
    this: *const Session,
    which: i32,
    buffer: *mut c_char,
    size: i32,
) -> i32 {
    guard(|| {
        let Some(connection) = &object(this.cast_mut()).connection else {
            return 0;
        };
        let text = match (which, connection) {
            (PROTOCOL, connection) => connection.alpn_protocol(),
            (VERSION, connection) => match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => Some(&b"TLSv1.2"[..]),
                Some(ProtocolVersion::TLSv1_3) => Some(&b"TLSv1.3"[..]),
                _ => None,
            },
            (SERVER_NAME, Connection::Server(server)) => server.server_name().map(str::as_bytes),
            (RESUMED, connection) => {
                return i32::from(connection.handshake_kind() == Some(HandshakeKind::Resumed));
            }
            _ => None,
        };
        text.map_or(0, |text| copy_text(text, buffer, size))
    })
}
