//! Pipes and serial lines of Windows: files whose transfers go on by themselves and tell their end by an event, which is
//! called overlapped I/O.
//!
//! A transfer owns its bytes. What a read has brought stays for the next one, also when the fiber that began it was
//! interrupted. What a write has taken is on its way, as bytes in the buffer of a pipe are: the next write waits for
//! it and reports its failure, and closing leaves it to its end.

use crate::handle::Wait;
use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::ptr;
use std::sync::Arc;
use std::task::{Poll, Waker, ready};
use std::thread;
use windows_sys::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_IO_INCOMPLETE, ERROR_IO_PENDING, ERROR_NO_DATA, HANDLE,
};
use windows_sys::Win32::Storage::FileSystem::{ReadFile, WriteFile};
use windows_sys::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows_sys::Win32::System::Threading::CreateEventW;

/// Most bytes of one transfer.
const LONGEST: usize = 64 << 10;

/// A file that was opened for overlapped I/O.
pub struct Overlapped {
    file: Arc<OwnedHandle>,
    reading: Option<Transfer>,
    writing: Option<Transfer>,
    /// What a read has brought, and how much of it was taken.
    arrived: Vec<u8>,
    taken: usize,
}

/// A transfer that has been started.
struct Transfer {
    /// Watches the event for who waits.
    wait: Option<Wait>,
    /// Written by the system until the end.
    state: Box<OVERLAPPED>,
    event: OwnedHandle,
    bytes: Vec<u8>,
    file: Arc<OwnedHandle>,
}

// SAFETY: the pointers inside are the system's, and one thread at a time asks for the result.
unsafe impl Send for Transfer {}

/// Starts a transfer of so many bytes at the address.
type Start = unsafe fn(HANDLE, *mut u8, u32, *mut OVERLAPPED) -> i32;

unsafe fn start_read(file: HANDLE, bytes: *mut u8, count: u32, state: *mut OVERLAPPED) -> i32 {
    // SAFETY: as the caller promises.
    unsafe { ReadFile(file, bytes, count, ptr::null_mut(), state) }
}

unsafe fn start_write(file: HANDLE, bytes: *mut u8, count: u32, state: *mut OVERLAPPED) -> i32 {
    // SAFETY: as the caller promises.
    unsafe { WriteFile(file, bytes, count, ptr::null_mut(), state) }
}

fn code(error: &io::Error) -> u32 {
    error.raw_os_error().map_or(0, i32::cast_unsigned)
}

impl Transfer {
    fn start(file: &Arc<OwnedHandle>, mut bytes: Vec<u8>, start: Start) -> io::Result<Self> {
        // SAFETY: no name and no attributes: an event that stays set.
        let event = unsafe { CreateEventW(ptr::null(), 1, 0, ptr::null()) };
        if event.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: it was just made.
        let event = unsafe { OwnedHandle::from_raw_handle(event) };
        let mut state = Box::new(OVERLAPPED {
            hEvent: event.as_raw_handle(),
            ..OVERLAPPED::default()
        });
        let count = bytes.len() as u32;
        // SAFETY: bytes and state keep their addresses until the transfer has ended, which `Drop` sees to.
        let done = unsafe {
            start(
                file.as_raw_handle(),
                bytes.as_mut_ptr(),
                count,
                &raw mut *state,
            )
        };
        if done == 0 {
            let error = io::Error::last_os_error();
            if code(&error) != ERROR_IO_PENDING {
                return Err(error);
            }
        }
        Ok(Self {
            wait: None,
            state,
            event,
            bytes,
            file: file.clone(),
        })
    }

    /// How many bytes were transferred, with or without waiting for the end.
    fn result(&mut self, wait: bool) -> io::Result<usize> {
        let mut count = 0;
        let file = self.file.as_raw_handle();
        // SAFETY: the state of a transfer of this file.
        let done = unsafe {
            GetOverlappedResult(
                file,
                &raw const *self.state,
                &raw mut count,
                i32::from(wait),
            )
        };
        match done {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(count as usize),
        }
    }

