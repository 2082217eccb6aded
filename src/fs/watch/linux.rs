//! inotify(7).

use crate::io::Io;
use nix::errno::Errno;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

pub fn open(this: &mut Io) -> io::Result<()> {
    // SAFETY: no pointers.
    let descriptor = unsafe { libc::inotify_init1(libc::IN_NONBLOCK | libc::IN_CLOEXEC) };
    let descriptor = Errno::result(descriptor)?;
    // SAFETY: new, and nobody else's.
    this.set(unsafe { OwnedFd::from_raw_fd(descriptor) });
    Ok(())
}

pub fn add(this: &Io, path: &CStr, mask: u32) -> io::Result<i32> {
    let descriptor = this.descriptor()?.as_raw_fd();
    // SAFETY: a terminated string.
    let watch = unsafe { libc::inotify_add_watch(descriptor, path.as_ptr(), mask) };
    Ok(Errno::result(watch)?)
}

pub fn remove(this: &Io, watch: i32) -> io::Result<()> {
    let descriptor = this.descriptor()?.as_raw_fd();
    // SAFETY: no pointers.
    Errno::result(unsafe { libc::inotify_rm_watch(descriptor, watch) })?;
    Ok(())
}
