//! The sockets that lead to the inbox of a VM.
//!
//! Nothing is read before a fiber waits for a message: what has not been asked for stays in the kernel's buffers, and
//! keeps its sender from sending more.

use super::message::{self, DESCRIPTORS};
use super::socket::Socket;
use super::wire::{self, Content, Format, MEMBERS, Value};
use crate::actor::message::{Item, Tree};
use crate::actor::{Message, Sender};
use crate::vm::{Shared, Token};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{
    AddressFamily, GetSockOpt, SetSockOpt, SockType, SockaddrLike, SockaddrStorage, getsockname,
    sockopt,
};
use nix::sys::time::TimeVal;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A socket as the reactor knows it.
struct Source {
    socket: AsyncFd<OwnedFd>,
    format: Format,
    /// A read can wait for a moment in the kernel.
    is_patient: bool,
    /// One of those that the inbox counts.
    _sender: Sender,
}

/// All of them, in the order in which they are looked at next.
#[derive(Default)]
pub struct Inbound {
    sources: Vec<Source>,
    /// Where the next look begins: nobody is served twice before all others were looked at.
    next: usize,
    /// Wakes the fiber that waits in `receive`.
    waker: Option<Waker>,
    /// For one packet.
    buffer: Vec<u8>,
}

/// What a look at one socket has found.
enum Read {
    Packet(Message),
    Nothing,
    /// The last sender is gone, or has sent what is no message.
    Over,
}

impl Inbound {
    /// Takes over sockets that were attached to the inbox.
    pub fn adopt(&mut self, attached: Vec<(Socket, Sender)>) {
        for (socket, sender) in attached {
            // It is always writable: events that say so would come with each message, and after it.
            let interest = Interest::READABLE;
            let is_patient = set_patience(&socket.descriptor).is_ok();
            // SAFETY: an `OwnedFd` gives the same open descriptor as long as it lives.
            let watch = unsafe { AsyncFd::register_with_interest(socket.descriptor, interest) };
            // What the reactor refuses is closed, and its peer sees that.
            if let Ok(registered) = watch {
                let longest = socket.format.longest_packet();
                if self.buffer.len() < longest {
                    self.buffer.resize(longest, 0);
                }
                self.sources.push(Source {
                    socket: registered,
                    format: socket.format,
                    is_patient,
                    _sender: sender,
                });
            }
        }
    }

    /// Closes all.
    pub fn close(&mut self) {
        self.sources.clear();
    }

