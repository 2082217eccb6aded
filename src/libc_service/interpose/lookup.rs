//! getaddrinfo(3).

use crate::call::Call;
use crate::exports::export;
use crate::packet::{Kind, TCP};
use crate::real;
use crate::wire::{Answer, Function, HAS_NODE, HAS_SERVICE, Request, UDP};
use libc::{addrinfo, sockaddr_in, sockaddr_in6};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

/// Errors, in the order of the names in libc_service/wire.lua.
const ERRORS: [c_int; 9] = [
    libc::EAI_AGAIN,
    libc::EAI_BADFLAGS,
    libc::EAI_FAIL,
    libc::EAI_FAMILY,
    libc::EAI_MEMORY,
    libc::EAI_NONAME,
    libc::EAI_SERVICE,
    libc::EAI_SOCKTYPE,
    libc::EAI_SYSTEM,
];

/// In `ai_flags` of what this library has made.
const OURS: c_int = 1 << 30;

/// A type of sockets, its protocol and the number of that in a call.
const KINDS: [(c_int, c_int, u32); 2] = [
    (libc::SOCK_STREAM, libc::IPPROTO_TCP, TCP),
    (libc::SOCK_DGRAM, libc::IPPROTO_UDP, UDP),
];

/// What the hints ask for.
#[derive(Clone, Copy, Default)]
struct Wanted {
    flags: c_int,
    family: c_int,
    /// 0 for any.
    protocol: u32,
}

impl Wanted {
    /// Nothing for what a master is not asked: other kinds of sockets, and numbers, which need no rights.
    fn of(hints: Option<&addrinfo>) -> Option<Self> {
        let Some(hints) = hints else {
            return Some(Self::default());
        };
        let families = [libc::AF_UNSPEC, libc::AF_INET, libc::AF_INET6];
        if hints.ai_flags & libc::AI_NUMERICHOST != 0 || !families.contains(&hints.ai_family) {
            return None;
        }
        let protocol = match (hints.ai_socktype, hints.ai_protocol) {
            (0, 0) => 0,
            (kind, protocol) => {
                KINDS
                    .iter()
                    .find(|of| matches!(kind, 0 if protocol == of.1) || kind == of.0)
                    .filter(|of| protocol == 0 || protocol == of.1)?
                    .2
            }
        };
        Some(Self {
            flags: hints.ai_flags,
            family: hints.ai_family,
            protocol,
        })
    }
}

/// # Safety
/// The texts are null or terminated strings.
unsafe fn call(node: *const c_char, service: *const c_char, wanted: Wanted) -> Option<Call> {
    if node.is_null() && service.is_null() {
        return None;
    }
    let mut call = Call::new(Function::Getaddrinfo)?;
    call.request.mode = wanted.protocol;
    // SAFETY: as the caller promises.
    unsafe {
        if !node.is_null() {
            call.request.flags |= HAS_NODE;
            call = call.text(0, node)?;
        }
        if !service.is_null() {
            call.request.flags |= HAS_SERVICE;
            call = call.text(1, service)?;
        }
    }
    Some(call)
}

export! {
    getaddrinfo(
        node: *const c_char, service: *const c_char, hints: *const addrinfo,
        result: *mut *mut addrinfo
    ) -> c_int {
        let served = Wanted::of(hints.as_ref())
            .and_then(|wanted| Some((wanted, call(node, service, wanted)?.answer()?)));
        match served {
            Some((wanted, answer)) => give(node, service, wanted, &answer, &mut *result),
            None => real::getaddrinfo(node, service, hints, result),
        }
    }

    freeaddrinfo(list: *mut addrinfo) -> () {
        let mut list = list;
        while let Some(info) = list.as_ref().filter(|info| info.ai_flags & OURS != 0) {
            let next = info.ai_next;
            libc::free(info.ai_canonname.cast());
            libc::free(list.cast());
            list = next;
        }
        if !list.is_null() {
            real::freeaddrinfo(list);
        }
    }
}

/// The result of a call that has been answered.
///
/// # Safety
/// The texts are null or terminated strings.
unsafe fn give(
    node: *const c_char,
    service: *const c_char,
    wanted: Wanted,
    answer: &Answer,
    result: &mut *mut addrinfo,
) -> c_int {
    if answer.is(Kind::LookupError) {
        real::set_errno(answer.errno);
        let index = usize::try_from(answer.result).unwrap_or(usize::MAX);
        return ERRORS.get(index).copied().unwrap_or(libc::EAI_FAIL);
    }
    *result = null_mut();
    let family = match answer.family {
        0 => return 0,
        4 => libc::AF_INET,
        _ => libc::AF_INET6,
    };
    if wanted.family != libc::AF_UNSPEC && wanted.family != family {
        return libc::EAI_NONAME;
    }
    // SAFETY: as the caller promises.
    let port = unsafe { port(service, answer) };
    let mut end = &mut *result;
    for (kind, protocol, number) in KINDS {
        if wanted.protocol != 0 && wanted.protocol != number {
            continue;
        }
        let Some(info) = make(family, port, answer) else {
            return libc::EAI_MEMORY;
        };
        info.ai_socktype = kind;
        info.ai_protocol = protocol;
        *end = info;
        end = &mut info.ai_next;
    }
    if wanted.flags & libc::AI_CANONNAME != 0 && !node.is_null() {
        // SAFETY: the first of the list was made just now; the node is a string.
        unsafe { (**result).ai_canonname = libc::strdup(node) }
    }
    0
}

