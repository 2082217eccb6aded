//! Names: getaddrinfo(3) and getnameinfo(3), on the process's pool, or at once where nothing may suspend.

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(target_os = "freebsd", path = "freebsd.rs")]
#[cfg_attr(windows, path = "windows.rs")]
mod platform;

use crate::bridge::{PENDING, copy_text, count, failure, guard, operations};
use crate::io::Endpoint;
use crate::vm::Vm;
use crate::work::Work;
use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, getaddrinfo, getnameinfo};
use socket2::{Domain, Type};
use std::ffi::c_char;
use std::io;
use std::net::SocketAddr;

operations! {
    addresses: fn(*mut Vm, u32, *const Query) -> *mut Lookup;
    names: fn(*mut Vm, u32, *const Endpoint, i32) -> *mut Lookup;
    poll: fn(*mut Lookup, *mut i32) -> i32;
    entry: fn(*const Lookup, i32, *mut Endpoint, *mut c_char, i32) -> i32;
    free: fn(*mut Lookup);
}

/// What is looked up. Same layout as the struct in resolve.lua.
#[repr(C)]
struct Query {
    host: *const c_char,
    service: *const c_char,
    host_length: usize,
    service_length: usize,
    /// 4, 6, or 0 for both.
    family: i32,
    /// 1 for streams, 2 for datagrams.
    kind: i32,
    /// Bits of flags.lua.
    flags: i32,
}

/// An address, a name, or an address with a name.
#[derive(Default)]
struct Entry {
    address: Option<SocketAddr>,
    name: String,
}

/// Why there is no answer: what the resolver says, or an error number.
enum Failure {
    Resolver(i32),
    System(i32),
}

// Numbers that resolve.lua knows.
const HOST_NOT_FOUND: i32 = 1;
const TRY_AGAIN: i32 = 2;
const NO_RECOVERY: i32 = 3;
const SERVICE_NOT_FOUND: i32 = 4;
const SOCKET_TYPE_NOT_SUPPORTED: i32 = 5;

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        match error.kind() {
            LookupErrorKind::NoName | LookupErrorKind::NoData => Self::Resolver(HOST_NOT_FOUND),
            LookupErrorKind::Again => Self::Resolver(TRY_AGAIN),
            LookupErrorKind::Fail => Self::Resolver(NO_RECOVERY),
            LookupErrorKind::Service => Self::Resolver(SERVICE_NOT_FOUND),
            LookupErrorKind::Socktype => Self::Resolver(SOCKET_TYPE_NOT_SUPPORTED),
            _ if platform::NO_ADDRESS.contains(&error.error_num()) => {
                Self::Resolver(HOST_NOT_FOUND)
            }
            LookupErrorKind::Badflags => Self::System(platform::BAD_FLAGS),
            LookupErrorKind::Family => Self::System(platform::FAMILY_NOT_SUPPORTED),
            LookupErrorKind::Memory => Self::System(platform::NO_MEMORY),
            _ => io::Error::from(error).into(),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::System(-failure(&error))
    }
}

type Answer = Result<Vec<Entry>, Failure>;

type Body = Box<dyn FnOnce() -> Answer + Send>;

/// A lookup, and what came of it.
enum Lookup {
    /// To be done by the first poll.
    AtOnce(Option<Body>),
    Running(Work<Answer>),
    Ended(Answer),
}

impl Lookup {
    /// Does `body` on the pool, or on the calling thread without a VM.
    fn start(
        vm: *mut Vm,
        token: u32,
        body: impl FnOnce() -> Answer + Send + 'static,
    ) -> *mut Lookup {
        // SAFETY: null, or the VM of the Lua half that calls.
        let lookup = match unsafe { vm.as_ref() } {
            None => Self::AtOnce(Some(Box::new(body))),
            Some(vm) => match Work::start(vm, token, body) {
                Ok(work) => Self::Running(work),
                Err(error) => Self::Ended(Err(error.into())),
            },
        };
        Box::into_raw(Box::new(lookup))
    }
}

fn socket_type(kind: i32) -> Type {
    if kind == 1 { Type::STREAM } else { Type::DGRAM }
}

