//! Packets with descriptors over UNIX sockets: sendmsg(2), recvmsg(2), unix(7).

use nix::errno::Errno;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recv, recvmsg, sendmsg};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Descriptors in one packet, at most.
pub const DESCRIPTORS: usize = 64;

/// What the descriptors of one packet take.
// SAFETY: computes a number.
const SPACE: usize =
    unsafe { libc::CMSG_SPACE((DESCRIPTORS * size_of::<RawFd>()) as u32) } as usize;

/// Aligned as the kernel's headers are.
#[repr(align(8))]
struct Space([u8; SPACE]);

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
    let mut space = Space([0; SPACE]);
    loop {
        let mut data = [IoSliceMut::new(buffer)];
        let flags = flags | MsgFlags::MSG_CMSG_CLOEXEC;
        match recvmsg::<()>(socket.as_raw_fd(), &mut data, Some(&mut space.0), flags) {
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
            Ok(message) => {
                let mut descriptors = Vec::new();
                for part in message.cmsgs()? {
                    if let ControlMessageOwned::ScmRights(numbers) = part {
                        // SAFETY: the kernel has just made these for us.
                        let owned = numbers
                            .into_iter()
                            .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
                        descriptors.extend(owned);
                    }
                }
                let lost = MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC;
                return Ok(Message {
                    length: message.bytes,
                    descriptors,
                    truncated: message.flags.intersects(lost),
                });
            }
        }
    }
}
