//! Files: objects of the Lua half, what is done with them at once, and the operations under way beside the VM.
//!
//! A transfer is tried without waiting ([`nowait`]). What would wait becomes a [`Request`], which [`Files`] hands to
//! the kernel's ring or to the pool of threads.

mod access;
mod nowait;
mod pending;
mod pool;
mod request;
mod ring;

pub use pending::Files;

use crate::bridge::{EOF, PENDING, count, failure, guard, operations, status};
use crate::io::{self as descriptors, Io};
use crate::span::Span;
use crate::system;
use crate::vm::Vm;
use pending::Ended;
use request::{Action, LONGEST, Request};
use std::cell::Cell;
use std::ffi::c_char;
use std::fs;
use std::io::{self, Seek, SeekFrom};
use std::rc::Rc;
use std::sync::Arc;

operations! {
    pending::setup: fn(*mut Vm, u32) -> i32;
    pending::backend: fn(*mut Vm, i32) -> i32;
    new: fn(*mut Vm) -> *mut File;
    free: fn(*mut File);
    open: fn(*mut File, *const c_char, usize, u32, i32) -> i32;
    assign: fn(*mut File, *mut Io) -> i32;
    release: fn(*mut File, *mut Io) -> i32;
    close: fn(*mut File) -> i32;
    is_open: fn(*const File) -> i32;
    read: fn(*mut File, *const Span, f64) -> i32;
    write: fn(*mut File, *const Span, f64) -> i32;
    seek: fn(*const File, f64, i32, *mut f64) -> i32;
    size: fn(*const File, *mut f64) -> i32;
    resize: fn(*const File, f64) -> i32;
    lock: fn(*const File, i32) -> i32;
    start: fn(*mut Vm, u32, *const File, i32, *const Span, f64) -> i32;
    pending::cancel: fn(*mut Vm, u32) -> i32;
    pending::harvest: fn(*mut Vm, *mut *const Ended) -> i32;
}

/// An object with a file. The Lua half owns it through a cdata with a finaliser.
pub struct File {
    /// Shared with the operations under way: a file that is closed lives until they have ended.
    file: Option<Arc<fs::File>>,
    /// Whether transfers can be tried without waiting, reading first.
    nowait: [bool; 2],
    /// The VM's count of open descriptors.
    descriptors: Rc<Cell<i32>>,
}

impl File {
    /// Takes a file over; the object must be closed.
    fn set(&mut self, file: fs::File) {
        self.file = Some(Arc::new(file));
        self.nowait = [nowait::AVAILABLE; 2];
        self.descriptors.set(self.descriptors.get() + 1);
    }

    fn close(&mut self) {
        if self.file.take().is_some() {
            self.descriptors.set(self.descriptors.get() - 1);
        }
    }

    /// The file; EBADF when there is none.
    pub fn get(&self) -> io::Result<&Arc<fs::File>> {
        self.file
            .as_ref()
            .ok_or_else(|| io::Error::from_raw_os_error(libc::EBADF))
    }

    /// Tries a transfer, and gives [`PENDING`] for all but a success: other failures are found again, for good, by the
    /// operation that follows.
    fn attempt(
        &mut self,
        direction: usize,
        call: impl FnOnce(&fs::File) -> io::Result<usize>,
    ) -> Option<usize> {
        let file = self.file.as_ref().filter(|_| self.nowait[direction])?;
        match call(file) {
            Ok(n) => Some(n),
            Err(error) => {
                self.nowait[direction] = !nowait::is_refused(&error);
                None
            }
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.close();
    }
}

/// The object behind a pointer of the Lua half.
fn object<'a>(this: *const File) -> &'a mut File {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    unsafe { &mut *this.cast_mut() }
}

/// A closed object.
extern "C" fn new(vm: *mut Vm) -> *mut File {
    // SAFETY: the Lua half passes its VM.
    let vm = unsafe { &*vm };
    Box::into_raw(Box::new(File {
        file: None,
        nowait: [false; 2],
        descriptors: vm.descriptors().clone(),
    }))
}

/// Destroys an object.
extern "C" fn free(this: *mut File) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// open(2) of a closed object. `names` has a bit for each name of a flag, `mask` those of the system.
extern "C" fn open(
    this: *mut File,
    path: *const c_char,
    length: usize,
    names: u32,
    mask: i32,
) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a string with its length.
        let path = unsafe { std::slice::from_raw_parts(path.cast::<u8>(), length) };
        status(access::open(&system::path(path), names, mask).map(|file| object(this).set(file)))
    })
}

/// Takes the descriptor of `from` over; the object must be closed.
extern "C" fn assign(this: *mut File, from: *mut Io) -> i32 {
    guard(|| {
        let file = descriptors::object(from).take().and_then(access::adopt);
        status(file.map(|file| object(this).set(file)))
    })
}

