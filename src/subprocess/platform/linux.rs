//! Children by clone3(2) or clone(2): in new namespaces, with a pidfd.

use crate::subprocess::host::IMAGE;
use crate::subprocess::protocol::{Action, Request};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::{Path, PathBuf};
use std::ptr;

/// The two sides of a new process.
pub enum Side {
    Child,
    /// The child's id, as this process sees it, and a descriptor that refers to it.
    Parent(i32, OwnedFd),
}

/// The namespaces that an actor may be created in.
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;

/// Where the C library keeps this thread's id, which a copy of it would have wrong; 0 where the kernel does not tell.
fn thread_id_address() -> u64 {
    const PR_GET_TID_ADDRESS: libc::c_int = 40;
    let mut address: *mut i32 = ptr::null_mut();
    // SAFETY: the kernel writes the address to the pointer, or fails.
    unsafe { libc::prctl(PR_GET_TID_ADDRESS, &raw mut address, 0, 0, 0) };
    address as u64
}

/// Copies this process, which has one thread.
pub fn clone(namespaces: u64) -> io::Result<Side> {
    let mut pidfd = -1;
    let tid = thread_id_address();
    let tid_flags = if tid == 0 {
        0
    } else {
        libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID
    };
    let flags = (namespaces & NAMESPACES) | (libc::CLONE_PIDFD | tid_flags) as u64;
    let pid = match raw_clone3(flags, &mut pidfd, tid) {
        // Filters of containers refuse it, since they cannot look at its flags.
        Err(Errno::ENOSYS) => raw_clone(flags, &mut pidfd, tid),
        result => result,
    };
    match pid? {
        0 => Ok(Side::Child),
        // SAFETY: the kernel has just made the pidfd.
        pid => Ok(Side::Parent(pid, unsafe { OwnedFd::from_raw_fd(pidfd) })),
    }
}

fn raw_clone3(flags: u64, pidfd: &mut RawFd, tid: u64) -> nix::Result<i32> {
    // SAFETY: all zeros are a valid value of the struct of integers.
    let mut arguments: libc::clone_args = unsafe { std::mem::zeroed() };
    arguments.flags = flags;
    arguments.pidfd = (&raw mut *pidfd) as u64;
    arguments.child_tid = tid;
    arguments.exit_signal = libc::SIGCHLD as u64;
    let size = size_of_val(&arguments);
    // The process has one thread, so no lock is held in the copy.
    // SAFETY: without CLONE_VM the child has memory and stack of its own, and goes on here.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const arguments, size) };
    Errno::result(pid).map(|pid| pid as i32)
}

/// The same by clone(2).
fn raw_clone(flags: u64, pidfd: &mut RawFd, tid: u64) -> nix::Result<i32> {
    let flags = flags | libc::SIGCHLD as u64;
    let (stack, tls) = (0_u64, 0_u64);
    let pidfd = &raw mut *pidfd;
    // SAFETY: as above.
    let pid = unsafe {
        if cfg!(target_arch = "x86_64") {
            libc::syscall(libc::SYS_clone, flags, stack, pidfd, tid, tls)
        } else {
            libc::syscall(libc::SYS_clone, flags, stack, pidfd, tls, tid)
        }
    };
    Errno::result(pid).map(|pid| pid as i32)
}

/// This process gets SIGKILL when its parent ends.
pub fn die_with_parent() {
    // It fails for an invalid signal only.
    let _ = nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL);
}

/// Keeps /proc/self this user's after a change of ids: a child could not map its ids otherwise.
pub fn stay_dumpable() -> nix::Result<()> {
    nix::sys::prctl::set_dumpable(true)
}

/// Nobody of this user may trace this process, or reach its memory by /proc.
pub fn hide() {
    // It fails for an invalid value only.
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// The requests that only Linux has.
pub fn mirror(request: &Request<'_>, ruleset: Option<&OwnedFd>) -> nix::Result<()> {
    let [a, b, _] = request.words;
    match request.action {
        Action::Capabilities => capset(request.bytes),
        Action::DropBound => prctl(libc::PR_CAPBSET_DROP, a, 0),
        Action::SetAmbient => {
            let raise = if b != 0 {
                libc::PR_CAP_AMBIENT_RAISE
            } else {
                libc::PR_CAP_AMBIENT_LOWER
            };
            prctl(libc::PR_CAP_AMBIENT, raise as u64, a)
        }
        Action::ResetAmbient => prctl(
            libc::PR_CAP_AMBIENT,
            libc::PR_CAP_AMBIENT_CLEAR_ALL as u64,
            0,
        ),
        Action::Securebits => prctl(libc::PR_SET_SECUREBITS, a, 0),
        Action::NoNewPrivs => nix::sys::prctl::set_no_new_privs(),
        Action::Seccomp => seccomp(request.bytes),
        Action::Landlock => {
            let ruleset = ruleset.ok_or(Errno::EBADF)?.as_raw_fd();
            // SAFETY: no memory is passed.
            let code = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset, a) };
            Errno::result(code).map(drop)
        }
        _ => Err(Errno::EINVAL),
    }
}

