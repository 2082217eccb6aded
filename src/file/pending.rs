//! The operations of a VM that are under way, by the slots that the Lua half gives them.
//!
//! An operation keeps its file open, and the Lua half its memory alive, until it has ended; whoever does not want it any
//! more asks for its cancellation, and gets whatever outcome the kernel reports. [`Files::quiesce`] is the end of all
//! of them, before the memory of a VM goes.

use super::pool::{Job, Pool};
use super::request::Request;
use super::ring::Ring;
use crate::bridge::{failure, guard};
use crate::vm::{Token, Vm};
use std::collections::VecDeque;
use std::io;
use std::task::Waker;
use std::time::Duration;
use std::{mem, thread};

/// Where an operation is.
enum Place {
    /// In our queue for the ring.
    Queued,
    /// In the ring; perhaps the kernel has not taken it yet. With the position at which it begins and that moves when
    /// it has ended: the kernel itself forgets to after a short write.
    Ring(Option<u64>),
    Pool(Job),
}

struct Operation {
    request: Request,
    place: Place,
    /// Its slot, and above that a number that no other operation of the slot has had.
    id: u64,
    /// Its end has been asked for.
    cancelled: bool,
}

/// An operation that has ended, as the Lua half reads it.
#[repr(C)]
pub struct Ended {
    slot: u32,
    code: i32,
}

/// What is to be told to the kernel, with the id of the operation.
#[derive(Clone, Copy)]
enum Entry {
    Operation(u64),
    Cancellation(u64),
}

/// How new operations are performed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Backend {
    /// Not known before the first operation.
    Untried,
    Ring,
    Pool,
}

/// The operations of one VM.
pub struct Files {
    /// Becomes ready when something has ended.
    token: u32,
    backend: Backend,
    /// Made at the first operation; it stays while operations are in it.
    ring: Option<Ring>,
    pool: Pool,
    /// By slot.
    operations: Vec<Option<Operation>>,
    queue: VecDeque<Entry>,
    /// Entries of the ring that the kernel has not taken.
    untaken: VecDeque<Entry>,
    /// Woken by the ring; made when the reactor first watches it.
    waker: Option<Waker>,
    /// Operations that have been started.
    started: u64,
    /// What the Lua half has yet to hear of, and what it is reading.
    ended: Vec<Ended>,
    told: Vec<Ended>,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            token: 0,
            backend: Backend::Untried,
            ring: None,
            pool: Pool::default(),
            operations: Vec::new(),
            queue: VecDeque::new(),
            untaken: VecDeque::new(),
            waker: None,
            started: 0,
            ended: Vec::new(),
            told: Vec::new(),
        }
    }
}

fn slot(id: u64) -> usize {
    (id & u64::from(u32::MAX)) as usize
}

fn cancelled() -> io::Error {
    io::Error::from_raw_os_error(libc::ECANCELED)
}

impl Files {
    /// Starts an operation under a slot that is free.
    pub fn start(vm: &Vm, slot: u32, request: Request) -> io::Result<()> {
        let mut this = vm.files().borrow_mut();
        let at = slot as usize;
        if this.operations.len() <= at {
            this.operations.resize_with(at + 1, || None);
        }
        this.started += 1;
        let id = this.started << 32 | u64::from(slot);
        let place = match this.choose() {
            Backend::Ring => {
                this.queue.push_back(Entry::Operation(id));
                Place::Queued
            }
            _ => Place::Pool(this.pool.start(vm, this.token, id, request.clone())?),
        };
        this.operations[at] = Some(Operation {
            request,
            place,
            id,
            cancelled: false,
        });
        Ok(())
    }

    /// How operations are performed from now on.
    fn choose(&mut self) -> Backend {
        if self.backend == Backend::Untried {
            self.backend = match self.make_ring() {
                Ok(()) => Backend::Ring,
                Err(_) => Backend::Pool,
            };
        }
        self.backend
    }

    fn make_ring(&mut self) -> io::Result<()> {
        if self.ring.is_none() {
            self.ring = Some(Ring::new()?);
        }
        Ok(())
    }

    /// Hands what was started since the last step to the kernel, in one call. Whether it is to be called again.
    pub fn submit(vm: &Vm) -> bool {
        let mut this = vm.files().borrow_mut();
        if this.queue.is_empty() && this.untaken.is_empty() {
            return false;
        }
        let result = this.watch(vm).and_then(|()| this.enter());
        match result {
            Ok(again) => again,
            // Forbidden after the ring was made.
            Err(_) => {
                this.leave_ring(vm);
                false
            }
        }
    }

