//! sendmsg(2) and recvmsg(2) with descriptors (SCM_RIGHTS). No descriptor that the kernel gives is ever without an
//! owner: what does not fit, or comes with the end of the stream, is closed.

use super::name::Name;
use crate::bridge::{EOF, count, failure, guard};
use crate::io::transfer::{self, LONGEST, code};
use crate::io::{Direction, Io, object};
use crate::span::Span;
use socket2::{SockAddr, SockAddrStorage, Socket};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::task::Poll;

/// Most descriptors of one message: `SCM_MAX_FD` of Linux, and what FreeBSD's control messages hold.
const MOST: usize = 253;

/// What lengths of control messages are counted in here: the systems differ.
type Length = usize;

/// Bytes for control messages: the descriptors, and what else a socket may have been set to give.
const CONTROL: usize = 2048;

/// A buffer for control messages, aligned for their headers.
type Control = MaybeUninit<[u64; CONTROL / 8]>;

/// Descriptors that have been received and wait for their objects.
#[derive(Default)]
pub struct Fds(Vec<OwnedFd>);

impl Fds {
    /// Replaces them.
    pub fn set(&mut self, descriptors: Vec<OwnedFd>) {
        self.0 = descriptors;
    }
}

/// What crosses the boundary beside a message's bytes and name. Same layout as in unix/message.lua.
#[repr(C)]
pub struct Message {
    /// Where received descriptors go; may be null.
    fds: *mut Fds,
    /// How many descriptors to send, or to receive at most.
    count: u32,
    /// An empty message is the end.
    ends: i32,
    /// It stays in the queue.
    peek: i32,
    /// The `count` handles of the descriptors to send.
    handles: [*mut Io; 0],
}

/// A header for one buffer and `control`, without a name.
fn header(iov: &mut libc::iovec, control: &mut Control, control_length: usize) -> libc::msghdr {
    // SAFETY: numbers and pointers, for which zero is valid.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = iov;
    header.msg_iovlen = 1;
    if control_length > 0 {
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = control_length as _;
    }
    header
}

/// Takes the descriptors out of what recvmsg(2) has filled.
fn descriptors(header: &libc::msghdr, fds: &mut Vec<OwnedFd>) {
    // SAFETY: the kernel has filled the control messages; CMSG_NXTHDR stays inside of them, and each descriptor
    // in them is new and nobody's.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(found) = message.as_ref() {
            if found.cmsg_level == libc::SOL_SOCKET && found.cmsg_type == libc::SCM_RIGHTS {
                let bytes = found.cmsg_len as Length - libc::CMSG_LEN(0) as Length;
                let data = libc::CMSG_DATA(message).cast::<RawFd>();
                for i in 0..bytes / size_of::<RawFd>() {
                    fds.push(OwnedFd::from_raw_fd(data.add(i).read_unaligned()));
                }
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
}

/// What one recvmsg(2) gave.
struct Received {
    bytes: usize,
    /// Who sent, where that was asked.
    sender: Option<SockAddr>,
}

/// One try of recvmsg(2); descriptors only where there is a place for them.
fn receive_once(
    socket: &Socket,
    buffer: &mut [u8],
    flags: i32,
    named: bool,
    fds: Option<&mut Vec<OwnedFd>>,
) -> io::Result<Received> {
    let mut iov = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    let mut control = Control::uninit();
    let room = if fds.is_some() { CONTROL } else { 0 };
    let mut header = header(&mut iov, &mut control, room);
    let mut storage = named.then(SockAddrStorage::zeroed);
    if let Some(storage) = &mut storage {
        header.msg_namelen = storage.size_of();
        header.msg_name = (&raw mut *storage).cast();
    }
    // SAFETY: the header refers to memory of this function and of the caller.
    let n = unsafe {
        libc::recvmsg(
            socket.as_raw_fd(),
            &raw mut header,
            flags | libc::MSG_CMSG_CLOEXEC,
        )
    };
    if n < 0 {
        return Err(io::Error::last_os_error());
    }
    if let Some(fds) = fds {
        descriptors(&header, fds);
    }
    // SAFETY: recvmsg(2) has written an address of that length.
    let sender = storage.map(|storage| unsafe { SockAddr::new(storage, header.msg_namelen) });
    Ok(Received {
        bytes: n as usize,
        sender,
    })
}

/// One try of sendmsg(2).
fn send_once(
    socket: &Socket,
    bytes: &[u8],
    name: Option<&SockAddr>,
    fds: &[RawFd],
) -> io::Result<usize> {
    let mut iov = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    let mut control = Control::uninit();
    let size = size_of_val(fds) as u32;
    let room = if fds.is_empty() {
        0
    } else {
        // SAFETY: a computation.
        unsafe { libc::CMSG_SPACE(size) as usize }
    };
    let mut header = header(&mut iov, &mut control, room);
    if let Some(name) = name {
        header.msg_name = name.as_ptr().cast_mut().cast();
        header.msg_namelen = name.len();
    }
    if room > 0 {
        // SAFETY: `room`, at most CONTROL, holds one message with all of `fds`.
        unsafe {
            let message = libc::CMSG_FIRSTHDR(&raw const header);
            (*message).cmsg_level = libc::SOL_SOCKET;
            (*message).cmsg_type = libc::SCM_RIGHTS;
            (*message).cmsg_len = libc::CMSG_LEN(size) as _;
            let data = libc::CMSG_DATA(message);
            std::ptr::copy_nonoverlapping(fds.as_ptr().cast::<u8>(), data, size as usize);
        }
    }
    // SAFETY: the header refers to memory of this function and of the caller.
    match unsafe { libc::sendmsg(socket.as_raw_fd(), &raw const header, libc::MSG_NOSIGNAL) } {
        -1 => Err(io::Error::last_os_error()),
        n => Ok(n as usize),
    }
}

/// The bytes of a span that one call fills.
///
/// # Safety
/// `span` is a byte_span that lives while the slice is used, and its block is used by this thread only.
unsafe fn writable<'a>(span: *const Span) -> &'a mut [u8] {
    // SAFETY: as the caller promises, the span's memory has `len` bytes.
    unsafe { std::slice::from_raw_parts_mut((*span).data, (*span).len.min(LONGEST)) }
}

/// Reads from a stream into a span; [`EOF`] at its end. A short count says that the socket is drained, or that the kernel
/// has stopped at descriptors, which it drops: see [`crate::io::look`].
pub extern "C" fn read(this: *mut Io, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let buffer = unsafe { transfer::writable(span) };
        let wanted = buffer.len();
        let this = object(this);
        let result = this.attempt(
            Direction::Read,
            |socket| socket.recv(buffer),
            |&n| n > 0 && n < wanted,
        );
        if let Poll::Ready(Ok(n)) = result {
            this.look.short = n < wanted;
        }
        code(result, |n| if n == 0 { EOF } else { count(n) })
    })
}