    /// The next message; none when sockets have come to their end, so that there may be no sender any more. Pending: there
    /// will be a wake-up by `token`.
    pub fn receive(&mut self, shared: &Arc<Shared>, token: u32) -> Poll<Option<Message>> {
        let waker = self
            .waker
            .get_or_insert_with(|| Token::waker(shared, token));
        let mut cx = Context::from_waker(waker);
        let mut ended = false;
        let mut left = self.sources.len();
        while left > 0 {
            left -= 1;
            if self.next >= self.sources.len() {
                self.next = 0;
            }
            match self.sources[self.next].read(&mut cx, &mut self.buffer) {
                Read::Packet(message) => {
                    self.next += 1;
                    return Poll::Ready(Some(message));
                }
                Read::Nothing => self.next += 1,
                Read::Over => {
                    self.sources.remove(self.next);
                    ended = true;
                }
            }
        }
        if ended {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    /// The next message when it comes within a moment and by the only socket, for which the thread waits in the kernel:
    /// one system call, where a wait by the reactor takes three. The caller knows that nothing else can happen meanwhile
    /// that anybody waits for.
    pub fn wait(&mut self) -> Option<Message> {
        let [source] = self.sources.as_slice() else {
            return None;
        };
        if !source.is_patient {
            return None;
        }
        let packet = &mut self.buffer[..source.format.longest_packet()];
        let received = message::receive(source.socket.get_ref().as_fd(), packet);
        match source.understand(received, packet) {
            Read::Packet(message) => {
                self.next = 1;
                return Some(message);
            }
            Read::Nothing => {}
            Read::Over => {
                self.sources.clear();
                self.next = 0;
            }
        }
        None
    }
}

/// How long a read waits; the system rounds it up to what its timers know.
const MOMENT: TimeVal = TimeVal::new(0, 1000);

/// Has reads wait for a moment, and no longer. The other end has a mode of its own.
fn set_patience(socket: &OwnedFd) -> nix::Result<()> {
    sockopt::ReceiveTimeout.set(socket, &MOMENT)?;
    let flags = OFlag::from_bits_retain(fcntl(socket, FcntlArg::F_GETFL)?);
    fcntl(socket, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
    Ok(())
}

impl Source {
    /// Reads once the reactor has said that there is something.
    fn read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Read {
        loop {
            let mut guard = match self.socket.poll_read_ready(cx) {
                Poll::Pending => return Read::Nothing,
                Poll::Ready(Ok(guard)) => guard,
                Poll::Ready(Err(_)) => return Read::Over,
            };
            let packet = &mut buffer[..self.format.longest_packet()];
            match message::try_receive(self.socket.get_ref().as_fd(), packet) {
                Err(Errno::EAGAIN) => guard.clear_ready(),
                received => return self.understand(received, packet),
            }
        }
    }

    fn understand(&self, received: nix::Result<message::Message>, packet: &[u8]) -> Read {
        let received = match received {
            Ok(received) => received,
            Err(Errno::EAGAIN) => return Read::Nothing,
            Err(_) => return Read::Over,
        };
        if received.truncated || received.descriptors.len() > MEMBERS {
            return Read::Over;
        }
        let bytes = &packet[..received.length];
        decode(bytes, received.descriptors, self.format).map_or(Read::Over, Read::Packet)
    }
}

/// The message in a packet; nothing if it is none.
fn decode(packet: &[u8], descriptors: Vec<OwnedFd>, format: Format) -> Option<Message> {
    let content = wire::read(packet, descriptors.len(), format).ok()?;
    // Values have them in this order.
    let mut descriptors = descriptors.into_iter();
    let mut tree = Tree::default();
    let mut add = |tree: &mut Tree, value| -> Option<()> {
        tree.push(match value {
            Value::Boolean(b) => Item::Boolean(b),
            Value::Number(n) => Item::Number(n),
            Value::String(range) => {
                tree.push_string(&packet[range]);
                return Some(());
            }
            Value::Bytes(range) => Item::Bytes(packet[range].into()),
            Value::Descriptor(_) => Item::Descriptor(descriptors.next()?),
            Value::Address(_) => Item::Socket(address(descriptors.next()?, format)?),
        });
        Some(())
    };
    match content {
        Content::Single(Value::Boolean(b)) => return Some(Message::Boolean(b)),
        Content::Single(Value::Number(n)) => return Some(Message::Number(n)),
        Content::Single(Value::String(range)) => {
            return Some(Message::String(packet[range].into()));
        }
        Content::Single(value) => add(&mut tree, value)?,
        Content::Dictionary(members) => {
            tree.push(Item::Object(members.len()));
            for member in members {
                tree.push_string(&packet[member.key]);
                add(&mut tree, member.value)?;
            }
            tree.push(Item::End);
        }
    }
    Some(Message::Tree(tree))
}

/// The sending end that an address is. Nothing for another kind of descriptor or socket: what is sent to an address
/// is sent with the rights of this process.
fn address(descriptor: OwnedFd, format: Format) -> Option<Socket> {
    let kind = sockopt::SockType.get(&descriptor).ok()?;
    let name: SockaddrStorage = getsockname(descriptor.as_raw_fd()).ok()?;
    (kind == SockType::SeqPacket && name.family() == Some(AddressFamily::Unix))
        .then_some(Socket { descriptor, format })
}

const _: () = assert!(MEMBERS <= DESCRIPTORS);