/// The answer's port, or that of a service which is a number.
///
/// # Safety
/// `service` is null or a terminated string.
unsafe fn port(service: *const c_char, answer: &Answer) -> u16 {
    if let Ok(port) = u16::try_from(answer.result) {
        return port;
    }
    if service.is_null() {
        return 0;
    }
    // SAFETY: as the caller promises.
    let text = unsafe { CStr::from_ptr(service) };
    text.to_str()
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0)
}

/// A new element of a list; nothing when memory is wanting.
fn make<'a>(family: c_int, port: u16, answer: &Answer) -> Option<&'a mut addrinfo> {
    let size = size_of::<addrinfo>() + size_of::<sockaddr_in6>();
    // SAFETY: zeros are a valid element, with room for the longer address behind it, which is aligned as the element is.
    unsafe {
        let info = libc::calloc(1, size).cast::<addrinfo>();
        let address = info.wrapping_add(1).cast::<c_void>();
        let info = info.as_mut()?;
        info.ai_flags = OURS;
        info.ai_family = family;
        info.ai_addr = address.cast();
        if family == libc::AF_INET {
            let address = &mut *address.cast::<sockaddr_in>();
            address.sin_family = family as _;
            address.sin_port = port.to_be();
            let [a, b, c, d, ..] = answer.address;
            address.sin_addr.s_addr = u32::from_ne_bytes([a, b, c, d]);
            info.ai_addrlen = size_of::<sockaddr_in>() as _;
        } else {
            let address = &mut *address.cast::<sockaddr_in6>();
            address.sin6_family = family as _;
            address.sin6_port = port.to_be();
            address.sin6_addr.s6_addr = answer.address;
            address.sin6_scope_id = answer.scope;
            info.ai_addrlen = size_of::<sockaddr_in6>() as _;
        }
        Some(info)
    }
}

/// Makes the call without a master: the first address that is found, or the error.
pub fn perform(request: &Request) -> Answer {
    let text = |n, bit| {
        let text = (request.flags & bit != 0).then(|| CString::new(request.text(n)).ok());
        text.flatten()
    };
    let (node, service) = (text(0, HAS_NODE), text(1, HAS_SERVICE));
    let pointer = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
    // SAFETY: zeros are valid hints; the texts outlive the call, which fills the list or fails.
    unsafe {
        let mut hints: addrinfo = std::mem::zeroed();
        if let Some((kind, protocol, _)) = KINDS.iter().find(|of| of.2 == request.mode) {
            (hints.ai_socktype, hints.ai_protocol) = (*kind, *protocol);
        }
        let mut list = null_mut();
        let code = real::getaddrinfo(
            pointer(&node),
            pointer(&service),
            &raw const hints,
            &mut list,
        );
        if code != 0 {
            let mut answer = Answer::new(Kind::LookupError);
            let fail = ERRORS.iter().position(|error| *error == code);
            answer.result = fail.map_or(2, |index| index as i32);
            answer.errno = real::errno();
            return answer;
        }
        let answer = list
            .as_ref()
            .map_or_else(|| Answer::new(Kind::Address), found);
        real::freeaddrinfo(list);
        answer
    }
}

/// An element of a list of the C library.
fn found(info: &addrinfo) -> Answer {
    let mut answer = Answer::new(Kind::Address);
    // SAFETY: the address is that of its family.
    unsafe {
        match info.ai_family {
            libc::AF_INET => {
                let address = &*info.ai_addr.cast::<sockaddr_in>();
                answer.family = 4;
                answer.result = i32::from(u16::from_be(address.sin_port));
                answer.address[..4].copy_from_slice(&address.sin_addr.s_addr.to_ne_bytes());
            }
            libc::AF_INET6 => {
                let address = &*info.ai_addr.cast::<sockaddr_in6>();
                answer.family = 6;
                answer.result = i32::from(u16::from_be(address.sin6_port));
                answer.address = address.sin6_addr.s6_addr;
                answer.scope = address.sin6_scope_id;
            }
            _ => {}
        }
    }
    answer
}
