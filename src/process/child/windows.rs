//! Children on Windows, known by a handle, for whose end a thread of the system's pool waits.

use super::job::Job;
use super::plan::{ABSENT, Plan};
use super::{Ended, spawn};
use crate::bridge::{PENDING, failure};
use crate::handle::Wait;
use crate::vm::{Token, Vm};
use std::io;
use std::os::windows::io::AsRawHandle;
use std::process;
use std::task::{Context, Poll, Waker};

/// Signals that end a process; any other but 0 is refused.
const ENDING: [i32; 3] = [libc::SIGINT, libc::SIGTERM, 9];

pub struct Child {
    /// Dropped before the process, whose handle it uses.
    listening: Option<Wait>,
    /// Nothing before the start and after the end.
    process: Option<process::Child>,
    /// Of the first of a group.
    job: Option<Job>,
    waker: Waker,
}

/// How a process has ended; nothing if it has not.
fn reap(process: &mut process::Child) -> io::Result<Option<Ended>> {
    let status = process.try_wait()?;
    Ok(status.map(|status| Ended {
        code: status.code().unwrap_or(0),
        signal: 0,
    }))
}

impl Child {
    pub fn new(vm: &Vm, tokens: [u32; 2]) -> Self {
        let waker = Token::waker(vm.shared(), tokens[0]);
        Self {
            listening: None,
            process: None,
            job: None,
            waker,
        }
    }

    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    pub fn pid(&self) -> i32 {
        self.process
            .as_ref()
            .map_or(0, |process| process.id() as i32)
    }

    pub fn spawn(&mut self, plan: &mut Plan) -> io::Result<()> {
        let process = spawn::start(plan)?;
        if plan.process_group != ABSENT {
            // One that has ended already gets none.
            self.job = Job::of(&process).ok();
        }
        self.process = Some(process);
        Ok(())
    }

    pub fn wait(&mut self, ended: impl FnOnce(Ended)) -> i32 {
        let Some(process) = &mut self.process else {
            return -libc::ECHILD;
        };
        match reap(process) {
            Ok(Some(how)) => {
                self.listening = None;
                (self.process, self.job) = (None, None);
                ended(how);
                0
            }
            Ok(None) if self.listening.is_some() => PENDING,
            Ok(None) => match Wait::new(process.as_raw_handle(), &self.waker) {
                Ok(listening) => {
                    self.listening = Some(listening);
                    PENDING
                }
                Err(error) => failure(&error),
            },
            Err(error) => failure(&error),
        }
    }

    pub fn kill(&mut self, signal: i32) -> io::Result<()> {
        match &mut self.process {
            Some(process) if ENDING.contains(&signal) => process.kill(),
            Some(_) if signal == 0 => Ok(()),
            Some(_) => Err(io::Error::from_raw_os_error(libc::EINVAL)),
            None => Err(io::Error::from_raw_os_error(libc::ESRCH)),
        }
    }

    pub fn kill_group(&mut self) -> io::Result<()> {
        match &self.job {
            Some(job) => job.kill(),
            None => self.kill(ENDING[0]),
        }
    }

    /// Gives the child away.
    pub fn abandon(&mut self) -> Option<Orphan> {
        (self.listening, self.job) = (None, None);
        let process = self.process.take()?;
        Some(Orphan {
            listening: None,
            process,
        })
    }
}

/// A child that nobody holds.
pub struct Orphan {
    listening: Option<Wait>,
    process: process::Child,
}

impl Orphan {
    /// Ready when the child has ended.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.listening = Wait::new(self.process.as_raw_handle(), cx.waker()).ok();
        match reap(&mut self.process) {
            Ok(None) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Waits for its end on the calling thread.
    pub fn wait(mut self) {
        self.listening = None;
        let _ = self.process.wait();
    }
}