/// Receives bytes and descriptors; [`EOF`] for an empty message that ends. The sender goes to `name` unless that is
/// null.
pub extern "C" fn receive(
    this: *mut Io,
    message: *const Message,
    span: *const Span,
    name: *mut Name,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes these, and keeps alive what they refer to.
        let (message, buffer, name) = unsafe { (&*message, writable(span), name.as_mut()) };
        // SAFETY: null, or what `fds_new` returned.
        let mut fds = unsafe { message.fds.as_mut() };
        let flags = if message.peek != 0 { libc::MSG_PEEK } else { 0 };
        let named = name.is_some();
        let result = object(this).attempt(
            Direction::Read,
            |socket| {
                let fds = fds.as_mut().map(|fds| &mut fds.0);
                receive_once(&socket, buffer, flags, named, fds)
            },
            |_| false,
        );
        let ended = message.ends != 0
            && matches!(&result, Poll::Ready(Ok(received)) if received.bytes == 0);
        if let Some(fds) = fds {
            let kept = if ended { 0 } else { message.count as usize };
            fds.0.truncate(kept);
        }
        code(result, |received| {
            if let (Some(name), Some(sender)) = (name, &received.sender) {
                name.set(sender);
            }
            if ended { EOF } else { count(received.bytes) }
        })
    })
}

/// Sends bytes and descriptors, which travel with the first of them; to the peer where `name` is null.
pub extern "C" fn send(
    this: *mut Io,
    message: *const Message,
    span: *const Span,
    name: *const Name,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes these, and keeps alive what they refer to; the handles follow the message.
        let (bytes, name, handles) = unsafe {
            let handles = (&raw const (*message).handles).cast::<*mut Io>();
            (
                std::slice::from_raw_parts((*span).data, (*span).len.min(LONGEST)),
                name.as_ref(),
                std::slice::from_raw_parts(handles, (*message).count as usize),
            )
        };
        let prepared = name
            .map(Name::address)
            .transpose()
            .and_then(|name| Ok((name, numbers(handles)?)));
        let (name, fds) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return failure(&error),
        };
        let result = object(this).attempt(
            Direction::Write,
            |socket| send_once(&socket, bytes, name.as_ref(), &fds),
            |_| false,
        );
        code(result, count)
    })
}

/// The numbers of what is to be sent, at most as many as a message holds.
fn numbers(handles: &[*mut Io]) -> io::Result<Vec<RawFd>> {
    if handles.len() > MOST {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    let number = |&handle: &*mut Io| Ok(object(handle).descriptor()?.as_raw_fd());
    handles.iter().map(number).collect()
}

/// A place for received descriptors.
pub extern "C" fn fds_new() -> *mut Fds {
    Box::into_raw(Box::default())
}

/// Closes those that nobody has taken.
pub extern "C" fn fds_free(this: *mut Fds) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// Moves the first of the descriptors to `new`, which is closed. 1, or 0 when none is left.
pub extern "C" fn fds_take(this: *mut Fds, new: *mut Io) -> i32 {
    guard(|| {
        // SAFETY: the Lua half holds the pointer that `fds_new` returned.
        let fds = unsafe { &mut (*this).0 };
        if fds.is_empty() {
            return 0;
        }
        object(new).set(fds.remove(0));
        1
    })
}
