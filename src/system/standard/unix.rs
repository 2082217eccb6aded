//! Reading and writing without waiting in the call, and without setting O_NONBLOCK for those who share the
//! open file: what is no regular file is opened anew for each operation, through /proc.

use crate::bridge::{EOF, count, failure, guard, operations, status};
use crate::io::{Direction, Io, code};
use crate::span::Span;
use crate::vm::Vm;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{SFlag, fstat};
use nix::unistd;
use std::ffi::c_int;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};

operations! {
    new: fn(*mut Vm, i32, u32) -> *mut Standard;
    free: fn(*mut Standard);
    read: fn(*mut Standard, *const Span) -> i32;
    write: fn(*mut Standard, *const Span) -> i32;
    duplicate: fn(i32) -> i32;
    duplicate_from: fn(i32, i32) -> i32;
    is_terminal: fn(i32) -> i32;
    foreground: fn(i32) -> i32;
    set_foreground: fn(i32, i32) -> i32;
}

/// How an operation is kept from waiting.
#[derive(Clone, Copy)]
enum Way {
    /// By an open file of our own, in non-blocking mode.
    Own,
    /// By a flag of the call.
    Socket,
    /// By asking before: where the file cannot be opened anew. Somebody else may be faster.
    Asked,
}

/// The longest write that a pipe which is ready takes at once.
const READY_WRITE: usize = 4096;

/// A stream and the operation that waits on it.
pub struct Standard {
    number: c_int,
    /// Open while an operation goes on.
    io: Io,
    way: Way,
}

/// One of the descriptors 0 to 2, or whatever the Lua half knows to be open.
fn borrow<'a>(number: c_int) -> BorrowedFd<'a> {
    // SAFETY: it is used for one call, which fails if it is closed.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// Opens the file of `number` anew; nothing where that is not possible.
#[cfg(target_os = "linux")]
fn reopen(number: c_int, flags: OFlag) -> Option<OwnedFd> {
    let path = format!("/proc/self/fd/{number}");
    let flags = flags | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    nix::fcntl::open(path.as_str(), flags, nix::sys::stat::Mode::empty()).ok()
}

/// Elsewhere /dev/fd gives the same open file.
#[cfg(not(target_os = "linux"))]
fn reopen(_number: c_int, _flags: OFlag) -> Option<OwnedFd> {
    None
}

fn duplicate_of(number: c_int) -> io::Result<OwnedFd> {
    let copy = fcntl(borrow(number), FcntlArg::F_DUPFD_CLOEXEC(3))?;
    // SAFETY: the kernel has made it for us.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Whether a call would not wait now.
fn is_ready(fd: BorrowedFd<'_>, ready: PollFlags) -> nix::Result<bool> {
    Ok(poll(&mut [PollFd::new(fd, ready)], PollTimeout::ZERO)? > 0)
}

/// Whether no more descriptors are to be had.
fn is_limit(error: &io::Error) -> bool {
    [Some(libc::EMFILE), Some(libc::ENFILE)].contains(&error.raw_os_error())
}

impl Standard {
    /// Prepares an operation that may have to wait. False if none can: a regular file is always ready.
    fn open(&mut self, access: OFlag) -> io::Result<bool> {
        if self.io.is_open() {
            return Ok(true);
        }
        let fd = borrow(self.number);
        let kind = SFlag::from_bits_truncate(fstat(fd)?.st_mode) & SFlag::S_IFMT;
        if [SFlag::S_IFREG, SFlag::S_IFBLK, SFlag::S_IFDIR].contains(&kind) {
            return Ok(false);
        }
        let is_socket = kind == SFlag::S_IFSOCK;
        let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
        let allowed = [access, OFlag::O_RDWR].contains(&(flags & OFlag::O_ACCMODE));
        // A file that was not opened for this is left to the call to refuse.
        let own = if is_socket || !allowed {
            None
        } else {
            reopen(self.number, access)
        };
        self.way = match (&own, is_socket) {
            (Some(_), _) => Way::Own,
            (None, true) => Way::Socket,
            (None, false) => Way::Asked,
        };
        self.io.set(match own {
            Some(own) => own,
            None => duplicate_of(self.number)?,
        });
        Ok(true)
    }

    /// Makes `call` without waiting, and registers the stream's fiber if it would have to.
    fn attempt(
        &mut self,
        direction: Direction,
        ready: PollFlags,
        mut call: impl FnMut(BorrowedFd<'_>, Way) -> io::Result<usize>,
    ) -> i32 {
        let access = match direction {
            Direction::Read => OFlag::O_RDONLY,
            Direction::Write => OFlag::O_WRONLY,
        };
        let fd = borrow(self.number);
        let at_once = match self.open(access) {
            Ok(true) => None,
            Ok(false) => Some(Way::Own),
            // A program that has run out of descriptors can still say so.
            Err(error) if is_limit(&error) && is_ready(fd, ready) == Ok(true) => Some(Way::Asked),
            Err(error) => return failure(&error),
        };
        if let Some(way) = at_once {
            loop {
                match call(fd, way) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return failure(&error),
                    Ok(n) => return count(n),
                }
            }
        }
        let way = self.way;
        let result = self.io.attempt(
            direction,
            |socket| {
                let fd = socket.as_fd();
                if matches!(way, Way::Asked) && !is_ready(fd, ready)? {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                call(fd, way)
            },
            |_| false,
        );
        if result.is_ready() {
            // An open file of our own would keep the end of a pipe from those at its other end.
            self.io.close();
        }
        code(result, count)
    }
}

fn standard<'a>(this: *mut Standard) -> &'a mut Standard {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    unsafe { &mut *this }
}

/// The stream of descriptor `number`, whose waiting fiber is woken by `token`.
extern "C" fn new(vm: *mut Vm, number: i32, token: u32) -> *mut Standard {
    Box::into_raw(Box::new(Standard {
        number,
        // SAFETY: the Lua half passes its VM.
        io: Io::internal(unsafe { &*vm }, [token, token]),
        way: Way::Own,
    }))
}

extern "C" fn free(this: *mut Standard) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// read(2) into a span; [`EOF`] at the end.
extern "C" fn read(this: *mut Standard, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span, which is not empty, and keeps it alive during the call.
        let buffer = unsafe { std::slice::from_raw_parts_mut((*span).data, (*span).len) };
        let n = standard(this).attempt(Direction::Read, PollFlags::POLLIN, |fd, way| match way {
            Way::Socket => receive(fd, buffer),
            Way::Own | Way::Asked => Ok(unistd::read(fd, buffer)?),
        });
        if n == 0 { EOF } else { n }
    })
}

/// write(2) from a span.
extern "C" fn write(this: *mut Standard, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let bytes = unsafe { std::slice::from_raw_parts((*span).data, (*span).len) };
        standard(this).attempt(Direction::Write, PollFlags::POLLOUT, |fd, way| match way {
            Way::Socket => send(fd, bytes),
            Way::Own => Ok(unistd::write(fd, bytes)?),
            Way::Asked => Ok(unistd::write(fd, &bytes[..bytes.len().min(READY_WRITE)])?),
        })
    })
}

