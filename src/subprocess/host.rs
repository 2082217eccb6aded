//! The host's side of its zygote: starting it, asking it for children, telling it what the host has done to itself.

use super::child::place;
use super::protocol::{Action, Answer, Request, Stream};
use super::zygote::SOCKET;
use super::{message, platform};
use crate::libc_service::library_path;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{AddressFamily, Shutdown, SockFlag, SockType, shutdown, socketpair};
use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, fork};
use std::ffi::{CStr, OsStr};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{env, io};

/// The socket to the zygote of this process; one for all its VMs.
static CONTROL: Mutex<Option<OwnedFd>> = Mutex::new(None);

fn control() -> MutexGuard<'static, Option<OwnedFd>> {
    CONTROL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes over the zygote that was forked for this process.
pub fn adopt(socket: OwnedFd) {
    *control() = Some(socket);
}

/// The number of the module in the zygote.
pub const IMAGE: RawFd = SOCKET + 1;
/// And the library that its actors need for `libc_service`, which must be loaded before the interpreter.
const LIBRARY: RawFd = IMAGE + 1;

/// What the new interpreter runs. Its search paths are emptied first: it needs nothing from any file.
const BOOT: &str = "package.path, package.cpath = '', ''\n\
    assert(package.loadlib(os.getenv('EMILUA_IMAGE'), 'luaopen_emilua_zygote'))('emilua.zygote')";

/// What the zygote says first. The host refuses one that differs.
pub fn greeting(jit_version: &str) -> String {
    let build = env!("CARGO_PKG_VERSION");
    format!("emilua {build}, {jit_version}, {} bits", usize::BITS)
}

/// Starts the zygote by `interpreter`, unless there is one. `jit_version` is the host's.
pub fn start(interpreter: &OsStr, jit_version: &str) -> io::Result<()> {
    let mut control = control();
    if control.is_some() {
        return Ok(());
    }
    let (ours, theirs) = socket_pair()?;
    let module = module_path()?;
    let mut descriptors = vec![theirs, image(&module, c"emilua.so")?];
    let mut command = Command::new(interpreter);
    command.args(["-E", "-e", BOOT]).env_clear();
    // Functions are bound once, in the supervisor, not in each of its copies.
    command
        .env("LD_BIND_NOW", "1")
        .env("EMILUA_IMAGE", platform::image_path(&module));
    if let Some(path) = env::var_os("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", path);
    }
    if let Ok(path) = library_path() {
        descriptors.push(image(&path, c"emilua_libc_service.so")?);
        let (variable, value) = platform::preload(LIBRARY);
        command.env(variable, value);
    }
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    // SAFETY: only system calls are made between fork and exec.
    unsafe { command.pre_exec(move || inherit(&numbers)) };
    let mut between = command.spawn()?;
    drop(descriptors);
    between.wait()?;
    let expected = greeting(jit_version);
    let mut buffer = [0; 256];
    let heard = message::receive(ours.as_fd(), &mut buffer)?;
    let heard = String::from_utf8_lossy(&buffer[..heard.length]);
    if heard != expected {
        drop(ours);
        return Err(io::Error::other(format!(
            "the supervisor is \"{heard}\", this is \"{expected}\""
        )));
    }
    shutdown(ours.as_raw_fd(), Shutdown::Read)?;
    *control = Some(ours);
    Ok(())
}

/// Leaves the descriptors from [`SOCKET`] on, and nothing beyond them over exec, in a process that is no child of this one:
/// the host program may wait for whichever of its children ends.
fn inherit(descriptors: &[RawFd]) -> io::Result<()> {
    // SAFETY: between fork and exec, where only system calls are made.
    if let ForkResult::Parent { .. } = unsafe { fork() }? {
        super::child::exit(0);
    }
    let mut moved = [0; 3];
    for (to, &from) in moved.iter_mut().zip(descriptors) {
        // SAFETY: the numbers are open: this process is a copy of the one that holds them.
        let from = unsafe { std::os::fd::BorrowedFd::borrow_raw(from) };
        *to = fcntl(from, FcntlArg::F_DUPFD_CLOEXEC(10))?;
    }
    let end = SOCKET + descriptors.len() as RawFd;
    for (from, to) in moved.into_iter().zip(SOCKET..end) {
        // SAFETY: made above.
        place(unsafe { std::os::fd::BorrowedFd::borrow_raw(from) }, to)?;
    }
    platform::close_on_exec_from(end)
}

fn socket_pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    let kind = SockType::SeqPacket;
    socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC)
}

