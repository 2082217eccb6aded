//! Packets with descriptors over UNIX sockets: sendmsg(2), recvmsg(2), unix(7).

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, MsgFlags, recv, sendmsg};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Descriptors in one packet, at most.
pub const DESCRIPTORS: usize = 64;

/// What the descriptors of one packet take.
const SPACE: usize =
    // SAFETY: computes a number.
    unsafe { libc::CMSG_SPACE((DESCRIPTORS * size_of::<RawFd>()) as u32) } as usize;

/// Aligned as the kernel's headers are.
#[repr(align(8))]
struct Space(MaybeUninit<[u8; SPACE]>);

/// A packet that was received.
pub struct Message {
    /// Bytes of it in the buffer.
    pub length: usize,
    /// In the order in which they were sent; close-on-exec.
    pub descriptors: Vec<OwnedFd>,
    /// Something did not fit, and is lost.
    pub truncated: bool,
}

/// Sends one packet. The descriptors are copied.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[RawFd]) -> nix::Result<usize> {
    send_with(socket, bytes, descriptors, MsgFlags::empty())
}

/// The same, but EAGAIN while there is no room, whatever the socket's mode.
pub fn try_send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[RawFd]) -> nix::Result<usize> {
    send_with(socket, bytes, descriptors, MsgFlags::MSG_DONTWAIT)
}

fn send_with(
    socket: BorrowedFd<'_>,
    bytes: &[u8],
    descriptors: &[RawFd],
    flags: MsgFlags,
) -> nix::Result<usize> {
    let (socket, flags) = (socket.as_raw_fd(), flags | MsgFlags::MSG_NOSIGNAL);
    loop {
        let sent = if descriptors.is_empty() {
            nix::sys::socket::send(socket, bytes, flags)
        } else {
            let rights = [ControlMessage::ScmRights(descriptors)];
            sendmsg::<()>(socket, &[IoSlice::new(bytes)], &rights, flags, None)
        };
        match sent {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Waits for a packet and tells its length, without receiving it.
pub fn length(socket: BorrowedFd<'_>) -> nix::Result<usize> {
    loop {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC;
        match recv(socket.as_raw_fd(), &mut [], flags) {
            Err(Errno::EINTR) => {}
            result => return result,
        }
    }
}

/// Receives one packet. Whatever descriptors have arrived are owned before anything else is looked at.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> nix::Result<Message> {
    receive_with(socket, buffer, MsgFlags::empty())
}

/// The same, but EAGAIN while there is none, whatever the socket's mode.
pub fn try_receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> nix::Result<Message> {
    receive_with(socket, buffer, MsgFlags::MSG_DONTWAIT)
}

fn receive_with(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: MsgFlags,
) -> nix::Result<Message> {
    let mut data = IoSliceMut::new(buffer);
    let mut space = Space(MaybeUninit::uninit());
    // SAFETY: numbers and pointers, for which zero is valid.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    // A slice for IO has the layout of an iovec.
    header.msg_iov = (&raw mut data).cast();
    header.msg_iovlen = 1;
    header.msg_control = space.0.as_mut_ptr().cast();
    header.msg_controllen = SPACE as _;
    let flags = (flags | MsgFlags::MSG_CMSG_CLOEXEC).bits();
    loop {
        // SAFETY: the header refers to memory of this function and of the caller.
        let n = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, flags) };
        match Errno::result(n) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
            Ok(n) => {
                let lost = libc::MSG_TRUNC | libc::MSG_CTRUNC;
                return Ok(Message {
                    length: n as usize,
                    descriptors: descriptors(&header),
                    truncated: header.msg_flags & lost != 0,
                });
            }
        }
    }
}

/// What lengths of control messages are counted in here: the systems differ.
type Length = usize;

/// Takes the descriptors out of what recvmsg(2) has filled, also when there were more.
fn descriptors(header: &libc::msghdr) -> Vec<OwnedFd> {
    let mut list = Vec::new();
    // SAFETY: the kernel has filled what CMSG_NXTHDR stays inside of; each descriptor in it is new and nobody's.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(found) = message.as_ref() {
            if found.cmsg_level == libc::SOL_SOCKET && found.cmsg_type == libc::SCM_RIGHTS {
                let size = found.cmsg_len as Length - libc::CMSG_LEN(0) as Length;
                let data = libc::CMSG_DATA(message).cast::<RawFd>();
                for i in 0..size / size_of::<RawFd>() {
                    list.push(OwnedFd::from_raw_fd(data.add(i).read_unaligned()));
                }
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    list
}