fn receive(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    let (to, size) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the buffer has that many bytes.
    let n = unsafe { libc::recv(fd.as_raw_fd(), to, size, libc::MSG_DONTWAIT) };
    Ok(Errno::result(n)? as usize)
}

fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<usize> {
    use std::os::fd::AsRawFd;
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: there are that many bytes.
    let n = unsafe { libc::send(fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
    Ok(Errno::result(n)? as usize)
}

/// A duplicate, close-on-exec.
extern "C" fn duplicate(number: i32) -> i32 {
    guard(|| match duplicate_of(number) {
        Ok(copy) => copy.into_raw_fd(),
        Err(error) => failure(&error),
    })
}

/// dup2(2) of `source` to a standard stream.
extern "C" fn duplicate_from(source: i32, number: i32) -> i32 {
    // SAFETY: no memory is passed.
    let result = Errno::result(unsafe { libc::dup2(source, number) });
    status(result.map(|_| ()).map_err(io::Error::from))
}

extern "C" fn is_terminal(number: i32) -> i32 {
    i32::from(unistd::isatty(borrow(number)).unwrap_or(false))
}

/// tcgetpgrp(3).
extern "C" fn foreground(number: i32) -> i32 {
    guard(|| match unistd::tcgetpgrp(borrow(number)) {
        Ok(group) => group.as_raw(),
        Err(errno) => -(errno as i32),
    })
}

/// tcsetpgrp(3).
extern "C" fn set_foreground(number: i32, group: i32) -> i32 {
    let group = unistd::Pid::from_raw(group);
    guard(|| status(unistd::tcsetpgrp(borrow(number), group).map_err(io::Error::from)))
}