/// A sealed copy of a shared object: a container that maps it cannot reach the file.
fn image(path: &Path, name: &CStr) -> io::Result<OwnedFd> {
    let mut from = File::open(path)?;
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut to = File::from(memfd_create(name, flags)?);
    io::copy(&mut from, &mut to)?;
    platform::seal(&to)?;
    Ok(to.into())
}

/// The file that this module was loaded from.
pub fn module_path() -> io::Result<PathBuf> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::uninit();
    let here = module_path as *const std::ffi::c_void;
    // SAFETY: dladdr fills the struct when it does not return 0, with a text that lives as long as the module.
    let name = unsafe {
        if libc::dladdr(here, info.as_mut_ptr()) == 0 {
            return Err(io::ErrorKind::NotFound.into());
        }
        CStr::from_ptr(info.assume_init().dli_fname)
    };
    Ok(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

/// A child that the zygote has made.
pub struct Spawned {
    pub pid: i32,
    /// Refers to the process whatever becomes of its id.
    pub handle: OwnedFd,
    /// To the child: its configuration is sent by it, afterwards it leads to the inbox.
    pub socket: OwnedFd,
}

/// Makes a child in new namespaces. `streams` are its standard streams; `bound` is one that ends with this process,
/// however that ends.
pub fn spawn(namespaces: u64, streams: [(Stream, RawFd); 3], bound: bool) -> io::Result<Spawned> {
    let (ours, theirs) = socket_pair()?;
    let mut descriptors = vec![theirs.as_raw_fd()];
    let mut word = 0;
    for (number, (kind, fd)) in streams.into_iter().enumerate() {
        word |= (kind as u64) << (2 * number);
        if kind == Stream::Given {
            descriptors.push(fd);
        }
    }
    let request = Request {
        action: Action::Spawn,
        words: [namespaces, word, u64::from(bound)],
        bytes: &[],
    };
    {
        let control = control();
        let control = control.as_ref().ok_or(Errno::ECHILD)?;
        request.send(control.as_fd(), &descriptors)?;
        drop(theirs);
        wait_for_answer(&ours, control)?;
    }
    let mut buffer = [0; 8];
    let answer = message::receive(ours.as_fd(), &mut buffer)?;
    if answer.length == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let Answer { pid, errno } = Answer::parse(&buffer[..answer.length])?;
    if errno != 0 {
        return Err(io::Error::from_raw_os_error(errno));
    }
    let handle = answer.descriptors.into_iter().next();
    let handle = handle.ok_or(Errno::EMFILE)?;
    shutdown(ours.as_raw_fd(), Shutdown::Read)?;
    platform::limit_to_sending(ours.as_fd())?;
    Ok(Spawned {
        pid,
        handle,
        socket: ours,
    })
}

/// Returns when there is something on the socket to a child. A zygote that ends before it has answered may leave a child
/// that waits for its configuration, so the socket itself need not come to its end.
fn wait_for_answer(socket: &OwnedFd, control: &OwnedFd) -> io::Result<()> {
    let mut fds = [
        PollFd::new(socket.as_fd(), PollFlags::POLLIN),
        PollFd::new(control.as_fd(), PollFlags::empty()),
    ];
    while let Err(error) = poll(&mut fds, PollTimeout::NONE) {
        if error != Errno::EINTR {
            return Err(error.into());
        }
    }
    match fds[0].any() {
        Some(true) => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// A descriptor of a directory that need not be readable.
fn directory(path: &str) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(path, flags, Mode::empty())
}

/// Makes the zygote do what this process has done to itself. A host whose zygote does not confirm ends at once: new
/// actors would have rights that it has given up.
pub fn mirror(action: Action, words: [u64; 3], bytes: &[u8], descriptor: Option<RawFd>) {
    let control = control();
    let Some(control) = &*control else {
        return;
    };
    let confirmed = || -> io::Result<i32> {
        let (ours, theirs) = socket_pair()?;
        // Directories are told by what this process sees now.
        let directory = match action {
            Action::ChangeDirectory => Some(directory(".")?),
            Action::ChangeRoot => Some(directory("/")?),
            _ => None,
        };
        let directory = directory.as_ref().map(AsRawFd::as_raw_fd);
        let mut descriptors = Vec::from_iter(descriptor.or(directory));
        descriptors.push(theirs.as_raw_fd());
        let request = Request {
            action,
            words,
            bytes,
        };
        request.send(control.as_fd(), &descriptors)?;
        drop(theirs);
        let mut buffer = [0; 8];
        let answer = message::receive(ours.as_fd(), &mut buffer)?;
        Ok(Answer::parse(&buffer[..answer.length])?.errno)
    };
    if !matches!(confirmed(), Ok(0)) {
        super::report(
            "emilua: the supervisor did not follow a change of privileges: this process ends\n",
        );
        super::child::exit(1);
    }
}
