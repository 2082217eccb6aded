//! Children by pdfork(2), with a process descriptor. There are no namespaces; a script may attach to a jail.

use crate::io::descriptor::capsicum;
use crate::sandbox::no_new_privs;
use crate::subprocess::protocol::{Action, Request};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};

/// The two sides of a new process.
pub enum Side {
    Child,
    /// The child's id and its process descriptor.
    Parent(i32, OwnedFd),
}

/// The flag of [`clone`] that lets the child survive its descriptor.
pub const DAEMON: u64 = 1;

/// Copies this process, which has one thread.
pub fn clone(flags: u64) -> io::Result<Side> {
    let daemon = if flags & DAEMON != 0 {
        libc::PD_DAEMON
    } else {
        0
    };
    let mut descriptor = -1;
    // SAFETY: the process has one thread, so no lock is held in the copy.
    match unsafe { libc::pdfork(&raw mut descriptor, daemon | libc::PD_CLOEXEC) } {
        0 => Ok(Side::Child),
        // SAFETY: the kernel has just made the descriptor.
        pid if pid > 0 => Ok(Side::Parent(pid, unsafe {
            OwnedFd::from_raw_fd(descriptor)
        })),
        _ => Err(Errno::last().into()),
    }
}

/// The kernel does it by the process descriptor.
pub fn die_with_parent() {}

/// Changes of ids do not hide a process here.
pub fn stay_dumpable() -> nix::Result<()> {
    Ok(())
}

/// There are no PID namespaces, whose PID 1 this is for.
pub fn hide() {}

/// The requests that only some systems have.
pub fn mirror(request: &Request<'_>, _descriptor: Option<&OwnedFd>) -> nix::Result<()> {
    match request.action {
        Action::NoNewPrivs => no_new_privs(),
        _ => Err(Errno::EINVAL),
    }
}

/// There is none; the Lua half refuses to ask for it.
pub fn seccomp(_program: &[u8]) -> nix::Result<()> {
    Err(Errno::ENOSYS)
}

/// Exec closes what is from `low` on.
pub fn close_on_exec_from(low: RawFd) -> io::Result<()> {
    // SAFETY: no memory is passed.
    let highest = unsafe { libc::getdtablesize() };
    for fd in low..highest {
        // SAFETY: as above; a closed one is no harm.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    Ok(())
}

/// Nobody can change the file any more.
pub fn seal(file: &File) -> io::Result<()> {
    let seals = libc::F_SEAL_WRITE | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    // SAFETY: the command takes an int.
    Errno::result(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) })?;
    Ok(())
}

/// The variable by which rtld(1) loads the library at a descriptor before all others, and its value.
pub fn preload(fd: RawFd) -> (&'static str, String) {
    ("LD_PRELOAD_FDS", fd.to_string())
}

/// pdkill(2).
pub fn signal(child: &OwnedFd, signo: libc::c_int) -> nix::Result<()> {
    // SAFETY: no memory is passed.
    Errno::result(unsafe { libc::pdkill(child.as_raw_fd(), signo) }).map(drop)
}

/// Whether a child has ended: its process descriptor hangs up then.
pub fn has_ended(child: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(child.as_fd(), PollFlags::empty())];
    matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1..))
}

/// SIGRTMIN of sys/signal.h.
pub fn first_realtime_signal() -> libc::c_int {
    65
}

/// Takes all rights from a sending end but those that sending needs.
pub fn limit_to_sending(socket: BorrowedFd<'_>) -> io::Result<()> {
    capsicum::limit_to_sending(socket)
}

/// A copy of a directory's descriptor by which the dynamic linker finds libraries in it.
pub fn library_directory(directory: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    capsicum::library_directory(directory)
}

/// A path of an open library. There is no name for descriptors in every view of files.
pub fn library_path(library: &OwnedFd, _unique: usize) -> io::Result<CString> {
    // SAFETY: a struct of numbers and bytes, which is to be filled.
    let mut info: libc::kinfo_file = unsafe { std::mem::zeroed() };
    info.kf_structsize = size_of::<libc::kinfo_file>() as libc::c_int;
    // SAFETY: the command fills the struct, of which it was told the size.
    Errno::result(unsafe { libc::fcntl(library.as_raw_fd(), libc::F_KINFO, &raw mut info) })?;
    // SAFETY: a terminated text in the struct.
    Ok(unsafe { CStr::from_ptr(info.kf_path.as_ptr()) }.to_owned())
}

/// Where the supervisor finds its module: descriptors have no names in every view of files.
pub fn image_path(module: &Path) -> PathBuf {
    module.to_owned()
}
