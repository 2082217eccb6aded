//! io_uring(7), watched through an eventfd.
//!
//! Operations belong in the kernel to the thread that submits them, and die with it: what ends as cancelled without
//! having been asked to is submitted again ([`super::super::pending`]). No flag binds the ring to one thread.

use crate::file::request::{Action, Request};
use io_uring::types::{Fd, FsyncFlags};
use io_uring::{IoUring, opcode, squeue};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::task::{Context, Poll, Waker};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Entries of the submission queue; what does not fit waits in ours.
const ENTRIES: u32 = 256;

/// Mark of what only asks for a cancellation, whose own outcome nobody wants.
const CANCELLATION: u64 = u64::MAX;

/// The descriptor by which the kernel tells of completions.
enum Event {
    Unwatched(OwnedFd),
    /// Registered with the reactor, edge-triggered, so that it never needs to be read.
    Watched(AsyncFd<OwnedFd>),
}

pub struct Ring {
    ring: IoUring,
    /// Nothing after a failed registration.
    event: Option<Event>,
}

impl Ring {
    /// io_uring_setup(2); fails where it is forbidden, or too old for transfers at a file's position.
    pub fn new() -> io::Result<Self> {
        let ring = IoUring::builder().dontfork().build(ENTRIES)?;
        let features = ring.params();
        if !features.is_feature_rw_cur_pos() || !features.is_feature_nodrop() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let event: OwnedFd =
            EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?.into();
        ring.submitter().register_eventfd(event.as_raw_fd())?;
        Ok(Self {
            ring,
            event: Some(Event::Unwatched(event)),
        })
    }

    /// Has `waker` woken at the next completion. To be called before the completions are looked at.
    pub fn watch(&mut self, waker: &Waker) -> io::Result<()> {
        if let Some(Event::Unwatched(_)) = self.event
            && let Some(Event::Unwatched(event)) = self.event.take()
        {
            // SAFETY: an `OwnedFd` gives the same open descriptor as long as it lives.
            let event = unsafe { AsyncFd::register_with_interest(event, Interest::READABLE) }?;
            self.event = Some(Event::Watched(event));
        }
        if let Some(Event::Watched(event)) = &self.event {
            let mut cx = Context::from_waker(waker);
            while let Poll::Ready(guard) = event.poll_read_ready(&mut cx) {
                guard?.clear_ready();
            }
        }
        Ok(())
    }

    /// Puts an operation into the submission queue; false when that is full. `begin` is the position of the file, where
    /// the transfer is to be there.
    pub fn push(&mut self, id: u64, request: &Request, begin: Option<u64>) -> bool {
        let file = Fd(request.file.as_raw_fd());
        let length = request.length as u32;
        // All ones stand for files that have no positions.
        let offset = request.at.or(begin).unwrap_or(u64::MAX);
        let entry = match request.action {
            Action::Read => opcode::Read::new(file, request.data, length)
                .offset(offset)
                .build(),
            Action::Write => opcode::Write::new(file, request.data, length)
                .offset(offset)
                .build(),
            Action::SyncAll => opcode::Fsync::new(file).build(),
            Action::SyncData => opcode::Fsync::new(file).flags(FsyncFlags::DATASYNC).build(),
        };
        self.push_entry(entry.user_data(id))
    }

    /// Asks for the end of an operation; false when the submission queue is full.
    pub fn push_cancellation(&mut self, id: u64) -> bool {
        self.push_entry(opcode::AsyncCancel::new(id).build().user_data(CANCELLATION))
    }

    fn push_entry(&mut self, entry: squeue::Entry) -> bool {
        // SAFETY: the operation's descriptor and memory stay alive until it has ended.
        unsafe { self.ring.submission().push(&entry) }.is_ok()
    }

    /// io_uring_enter(2): how many entries the kernel took.
    pub fn submit(&self) -> io::Result<usize> {
        self.ring.submit()
    }

    /// Calls `ended` with the id and the outcome of everything that has ended.
    pub fn drain(&mut self, mut ended: impl FnMut(u64, io::Result<usize>)) {
        loop {
            for entry in self.ring.completion() {
                if entry.user_data() != CANCELLATION {
                    let outcome = usize::try_from(entry.result())
                        .map_err(|_| io::Error::from_raw_os_error(-entry.result()));
                    ended(entry.user_data(), outcome);
                }
            }
            // Completions that found no room are kept by the kernel until it is asked.
            if !self.ring.submission().cq_overflow() || self.fetch(0).is_err() {
                return;
            }
        }
    }

    /// Waits for a completion.
    pub fn wait(&self) -> io::Result<usize> {
        self.fetch(1)
    }

    fn fetch(&self, least: u32) -> io::Result<usize> {
        const GETEVENTS: u32 = 1;
        // SAFETY: it submits nothing and passes no argument.
        unsafe {
            self.ring
                .submitter()
                .enter::<libc::sigset_t>(0, least, GETEVENTS, None)
        }
    }
}
