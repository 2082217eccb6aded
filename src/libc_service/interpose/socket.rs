//! connect(2) and bind(2): addresses of C and those of calls.

use crate::call::Call;
use crate::exports::export;
use crate::real;
use crate::wire::{Function, Request};
use libc::{sockaddr, sockaddr_in, sockaddr_in6, sockaddr_un, socklen_t};
use std::ffi::c_int;
use std::mem::offset_of;

/// The two calls.
#[derive(Clone, Copy)]
enum Verb {
    Connect,
    Bind,
}

/// The call of an address; none for other families, and for sockets without a name.
///
/// # Safety
/// `address` is null or has `length` bytes.
unsafe fn call(
    verb: Verb,
    socket: c_int,
    address: *const sockaddr,
    length: socklen_t,
) -> Option<Call> {
    const PATH: usize = offset_of!(sockaddr_un, sun_path);
    let length = length as usize;
    if address.is_null() || length < PATH {
        return None;
    }
    let function = |connect, bind| match verb {
        Verb::Connect => connect,
        Verb::Bind => bind,
    };
    // SAFETY: as the caller promises; an address is read when it is long enough, wherever it lies.
    unsafe {
        match c_int::from((*address).sa_family) {
            libc::AF_UNIX => {
                let function = function(Function::ConnectUnix, Function::BindUnix);
                let bytes = address.cast::<u8>().add(PATH);
                let bytes = std::slice::from_raw_parts(bytes, length - PATH);
                // A path ends with a zero, or with the address; an abstract name begins with one.
                let end = match bytes.first()? {
                    0 => bytes.len(),
                    _ => bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len()),
                };
                let mut call = Call::with_descriptor(function, socket)?;
                call.request.set_text(0, &bytes[..end]).then_some(call)
            }
            libc::AF_INET if length >= size_of::<sockaddr_in>() => {
                let function = function(Function::ConnectInet, Function::BindInet);
                let address = address.cast::<sockaddr_in>().read_unaligned();
                let mut call = Call::with_descriptor(function, socket)?;
                call.request.port = u32::from(u16::from_be(address.sin_port));
                let bytes = address.sin_addr.s_addr.to_ne_bytes();
                call.request.set_text(0, &bytes).then_some(call)
            }
            libc::AF_INET6 if length >= size_of::<sockaddr_in6>() => {
                let function = function(Function::ConnectInet6, Function::BindInet6);
                let address = address.cast::<sockaddr_in6>().read_unaligned();
                let mut call = Call::with_descriptor(function, socket)?;
                call.request.port = u32::from(u16::from_be(address.sin6_port));
                call.request.mode = address.sin6_scope_id;
                let bytes = address.sin6_addr.s6_addr;
                call.request.set_text(0, &bytes).then_some(call)
            }
            _ => None,
        }
    }
}

/// Asks, and gives the socket its mode back: a master that has waited with it has made it non-blocking.
fn ask(call: Call, socket: c_int) -> Option<c_int> {
    // SAFETY: no memory is passed.
    let flags = || unsafe { libc::fcntl(socket, libc::F_GETFL) };
    let before = flags();
    let result = call.number();
    let errno = real::errno();
    if before >= 0 && flags() != before {
        // SAFETY: as above.
        unsafe { libc::fcntl(socket, libc::F_SETFL, before) };
        real::set_errno(errno);
    }
    result
}

export! {
    connect(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
        call(Verb::Connect, socket, address, length)
            .and_then(|call| ask(call, socket))
            .unwrap_or_else(|| real::connect(socket, address, length))
    }

    bind(socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
        call(Verb::Bind, socket, address, length)
            .and_then(|call| ask(call, socket))
            .unwrap_or_else(|| real::bind(socket, address, length))
    }
}

/// Makes one of the calls of a request, without a master.
pub fn perform(function: Function, request: &Request, socket: c_int) -> c_int {
    let call = match function {
        Function::ConnectUnix | Function::ConnectInet | Function::ConnectInet6 => real::connect,
        _ => real::bind,
    };
    let text = request.text(0);
    let port = (request.port as u16).to_be();
    // SAFETY: zeros are valid addresses; what is copied fits, and the length that is passed is at most the struct's.
    unsafe {
        match function {
            Function::ConnectUnix | Function::BindUnix => {
                let mut address: sockaddr_un = std::mem::zeroed();
                address.sun_family = libc::AF_UNIX as _;
                let n = text.len().min(size_of_val(&address.sun_path));
                let path = address.sun_path.as_mut_ptr().cast::<u8>();
                std::ptr::copy_nonoverlapping(text.as_ptr(), path, n);
                // With the zero behind a path, where there is room for it.
                let end = usize::from(text.first() != Some(&0));
                let length = offset_of!(sockaddr_un, sun_path) + n + end;
                let length = length.min(size_of_val(&address));
                call(socket, (&raw const address).cast(), length as socklen_t)
            }
            Function::ConnectInet | Function::BindInet => {
                let mut address: sockaddr_in = std::mem::zeroed();
                address.sin_family = libc::AF_INET as _;
                address.sin_port = port;
                let bytes: [u8; 4] = text.try_into().unwrap_or_default();
                address.sin_addr.s_addr = u32::from_ne_bytes(bytes);
                let length = size_of_val(&address) as socklen_t;
                call(socket, (&raw const address).cast(), length)
            }
            _ => {
                let mut address: sockaddr_in6 = std::mem::zeroed();
                address.sin6_family = libc::AF_INET6 as _;
                address.sin6_port = port;
                address.sin6_scope_id = request.mode;
                address.sin6_addr.s6_addr = text.try_into().unwrap_or_default();
                let length = size_of_val(&address) as socklen_t;
                call(socket, (&raw const address).cast(), length)
            }
        }
    }
}
