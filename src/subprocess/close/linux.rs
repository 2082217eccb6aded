//! Closing many descriptors.

use std::os::fd::RawFd;

/// close_range(2), or one by one where the kernel lacks it. What the descriptors were for is over: they were inherited
/// from the image that this process was forked from, or are a script's.
pub fn close_from(low: RawFd) {
    // SAFETY: no memory is passed.
    if unsafe { libc::syscall(libc::SYS_close_range, low, u32::MAX, 0) } == -1 {
        for fd in low..65536 {
            // SAFETY: as above.
            unsafe { libc::close(fd) };
        }
    }
}
