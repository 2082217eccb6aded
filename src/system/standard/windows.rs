//! The standard streams of Windows. A thread reads the input, as no reactor can wait for a console; output blocks.

use crate::bridge::{EOF, PENDING, count, failure, guard, operations};
use crate::span::Span;
use crate::vm::{Token, Vm};
use std::io::{self, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;

operations! {
    new: fn(*mut Vm, i32, u32) -> *mut Standard;
    free: fn(*mut Standard);
    read: fn(*mut Standard, *const Span) -> i32;
    write: fn(*mut Standard, *const Span) -> i32;
}

/// Bytes that the thread reads at once.
const CHUNK: usize = 4096;

/// What the process has read of its input and nobody has taken.
struct Input {
    bytes: Vec<u8>,
    /// How the last read failed, or that it has met the end.
    end: Option<io::Result<()>>,
    /// A thread reads.
    reading: bool,
    /// Woken when it has read.
    waiting: Vec<Waker>,
}

static INPUT: Mutex<Input> = Mutex::new(Input {
    bytes: Vec::new(),
    end: None,
    reading: false,
    waiting: Vec::new(),
});

fn input() -> MutexGuard<'static, Input> {
    INPUT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads once, on a thread of its own.
fn fetch() {
    let mut chunk = [0; CHUNK];
    let result = io::stdin().read(&mut chunk);
    let mut input = input();
    input.reading = false;
    match result {
        Ok(0) => input.end = Some(Ok(())),
        Ok(n) => input.bytes.extend_from_slice(&chunk[..n]),
        Err(error) => input.end = Some(Err(error)),
    }
    input.waiting.drain(..).for_each(Waker::wake);
}

pub struct Standard {
    number: i32,
    waker: Waker,
}

fn standard<'a>(this: *mut Standard) -> &'a mut Standard {
    // SAFETY: the Lua half holds the pointer that `new` returned until its finaliser.
    unsafe { &mut *this }
}

/// The stream of descriptor `number`, whose waiting fiber is woken by `token`.
extern "C" fn new(vm: *mut Vm, number: i32, token: u32) -> *mut Standard {
    // SAFETY: the Lua half passes its VM.
    let waker = Token::waker(unsafe { &*vm }.shared(), token);
    Box::into_raw(Box::new(Standard { number, waker }))
}

extern "C" fn free(this: *mut Standard) {
    guard(|| {
        // SAFETY: called once, by the finaliser of the cdata that owns the pointer.
        drop(unsafe { Box::from_raw(this) });
        0
    });
}

/// Takes bytes that were read into a span; [`EOF`] at the end. What nobody takes stays for the next.
extern "C" fn read(this: *mut Standard, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let buffer = unsafe { std::slice::from_raw_parts_mut((*span).data, (*span).len) };
        let mut input = input();
        if !input.bytes.is_empty() {
            let n = input.bytes.len().min(buffer.len());
            buffer[..n].copy_from_slice(&input.bytes[..n]);
            input.bytes.drain(..n);
            return count(n);
        }
        match input.end.take() {
            Some(Ok(())) => return EOF,
            Some(Err(error)) => return failure(&error),
            None => {}
        }
        if !input.reading {
            if let Err(error) = thread::Builder::new()
                .name("emilua-stdin".into())
                .spawn(fetch)
            {
                return failure(&error);
            }
            input.reading = true;
        }
        input.waiting.push(standard(this).waker.clone());
        PENDING
    })
}

/// Writes a span, on this thread.
extern "C" fn write(this: *mut Standard, span: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let bytes = unsafe { std::slice::from_raw_parts((*span).data, (*span).len) };
        let written = if standard(this).number == 1 {
            io::stdout()
                .write(bytes)
                .and_then(|n| io::stdout().flush().map(|()| n))
        } else {
            io::stderr().write(bytes)
        };
        written.map_or_else(|error| failure(&error), count)
    })
}
