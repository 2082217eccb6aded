//! The socket to the master, and asking it.
//!
//! Nothing here allocates or waits for a lock: a program may open files in a signal handler, or between fork and exec.

use crate::packet::{DESCRIPTORS, Kind};
use crate::wire::{Answer, Function, Request};
use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

/// The number of the socket; -1 without a master.
static SOCKET: AtomicI32 = AtomicI32::new(-1);
/// Which socket that is: programs close numbers that they have not opened, and open others there.
static DEVICE: AtomicU64 = AtomicU64::new(0);
static INODE: AtomicU64 = AtomicU64::new(0);

/// Descriptors that were received, each of which is closed unless it is taken.
pub struct Descriptors([Option<OwnedFd>; DESCRIPTORS]);

impl Descriptors {
    /// Gives the numbers away to an array; how many there are.
    pub fn give(self, numbers: &mut [c_int; DESCRIPTORS]) -> usize {
        let mut count = 0;
        for fd in self.0.into_iter().flatten() {
            numbers[count] = fd.into_raw_fd();
            count += 1;
        }
        count
    }
}

/// Device and inode of a socket.
fn identity(fd: RawFd) -> Option<(u64, u64)> {
    let mut status = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: fstat(2) fills the struct when it succeeds.
    let status = unsafe {
        if libc::fstat(fd, status.as_mut_ptr()) != 0 {
            return None;
        }
        status.assume_init()
    };
    let is_socket = status.st_mode & libc::S_IFMT == libc::S_IFSOCK;
    is_socket.then_some((status.st_dev as u64, status.st_ino as u64))
}

/// Asks the master behind a socket from now on. False when it is none.
pub fn attach(fd: RawFd) -> bool {
    let Some((device, inode)) = identity(fd) else {
        return false;
    };
    DEVICE.store(device, Ordering::Relaxed);
    INODE.store(inode, Ordering::Relaxed);
    SOCKET.store(fd, Ordering::Release);
    true
}

/// Whether there may be a master.
pub fn is_attached() -> bool {
    SOCKET.load(Ordering::Relaxed) >= 0
}

fn socket() -> Option<RawFd> {
    let fd = SOCKET.load(Ordering::Acquire);
    let known = (
        DEVICE.load(Ordering::Relaxed),
        INODE.load(Ordering::Relaxed),
    );
    (fd >= 0 && identity(fd) == Some(known)).then_some(fd)
}

/// The source of the filters, which lies in the socket for every process that looks; none without filters.
pub fn filters() -> Option<Vec<u8>> {
    let fd = socket()?;
    let flags = libc::MSG_PEEK | libc::MSG_DONTWAIT;
    let mut text = Vec::new();
    loop {
        // SAFETY: the vector has that many bytes.
        let length = unsafe {
            libc::recv(
                fd,
                text.as_mut_ptr() as *mut _,
                text.len(),
                flags | libc::MSG_TRUNC,
            )
        };
        match usize::try_from(length) {
            Ok(length) if length <= text.len() => {
                text.truncate(length);
                return (length > 0).then_some(text);
            }
            Ok(length) => text.resize(length, 0),
            Err(_) => return None,
        }
    }
}

/// The master's answer to a call of `function`, which brings the descriptor `brought` unless that is -1. Nothing when
/// there is no master any more, or it sends what is no answer.
pub fn ask(request: &Request, function: Function, brought: c_int) -> Option<(Answer, Descriptors)> {
    let service = socket()?;
    let (ours, theirs) = pair()?;
    send(service, request.packet(), &[theirs.as_raw_fd(), brought])?;
    drop(theirs);
    wait(service, ours.as_raw_fd())?;
    let (answer, descriptors) = receive(ours.as_raw_fd(), function)?;
    (!answer.is(Kind::Real)).then_some((answer, descriptors))
}

