//! A child of Windows and the processes that it starts, as one: a job object.

use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::process::Child;
use std::ptr;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, TerminateJobObject,
};

pub struct Job(OwnedHandle);

impl Job {
    /// The job of a child that has just been started; what it has started before this is not in it.
    pub fn of(child: &Child) -> io::Result<Self> {
        // SAFETY: neither attributes nor a name are passed.
        let handle = unsafe { CreateJobObjectW(ptr::null(), ptr::null()) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the system has just made it.
        let job = Self(unsafe { OwnedHandle::from_raw_handle(handle) });
        // SAFETY: both handles are open.
        match unsafe { AssignProcessToJobObject(handle, child.as_raw_handle()) } {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(job),
        }
    }

    /// Ends all of its processes.
    pub fn kill(&self) -> io::Result<()> {
        // SAFETY: the handle is open.
        match unsafe { TerminateJobObject(self.0.as_raw_handle(), 1) } {
            0 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        }
    }
}
