//! seccomp(2) for every thread of the process.

use super::platform::count_threads;
use super::result;
use crate::bridge::guard;
use crate::span::Span;
use libc::{c_uint, c_ulong, sock_filter, sock_fprog};
use nix::errno::Errno;

/// Installs a filter for all threads, or for none.
fn install(filter: &[sock_filter]) -> i32 {
    let program = sock_fprog {
        len: filter.len() as u16,
        // The kernel only reads it.
        filter: filter.as_ptr().cast_mut(),
    };
    let flags = libc::SECCOMP_FILTER_FLAG_TSYNC as c_uint;
    let mode = libc::SECCOMP_SET_MODE_FILTER;
    // SAFETY: the program is valid during the call, which copies it.
    match result(unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) }) {
        // A thread that has a filter of its own.
        thread if thread > 0 => -(Errno::ESRCH as i32),
        code => code,
    }
}

/// A filter that forbids nothing: with it no_new_privs reaches the threads that exist.
const ALLOW: sock_filter = sock_filter {
    code: (libc::BPF_RET | libc::BPF_K) as u16,
    jt: 0,
    jf: 0,
    k: libc::SECCOMP_RET_ALLOW,
};

/// prctl(PR_SET_NO_NEW_PRIVS), for all threads.
pub extern "C" fn set_no_new_privs() -> i32 {
    guard(|| {
        let (on, zero): (c_ulong, c_ulong) = (1, 0);
        // SAFETY: no memory is passed.
        let code = result(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, on, zero, zero, zero) });
        if code < 0 || matches!(count_threads(), Ok(1)) {
            return code;
        }
        install(&[ALLOW])
    })
}

/// Installs the BPF program in a span, whose length is a multiple of an instruction's.
pub extern "C" fn set_filter(program: *const Span) -> i32 {
    guard(|| {
        // SAFETY: the Lua half passes a byte_span and keeps it alive during the call.
        let span = unsafe { &*program };
        let count = span.len / size_of::<sock_filter>();
        if count == 0 || count > usize::from(u16::MAX) || span.len % size_of::<sock_filter>() != 0 {
            return -libc::EINVAL;
        }
        let filter: Vec<sock_filter> = (0..count)
            // SAFETY: the span has that many bytes; a view may begin at any address.
            .map(|i| unsafe { span.data.cast::<sock_filter>().add(i).read_unaligned() })
            .collect();
        install(&filter)
    })
}
