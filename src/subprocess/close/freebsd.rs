//! Closing many descriptors.

use std::os::fd::RawFd;

/// closefrom(2). What the descriptors were for is over: they were inherited from the image that this process was forked
/// from, or are a script's.
pub fn close_from(low: RawFd) {
    // SAFETY: no memory is passed.
    unsafe { libc::closefrom(low) };
}