fn prctl(option: libc::c_int, a: u64, b: u64) -> nix::Result<()> {
    let zero: libc::c_ulong = 0;
    // SAFETY: none of the options that are used reads memory.
    Errno::result(unsafe { libc::prctl(option, a, b, zero, zero) }).map(drop)
}

/// capset(2) with the two data structs in `words`.
fn capset(words: &[u8]) -> nix::Result<()> {
    const VERSION_3: u32 = 0x2008_0522;
    const WORDS: usize = 6;
    if words.len() != WORDS * size_of::<u32>() {
        return Err(Errno::EINVAL);
    }
    let mut data = [0_u32; WORDS];
    for (word, bytes) in data.iter_mut().zip(words.chunks_exact(4)) {
        *word = u32::from_ne_bytes(bytes.try_into().unwrap_or_default());
    }
    let header = [VERSION_3, 0];
    // SAFETY: the kernel reads a header of two words and data of six.
    let code = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), data.as_ptr()) };
    Errno::result(code).map(drop)
}

/// seccomp(2) with an array of instructions, which are copied to where they are aligned.
pub fn seccomp(program: &[u8]) -> nix::Result<()> {
    let count = program.len() / size_of::<libc::sock_filter>();
    let mut filter = Vec::<libc::sock_filter>::with_capacity(count);
    // SAFETY: instructions are integers; there is room for `count` of them, and the bytes are there.
    unsafe {
        let bytes = filter.as_mut_ptr().cast::<u8>();
        ptr::copy_nonoverlapping(
            program.as_ptr(),
            bytes,
            count * size_of::<libc::sock_filter>(),
        );
        filter.set_len(count);
    }
    let program = libc::sock_fprog {
        len: u16::try_from(count).map_err(|_| Errno::EINVAL)?,
        filter: filter.as_mut_ptr(),
    };
    let mode = libc::SECCOMP_SET_MODE_FILTER;
    // SAFETY: the kernel copies the program during the call.
    let code = unsafe { libc::syscall(libc::SYS_seccomp, mode, 0, &raw const program) };
    Errno::result(code).map(drop)
}

/// close_range(2): exec closes what is from `low` on.
pub fn close_on_exec_from(low: RawFd) -> io::Result<()> {
    // SAFETY: no memory is passed.
    let code = unsafe {
        libc::syscall(
            libc::SYS_close_range,
            low,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
    Errno::result(code)?;
    Ok(())
}

/// Nobody can change the file any more.
pub fn seal(file: &File) -> io::Result<()> {
    let seals = SealFlag::F_SEAL_WRITE
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_SEAL;
    fcntl(file, FcntlArg::F_ADD_SEALS(seals))?;
    Ok(())
}

/// The variable by which ld.so(8) loads the library at a descriptor before all others, and its value.
pub fn preload(fd: RawFd) -> (&'static str, String) {
    ("LD_PRELOAD", format!("/proc/self/fd/{fd}"))
}

/// pidfd_send_signal(2).
pub fn signal(child: &OwnedFd, signo: libc::c_int) -> nix::Result<()> {
    let none = ptr::null::<libc::siginfo_t>();
    // SAFETY: no memory is passed.
    let code = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            child.as_raw_fd(),
            signo,
            none,
            0,
        )
    };
    Errno::result(code).map(drop)
}

/// Whether a child has ended: its pidfd is readable then.
pub fn has_ended(child: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(child.as_fd(), PollFlags::POLLIN)];
    matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1..))
}

/// SIGRTMIN, of which the C library keeps some for itself.
pub fn first_realtime_signal() -> libc::c_int {
    libc::SIGRTMIN()
}

/// Descriptors have no rights of their own here.
pub fn limit_to_sending(_socket: BorrowedFd<'_>) -> io::Result<()> {
    Ok(())
}

/// The dynamic linker finds no libraries by descriptors.
pub fn library_directory(_directory: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    Err(Errno::ENOTSUP.into())
}

/// A path of an open library. A number may stand for another library already, loaded before a fork: with another `unique`
/// the paths are not spelled alike.
pub fn library_path(library: &OwnedFd, unique: usize) -> io::Result<CString> {
    let detour = "./".repeat(unique + 1);
    Ok(CString::new(format!(
        "/proc/self/fd/{detour}{}",
        library.as_raw_fd()
    ))?)
}

/// Where the supervisor finds its module, which it has as [`IMAGE`].
pub fn image_path(_module: &Path) -> PathBuf {
    format!("/proc/self/fd/{IMAGE}").into()
}
