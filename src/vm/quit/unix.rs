//! A handler that writes to a socket pair, which the reactor watches.

use nix::errno::Errno;
use std::ffi::c_int;
use std::io::{self, Read};
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicI32, Ordering};
use std::task::{Context, Poll, Waker};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Where the handler writes; stays open as long as the process lives.
static SIGNALLED: AtomicI32 = AtomicI32::new(-1);

pub struct Quit {
    pipe: AsyncFd<UnixStream>,
    waker: Waker,
}

extern "C" fn handler(_: c_int) {
    let errno = Errno::last_raw();
    // SAFETY: write(2) is safe in a signal handler; a full pipe says enough already.
    unsafe { libc::write(SIGNALLED.load(Ordering::Relaxed), [1_u8].as_ptr().cast(), 1) };
    Errno::set_raw(errno);
}

impl Quit {
    pub fn new(waker: Waker) -> io::Result<Self> {
        let (read, write) = UnixStream::pair()?;
        read.set_nonblocking(true)?;
        write.set_nonblocking(true)?;
        // SAFETY: a `UnixStream` gives the same open descriptor as long as it lives.
        let pipe = unsafe { AsyncFd::register_with_interest(read, Interest::READABLE) }?;
        SIGNALLED.store(write.into_raw_fd(), Ordering::Relaxed);
        let handler: extern "C" fn(c_int) = handler;
        // SAFETY: the handler does nothing but write(2).
        unsafe { libc::signal(libc::SIGQUIT, handler as libc::sighandler_t) };
        Ok(Self { pipe, waker })
    }

    /// Whether the signal came since the last call; else the waker is registered.
    pub fn poll(&mut self) -> bool {
        let mut came = false;
        let mut cx = Context::from_waker(&self.waker);
        while let Poll::Ready(Ok(mut guard)) = self.pipe.poll_read_ready(&mut cx) {
            match self.pipe.get_ref().read(&mut [0; 16]) {
                Ok(n) if n > 0 => came = true,
                _ => guard.clear_ready(),
            }
        }
        came
    }
}
