//! Children on Linux, known by a pidfd: neither a signal nor a wait can hit another process of the same id.

use super::ending::Ending;
use super::pipes::Pipes;
use super::plan::Plan;
use super::{Ended, registry, spawn};
use crate::io::{Direction, Io, code};
use crate::vm::Vm;
use libc::{c_int, c_void, pid_t};
use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::task::{Context, Poll};

/// `P_PIDFD` of waitid(2).
const P_PIDFD: libc::idtype_t = 3;

/// A child and the pidfd that it is known by.
pub struct Child {
    /// Closed before the start and after the end.
    pidfd: Io,
    pid: pid_t,
}

impl Child {
    pub fn new(vm: &Vm, tokens: [u32; 2]) -> Self {
        Self {
            pidfd: Io::new(vm, tokens),
            pid: 0,
        }
    }

    pub fn is_running(&self) -> bool {
        self.pidfd.is_open()
    }

    pub fn pid(&self) -> i32 {
        if self.is_running() { self.pid } else { 0 }
    }

    pub fn spawn(&mut self, plan: &mut Plan) -> io::Result<()> {
        // The child's ends are closed when this returns, ours when it fails.
        let pipes = Pipes::open(plan)?;
        let (pid, pidfd) = spawn::start(plan)?;
        registry::add(pid, plan.last_signal);
        pipes.hand_over(plan);
        self.pid = pid;
        self.pidfd.set(pidfd);
        Ok(())
    }

    pub fn wait(&mut self, ended: impl FnOnce(Ended)) -> i32 {
        let pid = self.pid;
        let result = self.pidfd.attempt(
            Direction::Read,
            |pidfd| {
                reap(pidfd.as_fd(), pid, libc::WNOHANG)?.ok_or(io::ErrorKind::WouldBlock.into())
            },
            |_| false,
        );
        if let Poll::Ready(Ok(how)) = &result {
            self.pidfd.close();
            ended(*how);
        }
        code(result, |_| 0)
    }

    pub fn kill(&self, signal: c_int) -> io::Result<()> {
        send(self.pidfd.descriptor()?, signal)
    }

    /// The child has not been reaped, so that the group is its own.
    pub fn kill_group(&self) -> io::Result<()> {
        Ok(killpg(Pid::from_raw(self.pid), Signal::SIGKILL)?)
    }

    /// Gives the child away.
    pub fn abandon(&mut self) -> Option<Orphan> {
        let pidfd = self.pidfd.take().ok()?;
        Some(Orphan {
            pid: self.pid,
            pidfd: Ending::Idle(pidfd),
        })
    }
}

/// pidfd_send_signal(2).
fn send(pidfd: BorrowedFd<'_>, signal: c_int) -> io::Result<()> {
    let (number, none) = (pidfd.as_raw_fd(), std::ptr::null::<c_void>());
    // SAFETY: without a siginfo the kernel makes one.
    Errno::result(unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, number, signal, none, 0_u32)
    })?;
    Ok(())
}

/// waitid(2): how the child has ended; nothing if it has not.
fn reap(pidfd: BorrowedFd<'_>, pid: pid_t, flags: c_int) -> io::Result<Option<Ended>> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let id = pidfd.as_raw_fd() as libc::id_t;
    loop {
        // SAFETY: waitid fills the struct, for which zero is valid.
        match Errno::result(unsafe {
            libc::waitid(P_PIDFD, id, info.as_mut_ptr(), libc::WEXITED | flags)
        }) {
            Err(Errno::EINTR) => {}
            Err(errno) => {
                registry::remove(pid);
                return Err(errno.into());
            }
            Ok(_) => break,
        }
    }
    // SAFETY: as above; the fields belong to SIGCHLD.
    let (ended, how, value) = unsafe {
        let info = info.assume_init();
        (info.si_pid(), info.si_code, info.si_status())
    };
    if ended == 0 {
        return Ok(None);
    }
    registry::remove(pid);
    let signal = if how == libc::CLD_EXITED { 0 } else { value };
    let code = if signal == 0 { value } else { 128 + signal };
    Ok(Some(Ended { code, signal }))
}

/// A child that nobody holds.
pub struct Orphan {
    pid: pid_t,
    pidfd: Ending,
}

impl Orphan {
    /// Ready when the child has been reaped.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let pid = self.pid;
        self.pidfd
            .poll(cx, |pidfd| reap(pidfd, pid, libc::WNOHANG))
            .map(|_| ())
    }

    /// Waits for its end on the calling thread.
    pub fn wait(self) {
        if let Some(pidfd) = self.pidfd.descriptor() {
            let _ = reap(pidfd, self.pid, 0);
        }
    }
}

/// Kills a child that has not been reaped, whose id therefore is its own.
pub fn kill_at_exit(pid: pid_t) {
    // SAFETY: no memory is passed.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}