/// A text of the Lua half; nothing if it is empty.
///
/// # Safety
/// `text` has `length` bytes.
unsafe fn text(text: *const c_char, length: usize) -> Option<String> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
    (length > 0).then(|| String::from_utf8_lossy(bytes).into_owned())
}

fn look_up(host: Option<&str>, service: Option<&str>, hints: AddrInfoHints) -> Answer {
    if host.is_none() && service.is_none() {
        return Err(Failure::Resolver(HOST_NOT_FOUND));
    }
    getaddrinfo(host, service, Some(hints))?
        .map(|info| {
            let info = info?;
            Ok(Entry {
                address: Some(info.sockaddr),
                name: info.canonname.unwrap_or_default(),
            })
        })
        .collect()
}

/// Starts getaddrinfo(3).
extern "C" fn addresses(vm: *mut Vm, token: u32, query: *const Query) -> *mut Lookup {
    // SAFETY: the Lua half passes a query, whose texts live during the call.
    let (query, host, service) = unsafe {
        let query = &*query;
        (
            query,
            text(query.host, query.host_length),
            text(query.service, query.service_length),
        )
    };
    let hints = AddrInfoHints {
        flags: platform::lookup_flags(query.flags),
        address: match query.family {
            4 => Domain::IPV4.into(),
            6 => Domain::IPV6.into(),
            _ => 0,
        },
        socktype: socket_type(query.kind).into(),
        protocol: 0,
    };
    Lookup::start(vm, token, move || {
        look_up(host.as_deref(), service.as_deref(), hints)
    })
}

/// Starts getnameinfo(3), whose answer is the host and the service.
extern "C" fn names(vm: *mut Vm, token: u32, of: *const Endpoint, kind: i32) -> *mut Lookup {
    // SAFETY: the Lua half passes an endpoint.
    let address = unsafe { &*of }.socket_address();
    let flags = if kind == 1 { 0 } else { platform::DATAGRAM };
    Lookup::start(vm, token, move || {
        let (host, service) = getnameinfo(&address, flags)?;
        Ok([host, service]
            .map(|name| Entry {
                address: None,
                name,
            })
            .into())
    })
}

/// How many entries the answer has. When the resolver refuses, its number goes to `refusal`.
extern "C" fn poll(this: *mut Lookup, refusal: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the Lua half holds the pointer until its finaliser, and passes an int32_t[1].
        let (this, refusal) = unsafe { (&mut *this, &mut *refusal) };
        *refusal = 0;
        let answer = match this {
            Lookup::AtOnce(body) => body.take().map(|body| body()),
            Lookup::Running(work) => work.take(),
            Lookup::Ended(_) => None,
        };
        if let Some(answer) = answer {
            *this = Lookup::Ended(answer);
        }
        match this {
            Lookup::AtOnce(_) | Lookup::Running(_) => PENDING,
            Lookup::Ended(Ok(entries)) => count(entries.len()),
            Lookup::Ended(Err(Failure::System(number))) => -*number,
            Lookup::Ended(Err(Failure::Resolver(number))) => {
                *refusal = *number;
                0
            }
        }
    })
}

/// Copies the address and the name of an entry; returns the length of the name.
extern "C" fn entry(
    this: *const Lookup,
    index: i32,
    endpoint: *mut Endpoint,
    buffer: *mut c_char,
    size: i32,
) -> i32 {
    guard(|| {
        // SAFETY: as in `poll`; an endpoint to fill.
        let (this, endpoint) = unsafe { (&*this, &mut *endpoint) };
        let Lookup::Ended(Ok(entries)) = this else {
            return 0;
        };
        let Some(entry) = usize::try_from(index).ok().and_then(|i| entries.get(i)) else {
            return 0;
        };
        if let Some(address) = entry.address {
            endpoint.set_socket_address(address);
        }
        copy_text(entry.name.as_bytes(), buffer, size)
    })
}

/// Destroys a lookup; one that runs goes on to its end, unheard.
extern "C" fn free(this: *mut Lookup) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}