    /// Has the reactor watch the ring.
    fn watch(&mut self, vm: &Vm) -> io::Result<()> {
        if self.waker.is_none()
            && let Some(ring) = &mut self.ring
        {
            let waker = Token::waker(vm.shared(), self.token);
            ring.watch(&waker)?;
            self.waker = Some(waker);
        }
        Ok(())
    }

    /// Moves the queue through the ring. Whether the kernel is short of something, and wants time.
    fn enter(&mut self) -> io::Result<bool> {
        loop {
            self.fill();
            let Some(ring) = &self.ring else {
                return Ok(false);
            };
            if self.untaken.is_empty() {
                return Ok(false);
            }
            match ring.submit() {
                Ok(0) => return Ok(true),
                Ok(n) => drop(self.untaken.drain(..n.min(self.untaken.len()))),
                Err(error) => match error.raw_os_error() {
                    Some(libc::EINTR) => {}
                    Some(libc::EAGAIN | libc::EBUSY) => return Ok(true),
                    _ => return Err(error),
                },
            }
        }
    }

    /// Moves entries of the queue to the ring while there is room.
    fn fill(&mut self) {
        let Some(ring) = &mut self.ring else {
            return;
        };
        while let Some(&entry) = self.queue.front() {
            let pushed = match entry {
                Entry::Cancellation(id) => ring.push_cancellation(id),
                Entry::Operation(id) => match &mut self.operations[slot(id)] {
                    Some(operation) if operation.id == id => {
                        let begin = operation.request.begins();
                        let pushed = ring.push(id, &operation.request, begin);
                        if pushed {
                            operation.place = Place::Ring(begin);
                        }
                        pushed
                    }
                    // Cancelled meanwhile.
                    _ => {
                        self.queue.pop_front();
                        continue;
                    }
                },
            };
            if !pushed {
                return;
            }
            self.queue.pop_front();
            self.untaken.push_back(entry);
        }
    }

    /// From now on everything is performed by the pool, and so is what the kernel has not taken.
    fn leave_ring(&mut self, vm: &Vm) {
        self.backend = Backend::Pool;
        let untaken = mem::take(&mut self.untaken);
        for entry in untaken.into_iter().chain(mem::take(&mut self.queue)) {
            if let Entry::Operation(id) = entry {
                self.start_in_pool(vm, id);
            }
        }
    }

    /// Has the pool perform an operation that the ring could not.
    fn start_in_pool(&mut self, vm: &Vm, id: u64) {
        let (pool, token) = (&self.pool, self.token);
        let Some(Some(operation)) = self.operations.get_mut(slot(id)) else {
            return;
        };
        if operation.id != id {
            return;
        }
        match pool.start(vm, token, id, operation.request.clone()) {
            Ok(job) => operation.place = Place::Pool(job),
            Err(error) => self.end(id, &Err(error)),
        }
    }

    /// Notes the outcome of an operation for the Lua half.
    fn end(&mut self, id: u64, outcome: &io::Result<usize>) {
        if let Some(operation) = self.operations[slot(id)].take() {
            let code = operation.request.code(outcome);
            let slot = slot(id) as u32;
            self.ended.push(Ended { slot, code });
        }
    }

    /// Fetches what has ended, from the ring and from the pool.
    fn fetch(&mut self) -> Vec<(u64, io::Result<usize>)> {
        let mut outcomes = Vec::new();
        for id in self.pool.ended() {
            if let Some(Some(Operation {
                place: Place::Pool(job),
                ..
            })) = self.operations.get(slot(id))
            {
                match job.take() {
                    Some(outcome) => outcomes.push((id, outcome)),
                    None => self.pool.put_back(id),
                }
            }
        }
        if let (Some(ring), Some(waker)) = (&mut self.ring, &self.waker) {
            // It fails only when the reactor ends, and then nobody waits any more.
            let _ = ring.watch(waker);
            ring.drain(|id, outcome| outcomes.push((id, outcome)));
        }
        outcomes
    }

