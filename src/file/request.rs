//! A transfer or a sync that has to wait, and how a thread performs it.

use super::access;
use crate::bridge::{EOF, count, failure};
use std::fs;
use std::io::{self, Seek, SeekFrom};
use std::sync::Arc;

/// Longest transfer of one call, so that counts fit an `i32`.
pub const LONGEST: usize = 1 << 30;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Read,
    Write,
    SyncAll,
    SyncData,
}

#[derive(Clone)]
pub struct Request {
    pub file: Arc<fs::File>,
    pub action: Action,
    /// Memory of the collector, which the Lua half keeps alive until the operation has ended.
    pub data: *mut u8,
    pub length: usize,
    /// Nothing for the position of the file, which advances.
    pub at: Option<u64>,
}

// SAFETY: whoever performs the request is the only one that uses the memory, which stays alive for it; a program that
// touches the bytes meanwhile finds garbage in them, as the chapter says.
unsafe impl Send for Request {}

impl Request {
    /// Performs it on this thread. While `go_on` holds it waits for files that are not there at once, such as FIFOs.
    pub fn perform(&self, go_on: impl Fn() -> bool) -> io::Result<usize> {
        loop {
            let result = match self.action {
                Action::SyncAll => self.file.sync_all().map(|()| 0),
                Action::SyncData => self.file.sync_data().map(|()| 0),
                Action::Read => access::wait(&self.file, false, &go_on).and_then(|()| {
                    // SAFETY: the memory has `length` writable bytes.
                    let buffer = unsafe { std::slice::from_raw_parts_mut(self.data, self.length) };
                    access::read(&self.file, buffer, self.at)
                }),
                Action::Write => access::wait(&self.file, true, &go_on).and_then(|()| {
                    // SAFETY: the memory has `length` readable bytes.
                    let bytes = unsafe { std::slice::from_raw_parts(self.data, self.length) };
                    access::write(&self.file, bytes, self.at)
                }),
            };
            match result {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
        }
    }

    /// Where a transfer at the position of the file begins; nothing for files that have none.
    pub fn begins(&self) -> Option<u64> {
        let moves = self.at.is_none() && matches!(self.action, Action::Read | Action::Write);
        (&*self.file).stream_position().ok().filter(|_| moves)
    }

    /// Moves the position behind the `n` bytes that were transferred from `begin` on.
    pub fn advance(&self, begin: u64, n: usize) -> io::Result<u64> {
        let appended = self.action == Action::Write && access::appends(&self.file);
        (&*self.file).seek(if appended {
            SeekFrom::End(0)
        } else {
            SeekFrom::Start(begin + n as u64)
        })
    }

    /// The code of an outcome for the Lua half.
    pub fn code(&self, result: &io::Result<usize>) -> i32 {
        match result {
            Ok(0) if self.action == Action::Read => EOF,
            Ok(n) => count(*n),
            Err(error) => failure(error),
        }
    }
}