    fn poll(&mut self, waker: &Waker) -> Poll<io::Result<usize>> {
        match self.result(false) {
            Err(error) if code(&error) == ERROR_IO_INCOMPLETE => {
                // An earlier waiter may have had another waker.
                self.wait = None;
                match Wait::new(self.event.as_raw_handle(), waker) {
                    Ok(wait) => self.wait = Some(wait),
                    Err(error) => return Poll::Ready(Err(error)),
                }
                Poll::Pending
            }
            result => Poll::Ready(result),
        }
    }
}

impl Drop for Transfer {
    /// The system writes to the state, and maybe to the bytes, until the end.
    fn drop(&mut self) {
        self.wait = None;
        // SAFETY: the state of a transfer of this file; nothing happens if it has ended.
        unsafe { CancelIoEx(self.file.as_raw_handle(), &raw const *self.state) };
        // How it ended is nobody's concern any more.
        let _ = self.result(true);
    }
}

impl Overlapped {
    pub fn new(file: OwnedHandle) -> Self {
        Self {
            file: Arc::new(file),
            reading: None,
            writing: None,
            arrived: Vec::new(),
            taken: 0,
        }
    }

    pub fn as_raw(&self) -> HANDLE {
        self.file.as_raw_handle()
    }

    /// A copy of the handle, of the same open file.
    pub fn copy(&self) -> io::Result<OwnedHandle> {
        self.file.try_clone()
    }

    /// Takes what has arrived; else waits for more. 0 at the end of a pipe.
    pub fn read(&mut self, buffer: &mut [u8], waker: &Waker) -> Poll<io::Result<usize>> {
        loop {
            let left = &self.arrived[self.taken..];
            if !left.is_empty() {
                let n = left.len().min(buffer.len());
                buffer[..n].copy_from_slice(&left[..n]);
                self.taken += n;
                return Poll::Ready(Ok(n));
            }
            let result = match &mut self.reading {
                Some(reading) => ready!(reading.poll(waker)),
                None => {
                    let bytes = vec![0; buffer.len().min(LONGEST)];
                    match Transfer::start(&self.file, bytes, start_read) {
                        Ok(reading) => {
                            self.reading = Some(reading);
                            continue;
                        }
                        Err(error) => Err(error),
                    }
                }
            };
            let reading = self.reading.take();
            match result {
                // A read may end with nothing: the writer has written nothing, or a line was silent for long.
                Ok(n) => {
                    self.arrived = reading.map_or_else(Vec::new, |mut reading| {
                        reading.bytes.truncate(n);
                        std::mem::take(&mut reading.bytes)
                    });
                    self.taken = 0;
                }
                Err(error) if code(&error) == ERROR_BROKEN_PIPE => return Poll::Ready(Ok(0)),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Takes bytes to write, once those of the last write are written.
    pub fn write(&mut self, bytes: &[u8], waker: &Waker) -> Poll<io::Result<usize>> {
        let started = match &mut self.writing {
            Some(writing) => {
                let result = ready!(writing.poll(waker));
                self.writing = None;
                result.map(drop)
            }
            None => Ok(()),
        };
        let taken = bytes.len().min(LONGEST);
        let result = started
            .and_then(|()| Transfer::start(&self.file, bytes[..taken].to_vec(), start_write));
        Poll::Ready(match result {
            Ok(writing) => {
                self.writing = Some(writing);
                Ok(taken)
            }
            Err(error) if code(&error) == ERROR_NO_DATA => {
                Err(io::Error::from_raw_os_error(ERROR_BROKEN_PIPE as i32))
            }
            Err(error) => Err(error),
        })
    }
}

impl Drop for Overlapped {
    /// What was taken to be written is waited for, by a thread of its own unless there is nothing to wait for.
    fn drop(&mut self) {
        let Some(mut writing) = self.writing.take() else {
            return;
        };
        if writing
            .result(false)
            .is_err_and(|error| code(&error) == ERROR_IO_INCOMPLETE)
        {
            // Without a thread it is given up.
            let _ = thread::Builder::new()
                .name("emilua-write".into())
                .spawn(move || writing.result(true));
        }
    }
}
