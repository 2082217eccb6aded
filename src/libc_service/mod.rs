//! The master's side of `emilua.libc_service`. Its other side is a library of its own, in `interpose/`, which is
//! preloaded into the processes of a slave.

mod wire;

use crate::bridge::{EOF, copy_text, failure, guard, operations, status};
use crate::io::unix::Fds;
use crate::io::{Direction, Io, code, object, open_flags};
use crate::subprocess::{message, module_path};
use crate::vm::Vm;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use std::ffi::{c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use wire::{Answer, Function, Request};

operations! {
    new_slave: fn(*mut Vm) -> *mut Io;
    pair: fn(*mut Io, *mut Io) -> i32;
    receive: fn(*mut Io, *mut Room) -> i32;
    answer: fn(*mut Io, *const Answer, *const RawFd, u32) -> i32;
    send_filters: fn(*mut Io, *const c_char, usize) -> i32;
    library: fn(*mut c_char, i32) -> i32;
    is_preloaded: fn() -> i32;
}

/// The library's name, beside the module.
const LIBRARY: &str = "libemilua_libc_service.so";

/// Where the library is; none where it is not installed.
pub fn library_path() -> io::Result<PathBuf> {
    let path = module_path()?.with_file_name(LIBRARY);
    path.metadata()?;
    std::path::absolute(path)
}

/// The same, as a text.
extern "C" fn library(buffer: *mut c_char, size: i32) -> i32 {
    guard(|| match library_path() {
        Ok(path) => copy_text(path.as_os_str().as_bytes(), buffer, size),
        Err(error) => failure(&error),
    })
}

/// Whether this process has the library, as actors have: theirs have it, too.
extern "C" fn is_preloaded() -> i32 {
    i32::from(attach_function().is_some())
}

/// What the library is told its socket by.
pub fn attach_function() -> Option<extern "C" fn(c_int)> {
    // SAFETY: a name that lives for ever; the function of that name has this type, and a null pointer is none.
    unsafe {
        let symbol = libc::dlsym(libc::RTLD_DEFAULT, c"emilua_libc_service_attach".as_ptr());
        std::mem::transmute::<*mut c_void, Option<extern "C" fn(c_int)>>(symbol)
    }
}

/// A closed object for a slave's end, which its user cannot close: it is not counted.
extern "C" fn new_slave(vm: *mut Vm) -> *mut Io {
    // SAFETY: the Lua half passes its VM.
    Box::into_raw(Box::new(Io::internal(unsafe { &*vm }, [0; 2])))
}

/// The two ends, into closed objects. Processes of the slave wait when the master is slow; the master does not.
extern "C" fn pair(master: *mut Io, slave: *mut Io) -> i32 {
    guard(|| {
        let made = socketpair(
            AddressFamily::Unix,
            SockType::SeqPacket,
            None,
            SockFlag::SOCK_CLOEXEC,
        );
        status((|| {
            let (ours, theirs) = made?;
            fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
            object(master).set(ours);
            object(slave).set(theirs);
            Ok(())
        })())
    })
}

/// Room for a call. Same layout as in libc_service/native.lua.
#[repr(C)]
struct Room {
    /// The socket for its answer, then what else it brings.
    fds: *mut Fds,
    /// The flags of open are those of the Lua half.
    request: Request,
}

/// Receives a call. [`EOF`] when no process of the slave is left, EPROTO for a packet that is no call.
extern "C" fn receive(this: *mut Io, room: *mut Room) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a struct with a list, and keeps both alive.
        let (request, fds) = unsafe { (&mut (*room).request, &mut *(*room).fds) };
        let result = object(this).attempt(
            Direction::Read,
            |socket| loop {
                match message::try_receive(socket.as_fd(), request.room()) {
                    // It has ended with the filters unread. Its last calls are still there.
                    Err(Errno::ECONNRESET) => {}
                    result => return Ok(result?),
                }
            },
            |_| false,
        );
        code(result, |message| {
            if message.length == 0 && message.descriptors.is_empty() {
                return EOF;
            }
            if message.truncated || !request.is_valid(message.length, message.descriptors.len()) {
                return -(Errno::EPROTO as i32);
            }
            if matches!(request.function(), Some(Function::Open | Function::Openat)) {
                request.flags = open_flags(request.flags as i32);
            }
            fds.set(message.descriptors);
            0
        })
    })
}

/// Answers a call by its socket. Nobody may listen any more, and who does not take the answer at once has not called by
/// the library: neither is an error.
extern "C" fn answer(this: *mut Io, answer: *const Answer, fds: *const RawFd, count: u32) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a struct and an array of `count` descriptors that it owns.
        let (answer, fds) = unsafe { (&*answer, std::slice::from_raw_parts(fds, count as usize)) };
        let socket = match object(this).descriptor() {
            Ok(socket) => socket,
            Err(error) => return failure(&error),
        };
        match message::try_send(socket, answer.packet(), fds) {
            // Of the descriptors, or of this machine.
            Err(error @ (Errno::EBADF | Errno::ETOOMANYREFS | Errno::ENOMEM)) => -(error as i32),
            _ => 0,
        }
    })
}

/// Leaves the filters in the slave's socket, where each of its processes looks at them.
extern "C" fn send_filters(this: *mut Io, text: *const c_char, length: usize) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a string.
        let text = unsafe { std::slice::from_raw_parts(text.cast::<u8>(), length) };
        status((|| {
            message::try_send(object(this).descriptor()?, text, &[])?;
            Ok(())
        })())
    })
}