/// Gives the descriptor up to `to`, which is closed: a duplicate while operations are under way.
extern "C" fn release(this: *mut File, to: *mut Io) -> i32 {
    guard(|| {
        let this = object(this);
        status((|| {
            let shared = this.get()?.clone();
            this.close();
            let file = Arc::try_unwrap(shared).or_else(|shared| shared.try_clone())?;
            descriptors::object(to).set(access::surrender(file)?);
            Ok(())
        })())
    })
}

/// close(2), once the operations under way have ended; nothing when it is closed already.
extern "C" fn close(this: *mut File) -> i32 {
    guard(|| {
        object(this).close();
        0
    })
}

/// Whether there is a file.
extern "C" fn is_open(this: *const File) -> i32 {
    i32::from(object(this).file.is_some())
}

/// An offset of the Lua half: none is negative.
fn position(at: f64) -> Option<u64> {
    (at >= 0.0).then_some(at as u64)
}

/// Reads what is there without waiting, at an offset or, when that is negative, at the position of the file.
extern "C" fn read(this: *mut File, span: *const Span, at: f64) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let span = unsafe { &*span };
        let length = span.len.min(LONGEST);
        match object(this).attempt(0, |file| {
            nowait::read(file, span.data, length, position(at))
        }) {
            Some(0) => EOF,
            Some(n) => count(n),
            None => PENDING,
        }
    })
}

/// Writes as [`read`] reads.
extern "C" fn write(this: *mut File, span: *const Span, at: f64) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let span = unsafe { &*span };
        let length = span.len.min(LONGEST);
        object(this)
            .attempt(1, |file| {
                nowait::write(file, span.data, length, position(at))
            })
            .map_or(PENDING, count)
    })
}

/// Result of an operation that fills a number of the Lua half, which may be larger than an `i32`.
fn fill(number: *mut f64, result: io::Result<u64>) -> i32 {
    status(result.map(|n| {
        // SAFETY: the Lua half passes a double[1].
        unsafe { *number = n as f64 };
    }))
}

/// A size or absolute position that the Lua half gives; negative ones are EINVAL.
fn checked(n: f64) -> io::Result<u64> {
    position(n)
        .filter(|&n| n <= i64::MAX as u64)
        .ok_or_else(|| io::Error::from_raw_os_error(libc::EINVAL))
}

/// lseek(2): from the start 0, the position 1, the end 2.
extern "C" fn seek(this: *const File, offset: f64, whence: i32, to: *mut f64) -> i32 {
    guard(|| {
        let result = object(this).get().and_then(|file| {
            let from = match whence {
                0 => SeekFrom::Start(checked(offset)?),
                1 => SeekFrom::Current(offset as i64),
                _ => SeekFrom::End(offset as i64),
            };
            (&**file).seek(from)
        });
        fill(to, result)
    })
}

/// The size in bytes: fstat(2).
extern "C" fn size(this: *const File, bytes: *mut f64) -> i32 {
    guard(|| {
        fill(
            bytes,
            object(this)
                .get()
                .and_then(|file| Ok(file.metadata()?.len())),
        )
    })
}

/// ftruncate(2).
extern "C" fn resize(this: *const File, bytes: f64) -> i32 {
    guard(|| {
        status(
            object(this)
                .get()
                .and_then(|file| file.set_len(checked(bytes)?)),
        )
    })
}

/// flock(2) without waiting: 0 unlocks, 1 is shared, 2 exclusive. The result is whether the lock is held.
extern "C" fn lock(this: *const File, kind: i32) -> i32 {
    guard(
        || match object(this).get().and_then(|file| access::lock(file, kind)) {
            Ok(held) => i32::from(held),
            Err(error) => failure(&error),
        },
    )
}

/// Starts an operation under `slot`. The Lua half keeps the span alive until [`pending::harvest`] has said that the
/// operation has ended.
extern "C" fn start(
    vm: *mut Vm,
    slot: u32,
    this: *const File,
    action: i32,
    span: *const Span,
    at: f64,
) -> i32 {
    guard(|| {
        let file = match object(this).get() {
            Ok(file) => file.clone(),
            Err(error) => return failure(&error),
        };
        let action = match action {
            0 => Action::Read,
            1 => Action::Write,
            2 => Action::SyncAll,
            _ => Action::SyncData,
        };
        // SAFETY: the Lua half passes a byte_span, or null to the actions that use none.
        let (data, length) = match unsafe { span.as_ref() } {
            Some(span) => (span.data, span.len.min(LONGEST)),
            None => (std::ptr::null_mut(), 0),
        };
        let request = Request {
            file,
            action,
            data,
            length,
            at: position(at),
        };
        // SAFETY: the Lua half passes its VM.
        status(Files::start(unsafe { &*vm }, slot, request))
    })
}