fn pair() -> Option<(OwnedFd, OwnedFd)> {
    let mut fds = [-1; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: the array has room for two, which nobody owns before.
    unsafe {
        if libc::socketpair(libc::AF_UNIX, kind, 0, fds.as_mut_ptr()) != 0 {
            return None;
        }
        Some((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

fn errno() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// Bytes of a control message with [`DESCRIPTORS`] numbers: the kernel keeps back what does not fit.
const CONTROL: usize =
    // SAFETY: a computation.
    unsafe { libc::CMSG_SPACE((DESCRIPTORS * size_of::<c_int>()) as u32) } as usize;

/// What lengths of control messages are counted in here: the systems differ.
type Length = usize;

/// Room for it, aligned for its header.
type Control = MaybeUninit<[u64; CONTROL.div_ceil(8)]>;

/// A header for one buffer and a control message of `length` bytes.
fn header(iov: &mut libc::iovec, control: &mut Control, length: usize) -> libc::msghdr {
    // SAFETY: numbers and pointers, for which zero is valid.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = iov;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = length as _;
    header
}

/// sendmsg(2) with those of `fds` that are not -1. It may wait until the master has taken others.
fn send(socket: RawFd, bytes: &[u8], fds: &[c_int; 2]) -> Option<()> {
    let count = if fds[1] == -1 { 1 } else { 2 };
    let size = (count * size_of::<c_int>()) as u32;
    let mut iov = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    };
    let mut control = Control::zeroed();
    // SAFETY: a computation.
    let room = unsafe { libc::CMSG_SPACE(size) } as usize;
    let header = header(&mut iov, &mut control, room);
    // SAFETY: `room`, at most the control buffer, holds one message with the numbers.
    unsafe {
        let message = libc::CMSG_FIRSTHDR(&raw const header);
        (*message).cmsg_level = libc::SOL_SOCKET;
        (*message).cmsg_type = libc::SCM_RIGHTS;
        (*message).cmsg_len = libc::CMSG_LEN(size) as _;
        let data = libc::CMSG_DATA(message);
        std::ptr::copy_nonoverlapping(fds.as_ptr().cast::<u8>(), data, size as usize);
    }
    loop {
        // SAFETY: the header refers to memory of this function and of the caller.
        if unsafe { libc::sendmsg(socket, &raw const header, libc::MSG_NOSIGNAL) } >= 0 {
            return Some(());
        }
        match errno() {
            libc::EINTR => {}
            libc::EAGAIN if poll(&mut [event(socket, libc::POLLOUT)]) => {}
            _ => return None,
        }
    }
}

fn event(fd: RawFd, events: i16) -> libc::pollfd {
    libc::pollfd {
        fd,
        events,
        revents: 0,
    }
}

/// poll(2); false when it cannot wait.
fn poll(events: &mut [libc::pollfd]) -> bool {
    // SAFETY: the slice has that many.
    let n = unsafe { libc::poll(events.as_mut_ptr(), events.len() as libc::nfds_t, -1) };
    n >= 0 || errno() == libc::EINTR
}

/// Waits for an answer, or the end of the master. That of `ours` alone would not tell: a process that was forked in the
/// meantime has a copy of the other end.
fn wait(service: RawFd, ours: RawFd) -> Option<()> {
    loop {
        let mut events = [event(ours, libc::POLLIN), event(service, 0)];
        // Who cannot wait here waits for the answer alone.
        if !poll(&mut events) || events[0].revents != 0 {
            return Some(());
        }
        if events[1].revents != 0 {
            return None;
        }
    }
}

/// recvmsg(2) of an answer to a call of `function`.
fn receive(socket: RawFd, function: Function) -> Option<(Answer, Descriptors)> {
    let mut answer = Answer::new(Kind::Number);
    let room = answer.room();
    let mut iov = libc::iovec {
        iov_base: room.as_mut_ptr().cast(),
        iov_len: room.len(),
    };
    let mut control = Control::zeroed();
    let mut header = header(&mut iov, &mut control, CONTROL);
    let length = loop {
        // SAFETY: the header refers to memory of this function.
        let n = unsafe { libc::recvmsg(socket, &raw mut header, libc::MSG_CMSG_CLOEXEC) };
        match usize::try_from(n) {
            Ok(n) => break n,
            Err(_) if errno() == libc::EINTR => {}
            Err(_) => return None,
        }
    };
    let descriptors = descriptors(&header);
    let lost = libc::MSG_TRUNC | libc::MSG_CTRUNC;
    let whole = header.msg_flags & lost == 0 && answer.is_valid(length, function);
    whole.then_some((answer, descriptors))
}

/// Takes the descriptors out of what recvmsg(2) has filled.
fn descriptors(header: &libc::msghdr) -> Descriptors {
    let mut fds = [const { None }; DESCRIPTORS];
    // SAFETY: the kernel has filled the message, which has room for `DESCRIPTORS` numbers; each is new and nobody's.
    unsafe {
        let message = libc::CMSG_FIRSTHDR(header);
        if let Some(found) = message.as_ref()
            && found.cmsg_level == libc::SOL_SOCKET
            && found.cmsg_type == libc::SCM_RIGHTS
        {
            let size = found.cmsg_len as Length - libc::CMSG_LEN(0) as Length;
            let data = libc::CMSG_DATA(message).cast::<RawFd>();
            for (i, fd) in fds.iter_mut().enumerate().take(size / size_of::<RawFd>()) {
                *fd = Some(OwnedFd::from_raw_fd(data.add(i).read_unaligned()));
            }
        }
    }
    Descriptors(fds)
}
