//! Children on FreeBSD, held by a process descriptor. A kqueue of their own tells their end, in capability mode too,
//! where nobody may wait for a process by its id.

use super::ending::Ending;
use super::pipes::Pipes;
use super::plan::Plan;
use super::{Ended, registry, spawn};
use crate::bridge::{PENDING, failure};
use crate::vm::{Token, Vm};
use libc::{c_int, pid_t};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::task::{Context, Poll, Waker};

/// A child and its process descriptor.
pub struct Child {
    /// Nothing before the start and after the end.
    held: Option<Held>,
    pid: pid_t,
    waker: Waker,
}

struct Held {
    /// Closing it reaps the child, or ends it unless it is a daemon.
    descriptor: OwnedFd,
    is_daemon: bool,
    /// The kqueue.
    ending: Ending,
}

/// A kqueue that nobody inherits.
fn queue() -> io::Result<Kqueue> {
    let queue = Kqueue::new()?;
    fcntl(&queue, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(queue)
}

/// Makes the queue tell the end of a child, which may have come.
fn watch(queue: &Kqueue, child: &OwnedFd) -> io::Result<()> {
    let end = KEvent::new(
        child.as_raw_fd() as usize,
        EventFilter::EVFILT_PROCDESC,
        EvFlags::EV_ADD,
        FilterFlag::NOTE_EXIT,
        0,
        0,
    );
    queue.kevent(&[end], &mut [], None)?;
    Ok(())
}

/// How the child of a queue has ended; nothing if it has not. It is told once.
fn reap(queue: BorrowedFd<'_>, timeout: *const libc::timespec) -> io::Result<Option<Ended>> {
    let mut event = MaybeUninit::<libc::kevent>::uninit();
    let (number, into) = (queue.as_raw_fd(), event.as_mut_ptr());
    loop {
        // SAFETY: no changes, room for one event, and the caller's timeout.
        let n = unsafe { libc::kevent(number, ptr::null(), 0, into, 1, timeout) };
        match Errno::result(n) {
            Err(Errno::EINTR) => {}
            Ok(0) => return Ok(None),
            result => {
                result?;
                break;
            }
        }
    }
    // SAFETY: there is one event.
    let status = unsafe { event.assume_init() }.data as c_int;
    let signal = if libc::WIFSIGNALED(status) {
        libc::WTERMSIG(status)
    } else {
        0
    };
    let code = if signal == 0 {
        libc::WEXITSTATUS(status)
    } else {
        128 + signal
    };
    Ok(Some(Ended { code, signal }))
}

/// The same without waiting.
fn try_reap(queue: BorrowedFd<'_>) -> io::Result<Option<Ended>> {
    reap(
        queue,
        &libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        },
    )
}

impl Child {
    pub fn new(vm: &Vm, tokens: [u32; 2]) -> Self {
        Self {
            held: None,
            pid: 0,
            waker: Token::waker(vm.shared(), tokens[0]),
        }
    }

    pub fn is_running(&self) -> bool {
        self.held.is_some()
    }

    pub fn pid(&self) -> i32 {
        if self.is_running() { self.pid } else { 0 }
    }

    pub fn spawn(&mut self, plan: &mut Plan) -> io::Result<()> {
        let pipes = Pipes::open(plan)?;
        let queue = queue()?;
        let (pid, descriptor) = spawn::start(plan)?;
        watch(&queue, &descriptor)?;
        registry::add(pid, plan.last_signal);
        pipes.hand_over(plan);
        self.pid = pid;
        self.held = Some(Held {
            descriptor,
            is_daemon: spawn::is_daemon(plan),
            ending: Ending::Idle(queue.into()),
        });
        Ok(())
    }

    pub fn wait(&mut self, ended: impl FnOnce(Ended)) -> i32 {
        let Some(held) = &mut self.held else {
            return -libc::ECHILD;
        };
        let mut cx = Context::from_waker(&self.waker);
        match held.ending.poll(&mut cx, try_reap) {
            Poll::Pending => PENDING,
            Poll::Ready(Err(error)) => failure(&error),
            Poll::Ready(Ok(how)) => {
                self.held = None;
                registry::remove(self.pid);
                ended(how);
                0
            }
        }
    }

    pub fn kill(&self, signal: c_int) -> io::Result<()> {
        let held = self.held.as_ref().ok_or(Errno::ESRCH)?;
        // SAFETY: no memory is passed.
        Errno::result(unsafe { libc::pdkill(held.descriptor.as_raw_fd(), signal) })?;
        Ok(())
    }

    /// The child has not been reaped, so that the group is its own.
    pub fn kill_group(&self) -> io::Result<()> {
        Ok(killpg(Pid::from_raw(self.pid), Signal::SIGKILL)?)
    }

    /// Gives the child away. One that is no daemon ends here.
    pub fn abandon(&mut self) -> Option<Orphan> {
        let held = self.held.take()?;
        if !held.is_daemon {
            registry::remove(self.pid);
            return None;
        }
        Some(Orphan {
            pid: self.pid,
            held,
        })
    }
}

/// A child that nobody holds.
pub struct Orphan {
    pid: pid_t,
    held: Held,
}

impl Orphan {
    /// Ready when the child has ended; it is reaped with the orphan.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.held
            .ending
            .poll(cx, try_reap)
            .map(|_| registry::remove(self.pid))
    }

    /// Waits for its end on the calling thread.
    pub fn wait(self) {
        if let Some(queue) = self.held.ending.descriptor() {
            let _ = reap(queue, ptr::null());
            registry::remove(self.pid);
        }
    }
}

/// Kills a child that has not been reaped, whose id therefore is its own. Capability mode forbids it: those that are no
/// daemons, as is the default there, end with their descriptors.
pub fn kill_at_exit(pid: pid_t) {
    // SAFETY: no memory is passed.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}
