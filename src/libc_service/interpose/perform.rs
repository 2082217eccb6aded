//! A filter's call that no master answers: it is made here, from what it says.

use crate::packet::Kind;
use crate::wire::{Answer, Function, Request};
use crate::{lookup, real, socket, status};
use std::ffi::{CString, c_int};
use std::mem::MaybeUninit;

/// Makes a call, with the descriptor that it brings.
pub fn perform(function: Function, request: &Request, brought: c_int) -> Answer {
    let path = |n| CString::new(request.text(n)).unwrap_or_default();
    let (first, second) = (path(0), path(1));
    let (first, second) = (first.as_ptr(), second.as_ptr());
    let (flags, mode) = (request.flags as c_int, request.mode as libc::mode_t);
    // SAFETY: the strings outlive the calls.
    let result = unsafe {
        match function {
            Function::Open => real::open(first, flags, mode),
            Function::Openat => real::openat(brought, first, flags, mode),
            Function::Unlink => real::unlink(first),
            Function::Rmdir => real::rmdir(first),
            Function::Rename => real::rename(first, second),
            Function::Mkdir => real::mkdir(first, mode),
            Function::Access => real::access(first, flags),
            Function::Eaccess => real::eaccess(first, flags),
            Function::Stat | Function::Lstat => {
                let mut found = MaybeUninit::zeroed();
                let call = if function == Function::Stat {
                    real::stat
                } else {
                    real::lstat
                };
                let result = call(first, found.as_mut_ptr());
                if result == 0 {
                    return status::to_answer(&found.assume_init());
                }
                result
            }
            Function::Getaddrinfo => return lookup::perform(request),
            _ => socket::perform(function, request, brought),
        }
    };
    let mut answer = Answer::new(Kind::Number);
    answer.result = result;
    answer.errno = if result == -1 { real::errno() } else { 0 };
    answer
}
