//! Children on FreeBSD, held by a process descriptor. kqueue tells its end only by a filter that the reactor does not
//! know, so a thread waits for each child that somebody waits for.

use super::pipes::Pipes;
use super::plan::Plan;
use super::{Ended, registry, spawn};
use crate::bridge::{PENDING, failure};
use crate::vm::{Token, Vm};
use libc::{c_int, pid_t};
use nix::errno::Errno;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

/// Whom the thread that waits for a child wakes.
type Listener = Arc<Mutex<Waker>>;

/// A child and its process descriptor.
pub struct Child {
    /// Nothing before the start and after the end. Closing it ends the child unless it is a daemon.
    descriptor: Option<OwnedFd>,
    pid: pid_t,
    waker: Waker,
    /// Of the thread that waits, once there is one.
    listener: Option<Listener>,
}

/// Starts the thread that wakes `waker` when the child has ended, without reaping it.
fn listen(pid: pid_t, waker: &Waker) -> io::Result<Listener> {
    let listener = Arc::new(Mutex::new(waker.clone()));
    let told = listener.clone();
    thread::Builder::new()
        .name("emilua-child".into())
        .spawn(move || {
            // EINTR is the only failure while the child has not been reaped.
            while let Err(Errno::EINTR) = wait_id(pid, libc::WNOWAIT) {}
            told.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .wake_by_ref();
        })?;
    Ok(listener)
}

/// waitid(2): how the child has ended; nothing if it has not.
fn wait_id(pid: pid_t, flags: c_int) -> Result<Option<Ended>, Errno> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let (id, flags) = (pid as libc::id_t, libc::WEXITED | flags);
    // SAFETY: waitid fills the struct, for which zero is valid.
    Errno::result(unsafe { libc::waitid(libc::P_PID, id, info.as_mut_ptr(), flags) })?;
    // SAFETY: as above.
    let info = unsafe { info.assume_init() };
    if info.si_pid == 0 {
        return Ok(None);
    }
    let exited = info.si_code == libc::CLD_EXITED;
    let signal = if exited { 0 } else { info.si_status };
    let code = if exited { info.si_status } else { 128 + signal };
    Ok(Some(Ended { code, signal }))
}

/// Reaps the child if it has ended.
fn reap(pid: pid_t, flags: c_int) -> io::Result<Option<Ended>> {
    loop {
        match wait_id(pid, flags) {
            Err(Errno::EINTR) => {}
            Ok(None) => return Ok(None),
            result => {
                registry::remove(pid);
                return Ok(result?);
            }
        }
    }
}

impl Child {
    pub fn new(vm: &Vm, tokens: [u32; 2]) -> Self {
        let waker = Token::waker(vm.shared(), tokens[0]);
        Self {
            descriptor: None,
            pid: 0,
            waker,
            listener: None,
        }
    }

    pub fn is_running(&self) -> bool {
        self.descriptor.is_some()
    }

    pub fn pid(&self) -> i32 {
        if self.is_running() { self.pid } else { 0 }
    }

    pub fn spawn(&mut self, plan: &mut Plan) -> io::Result<()> {
        let pipes = Pipes::open(plan)?;
        let (pid, descriptor) = spawn::start(plan)?;
        registry::add(pid, plan.last_signal);
        pipes.hand_over(plan);
        self.pid = pid;
        self.descriptor = Some(descriptor);
        Ok(())
    }

    pub fn wait(&mut self, ended: impl FnOnce(Ended)) -> i32 {
        match reap(self.pid, libc::WNOHANG) {
            Ok(Some(how)) => {
                self.descriptor = None;
                ended(how);
                0
            }
            Ok(None) if self.listener.is_some() => PENDING,
            Ok(None) => match listen(self.pid, &self.waker) {
                Ok(listener) => {
                    self.listener = Some(listener);
                    PENDING
                }
                Err(error) => failure(&error),
            },
            Err(error) => failure(&error),
        }
    }

    pub fn kill(&self, signal: c_int) -> io::Result<()> {
        let Some(descriptor) = &self.descriptor else {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        };
        // SAFETY: no memory is passed.
        Errno::result(unsafe { libc::pdkill(descriptor.as_raw_fd(), signal) })?;
        Ok(())
    }

    /// Gives the child away.
    pub fn abandon(&mut self) -> Option<Orphan> {
        // Closing its descriptor ends a child that is no daemon.
        self.descriptor.take()?;
        Some(Orphan {
            pid: self.pid,
            listener: self.listener.take(),
        })
    }
}

/// A child that nobody holds.
pub struct Orphan {
    pid: pid_t,
    listener: Option<Listener>,
}

impl Orphan {
    /// Ready when the child has been reaped.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.listener {
            Some(listener) => {
                cx.waker()
                    .clone_into(&mut listener.lock().unwrap_or_else(PoisonError::into_inner));
            }
            None => self.listener = listen(self.pid, cx.waker()).ok(),
        }
        match reap(self.pid, libc::WNOHANG) {
            Ok(None) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Waits for its end on the calling thread.
    pub fn wait(self) {
        let _ = reap(self.pid, 0);
    }
}

/// Kills a child that has not been reaped, whose id therefore is its own.
pub fn kill_at_exit(pid: pid_t) {
    // SAFETY: no memory is passed.
    unsafe { libc::kill(pid, libc::SIGKILL) };
}
