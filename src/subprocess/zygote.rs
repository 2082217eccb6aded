//! The zygote, which the documentation calls supervisor: a process with one thread that makes all actors of its host.
//!
//! A fork of the host would hand over its memory. The zygote has none of it: the first one is a new image of the
//! interpreter, those of actors are forked before any code of theirs runs.

use super::child::{self, Streams};
use super::close::close_from;
use super::message::{self, Message};
use super::platform::{Side, clone, has_ended, signal};
use super::protocol::{Action, Answer, LONGEST, Request, Stream};
use super::{actor, host, init_script, mirror};
use crate::system;
use mlua::ffi::{self, lua_State};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, SigmaskHow, Signal};
use nix::sys::signal::{sigaction, sigprocmask};
use nix::sys::stat::{Mode, umask};
use nix::sys::wait::waitpid;
use std::ffi::{CStr, c_char, c_int};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// Where the control socket is in a zygote, and the inbox in an actor.
pub const SOCKET: RawFd = 3;

/// How a zygote ends.
enum End {
    /// The host is gone, or has closed its side.
    Eof,
    Failed,
}

/// Body of `luaopen_emilua_zygote`, which is called in a new image of the interpreter and never returns.
///
/// # Safety
/// `l` is a valid state, [`SOCKET`] the control socket.
pub unsafe fn open(l: *mut lua_State) -> c_int {
    close_from(SOCKET + 1);
    forget_environment();
    system::reset_signals();
    // SAFETY: the host has put it there.
    let Ok(control) = (unsafe { control() }) else {
        child::exit(1)
    };
    // SAFETY: as the caller promises; the text stays on the stack while it is read.
    let version = unsafe {
        ffi::lua_getglobal(l, c"jit".as_ptr());
        ffi::lua_getfield(l, -1, c"version".as_ptr());
        CStr::from_ptr(ffi::luaL_checkstring(l, -1)).to_string_lossy()
    };
    match message::send(control.as_fd(), host::greeting(&version).as_bytes(), &[]) {
        Ok(_) => {
            // Without them each actor makes its own, or says why it cannot.
            actor::prepare();
            init_script::prepare();
            serve(control)
        }
        Err(_) => child::exit(1),
    }
}

/// The control socket. No program is executed here, but actors must not take it for a descriptor that they are given.
///
/// # Safety
/// It was put at [`SOCKET`], and nothing else uses the number.
pub unsafe fn control() -> nix::Result<OwnedFd> {
    // SAFETY: as the caller promises.
    let control = unsafe { OwnedFd::from_raw_fd(SOCKET) };
    fcntl(&control, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(control)
}

/// Erases the texts of the environment, of which the dynamic linker has needed some.
fn forget_environment() {
    // SAFETY: as environ(7) has it.
    unsafe extern "C" {
        static mut environ: *mut *mut c_char;
    }
    // SAFETY: the process has one thread; the list ends with a null pointer, and its texts are writable.
    unsafe {
        let mut text = environ;
        while !text.is_null() && !(*text).is_null() {
            libc::explicit_bzero((*text).cast(), libc::strlen(*text));
            text = text.add(1);
        }
        if !environ.is_null() {
            *environ = std::ptr::null_mut();
        }
    }
}

/// Leaves room for this many strings in the interpreter's table of them: growing it writes to every page with a string.
const STRINGS: i64 = 1024;

/// # Safety
/// `l` is a valid state with a free slot.
pub unsafe fn make_room(l: *mut lua_State) {
    for n in 0..STRINGS {
        // SAFETY: as the caller promises; the conversion makes a string that no code has.
        unsafe {
            ffi::lua_pushnumber(l, n as ffi::lua_Number + 0.125);
            ffi::lua_tolstring(l, -1, ptr::null_mut());
            ffi::lua_pop(l, 1);
        }
    }
}

/// Serves the host behind `control` until it is gone and all children have ended. All other descriptors beyond the
/// standard streams have been closed.
pub fn serve(control: OwnedFd) -> ! {
    let mut bound = Vec::new();
    let end = match prepare() {
        Ok(()) => requests(&control, &mut bound),
        Err(_) => End::Failed,
    };
    drop(control);
    for child in &bound {
        // It may have ended.
        let _ = signal(child, libc::SIGKILL);
    }
    close_from(0);
    // The executable stays in use, and so cannot be written to, as long as a container may run.
    while waitpid(None, None) != Err(Errno::ECHILD) {}
    child::exit(match end {
        End::Eof => 0,
        End::Failed => 1,
    })
}

/// Blocks all signals but SIGCHLD, whose disposition lets the kernel reap the children.
fn prepare() -> nix::Result<()> {
    let mut blocked = SigSet::all();
    blocked.remove(Signal::SIGCHLD);
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&blocked), None)?;
    let action = SigAction::new(SigHandler::SigDfl, SaFlags::SA_NOCLDWAIT, SigSet::empty());
    // SAFETY: the default disposition runs no code.
    unsafe { sigaction(Signal::SIGCHLD, &action) }?;
    umask(Mode::from_bits_truncate(0o022));
    Ok(())
}

/// Leaves in `bound` the children that end with the host.
fn requests(control: &OwnedFd, bound: &mut Vec<OwnedFd>) -> End {
    let mut packet = vec![0; LONGEST];
    loop {
        let Message {
            length,
            descriptors,
            truncated,
        } = match message::receive(control.as_fd(), &mut packet) {
            Ok(message) => message,
            Err(_) => return End::Failed,
        };
        if length == 0 {
            return End::Eof;
        }
        // What was cut short is closed and ignored: the host sees the end of its socket.
        if truncated {
            continue;
        }
        let Some(request) = Request::parse(&packet[..length]) else {
            return End::Failed;
        };
        if request.action == Action::Spawn {
            spawn(&request, descriptors, bound);
        } else {
            mirror::answer(&request, descriptors);
        }
    }
}

/// Makes a child and tells the host of it on the child's own socket. Returns in the zygote only.
fn spawn(request: &Request<'_>, descriptors: Vec<OwnedFd>, bound: &mut Vec<OwnedFd>) {
    let mut descriptors = descriptors.into_iter();
    let Some(socket) = descriptors.next() else {
        return;
    };
    let [namespaces, streams, is_bound] = request.words;
    let mut given = [0, 1, 2].map(|_| None);
    for (number, given) in given.iter_mut().enumerate() {
        if Stream::of(streams, number) == Stream::Given {
            *given = descriptors.next();
        }
    }
    match clone(namespaces) {
        Ok(Side::Child) => {
            let streams = Streams {
                kinds: [0, 1, 2].map(|number| Stream::of(streams, number)),
                given,
            };
            child::main(socket, streams)
        }
        Ok(Side::Parent(pid, handle)) => {
            let answer = Answer { pid, errno: 0 }.to_bytes();
            // A host that does not listen any more needs no answer.
            let _ = message::send(socket.as_fd(), &answer, &[handle.as_raw_fd()]);
            if is_bound != 0 {
                bound.retain(|child| !has_ended(child));
                bound.push(handle);
            }
        }
        Err(error) => {
            let _ = message::send(socket.as_fd(), &failure(&error).to_bytes(), &[]);
        }
    }
}

/// The answer that tells of an error.
pub fn failure(error: &io::Error) -> Answer {
    Answer {
        pid: -1,
        errno: error.raw_os_error().unwrap_or(libc::EIO),
    }
}
