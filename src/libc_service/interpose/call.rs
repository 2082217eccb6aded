//! A call on its way: to the filter of its function, to the master, or back to the program, which makes it itself.

use crate::filter;
use crate::packet::{DESCRIPTORS, Kind};
use crate::real;
use crate::service;
use crate::wire::{Answer, Function, Request};
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int};

thread_local! {
    /// Whether this thread runs a filter, whose own calls are the C library's.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs `body` as a filter.
pub fn inside<T>(body: impl FnOnce() -> T) -> T {
    INSIDE.set(true);
    let value = body();
    INSIDE.set(false);
    value
}

/// Whether this thread runs a filter.
pub fn is_inside() -> bool {
    INSIDE.get()
}

/// Same layout as the struct in libc_service/wire.lua.
#[repr(C)]
pub struct Call {
    pub request: Request,
    /// The descriptor that it brings, -1 for none.
    pub brought: c_int,
    /// How many of `descriptors` came with the answer. They are a filter's.
    pub count: u32,
    pub descriptors: [c_int; DESCRIPTORS],
    pub answer: Answer,
}

impl Call {
    /// A call of `function`; nothing when the program is to make it itself.
    pub fn new(function: Function) -> Option<Self> {
        Self::with_descriptor(function, -1)
    }

    pub fn with_descriptor(function: Function, brought: c_int) -> Option<Self> {
        (service::is_attached() && !is_inside()).then(|| Self {
            request: Request::new(function),
            brought,
            count: 0,
            descriptors: [-1; DESCRIPTORS],
            answer: Answer::new(Kind::Number),
        })
    }

    /// Takes a string; what is none, or too long, is the C library's to refuse.
    ///
    /// # Safety
    /// `text` is null or a terminated string.
    pub unsafe fn text(mut self, n: usize, text: *const c_char) -> Option<Self> {
        if text.is_null() {
            return None;
        }
        // SAFETY: as the caller promises.
        let text = unsafe { CStr::from_ptr(text) };
        self.request.set_text(n, text.to_bytes()).then_some(self)
    }

    /// The answer to the call: the filter's, or the master's. Nothing when the program is to make the call itself.
    pub fn answer(mut self) -> Option<Answer> {
        let function = self.request.function()?;
        if filter::is_there(function) {
            match filter::run(&mut self) {
                filter::Outcome::Answered => return Some(self.answer),
                filter::Outcome::Failed => {}
            }
        }
        // The descriptors that came along are closed here.
        service::ask(&self.request, function, self.brought).map(|(answer, _)| answer)
    }

    /// The same, of a call whose answer is a number.
    pub fn number(self) -> Option<c_int> {
        let answer = self.answer()?;
        if answer.errno != 0 {
            real::set_errno(answer.errno);
        }
        Some(answer.result)
    }
}