    /// Ends an operation, or starts it again where it ended for reasons of the kernel.
    fn conclude(&mut self, vm: &Vm, id: u64, outcome: io::Result<usize>) {
        let Some(Some(operation)) = self.operations.get_mut(slot(id)) else {
            return;
        };
        let code = outcome.as_ref().err().and_then(io::Error::raw_os_error);
        match code {
            Some(libc::ECANCELED | libc::EINTR | libc::EAGAIN) if operation.cancelled => {
                self.end(id, &Err(cancelled()));
            }
            // The thread that submitted it has ended.
            Some(libc::ECANCELED | libc::EINTR) => {
                operation.place = Place::Queued;
                self.queue.push_back(Entry::Operation(id));
            }
            // The ring does not wait for a file that was opened not to.
            Some(libc::EAGAIN) => self.start_in_pool(vm, id),
            _ => {
                let moved = match (&operation.place, &outcome) {
                    (Place::Ring(Some(begin)), Ok(n)) => {
                        operation.request.advance(*begin, *n).err()
                    }
                    _ => None,
                };
                self.end(id, &moved.map_or(outcome, Err));
            }
        }
    }

    fn harvest(&mut self, vm: &Vm) -> &[Ended] {
        for (id, outcome) in self.fetch() {
            self.conclude(vm, id, outcome);
        }
        self.told.clear();
        mem::swap(&mut self.told, &mut self.ended);
        &self.told
    }

    fn cancel(&mut self, vm: &Vm, at: usize) {
        let Some(Some(operation)) = self.operations.get_mut(at) else {
            return;
        };
        if mem::replace(&mut operation.cancelled, true) {
            return;
        }
        let id = operation.id;
        let untouched = match &operation.place {
            Place::Queued => true,
            Place::Pool(job) => job.cancel(),
            Place::Ring(_) => {
                self.queue.push_back(Entry::Cancellation(id));
                false
            }
        };
        if untouched {
            self.end(id, &Err(cancelled()));
            vm.shared().post(self.token);
        }
    }

    /// Ends every operation, so that nothing touches the memory of the VM any more.
    pub fn quiesce(&mut self) {
        for operation in self.operations.iter_mut() {
            match operation {
                Some(Operation {
                    place: Place::Pool(job),
                    ..
                }) => drop(job.cancel()),
                Some(Operation {
                    place: Place::Ring(_),
                    id,
                    ..
                }) => {
                    self.queue.push_back(Entry::Cancellation(*id));
                    continue;
                }
                _ => {}
            }
            *operation = None;
        }
        self.pool.wait();
        while self.operations.iter().any(Option::is_some) {
            if self.enter().is_err() {
                // What the kernel has not taken it never will.
                for entry in mem::take(&mut self.untaken) {
                    if let Entry::Operation(id) = entry {
                        self.operations[slot(id)] = None;
                    }
                }
                self.queue.clear();
            }
            for (id, _) in self.fetch() {
                if let Some(operation) = self.operations.get_mut(slot(id)) {
                    *operation = None;
                }
            }
            if self.operations.iter().any(Option::is_some)
                && self.ring.as_ref().is_none_or(|ring| ring.wait().is_err())
            {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.quiesce();
    }
}

/// The VM behind a pointer of the Lua half.
fn vm<'a>(vm: *mut Vm) -> &'a Vm {
    // SAFETY: the Lua half passes its VM.
    unsafe { &*vm }
}

/// Sets the token that becomes ready when operations have ended.
pub extern "C" fn setup(this: *mut Vm, token: u32) -> i32 {
    guard(|| {
        vm(this).files().borrow_mut().token = token;
        0
    })
}

/// How operations are performed, 1 by the ring and 2 by the pool; a number other than 0 sets it.
pub extern "C" fn backend(this: *mut Vm, wanted: i32) -> i32 {
    guard(|| {
        let mut files = vm(this).files().borrow_mut();
        match wanted {
            0 => {}
            1 => match files.make_ring() {
                Ok(()) => files.backend = Backend::Ring,
                Err(error) => return failure(&error),
            },
            _ => files.backend = Backend::Pool,
        }
        if files.choose() == Backend::Ring {
            1
        } else {
            2
        }
    })
}

/// Asks for the end of the operation of a slot, which has an outcome all the same.
pub extern "C" fn cancel(this: *mut Vm, slot: u32) -> i32 {
    guard(|| {
        let vm = vm(this);
        vm.files().borrow_mut().cancel(vm, slot as usize);
        0
    })
}

/// Lists the operations that have ended since the last call, and gives their number.
pub extern "C" fn harvest(this: *mut Vm, list: *mut *const Ended) -> i32 {
    guard(|| {
        let vm = vm(this);
        let mut files = vm.files().borrow_mut();
        let ended = files.harvest(vm);
        // SAFETY: the Lua half passes a pointer to fill, and reads the list before the next call.
        unsafe { *list = ended.as_ptr() };
        ended.len() as i32
    })
}
