//! Waiting for a handle of Windows, by a thread of the system's pool.

use std::ffi::c_void;
use std::io;
use std::ptr;
use std::task::Waker;
use windows_sys::Win32::Foundation::{HANDLE, INVALID_HANDLE_VALUE};
use windows_sys::Win32::System::Threading::{
    INFINITE, RegisterWaitForSingleObject, UnregisterWaitEx, WT_EXECUTEONLYONCE,
};

/// Wakes once the handle, which must outlive this, is signalled.
pub struct Wait {
    wait: HANDLE,
    /// Read by the callback until the wait is unregistered.
    waker: *mut Waker,
}

// SAFETY: the waker is only read, by whichever thread, and freed after the last callback.
unsafe impl Send for Wait {}

unsafe extern "system" fn signalled(waker: *mut c_void, _timed_out: bool) {
    // SAFETY: `Wait` keeps it alive.
    unsafe { (*waker.cast::<Waker>()).wake_by_ref() };
}

impl Wait {
    pub fn new(handle: HANDLE, waker: &Waker) -> io::Result<Self> {
        let waker = Box::into_raw(Box::new(waker.clone()));
        let mut this = Self {
            wait: ptr::null_mut(),
            waker,
        };
        // SAFETY: the handle and the waker live until the wait is unregistered.
        let done = unsafe {
            RegisterWaitForSingleObject(
                &raw mut this.wait,
                handle,
                Some(signalled),
                waker.cast_const().cast(),
                INFINITE,
                WT_EXECUTEONLYONCE,
            )
        };
        if done == 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(this)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        // SAFETY: it waits for a callback that runs; nobody reads the waker afterwards.
        unsafe {
            if !self.wait.is_null() {
                UnregisterWaitEx(self.wait, INVALID_HANDLE_VALUE);
            }
            drop(Box::from_raw(self.waker));
        }
    }
}
