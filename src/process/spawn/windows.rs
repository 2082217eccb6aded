//! Starting a child on Windows, by the standard library: it quotes arguments and passes no other handle.

use crate::process::plan::{ABSENT, NONE, PIPE, Plan, SHARE};
use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::io;
use std::os::windows::io::{BorrowedHandle, IntoRawHandle, OwnedHandle, RawHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command, Stdio};
use windows_sys::Win32::System::Threading::{CREATE_NEW_PROCESS_GROUP, DETACHED_PROCESS};

/// The texts of a list that ends with null.
///
/// # Safety
/// It is one, and outlives the result.
unsafe fn texts<'a>(mut list: *const *const c_char) -> Vec<Cow<'a, str>> {
    let mut texts = Vec::new();
    // SAFETY: as the caller promises.
    unsafe {
        while !list.is_null() && !(*list).is_null() {
            texts.push(CStr::from_ptr(*list).to_string_lossy());
            list = list.add(1);
        }
    }
    texts
}

/// A standard stream of the child.
fn stream(source: i32) -> io::Result<Stdio> {
    match source {
        SHARE => Ok(Stdio::inherit()),
        source if source < 0 => Ok(Stdio::piped()),
        source => {
            // SAFETY: the Lua half passes an open handle, whose significant bits are 32.
            let handle = unsafe { BorrowedHandle::borrow_raw(source as isize as RawHandle) };
            Ok(handle.try_clone_to_owned()?.into())
        }
    }
}

/// Starts a child and puts our ends of its pipes, which are for overlapped transfers, into the plan.
pub fn start(plan: &mut Plan) -> io::Result<Child> {
    // SAFETY: the Lua half passes lists that end with null.
    let (programs, arguments, environment) = unsafe {
        (
            texts(plan.candidates),
            texts(plan.arguments),
            texts(plan.environment),
        )
    };
    let Some(program) = programs.first() else {
        return Err(io::Error::from_raw_os_error(libc::ENOSYS));
    };
    let mut command = Command::new(program.as_ref());
    let arguments = arguments.iter().skip(1).map(AsRef::as_ref);
    command.args(arguments.collect::<Vec<&str>>()).env_clear();
    for (name, value) in environment.iter().filter_map(|entry| entry.split_once('=')) {
        command.env(name, value);
    }
    if !plan.directory_path.is_null() {
        // SAFETY: a terminated text.
        let directory = unsafe { CStr::from_ptr(plan.directory_path) };
        command.current_dir(directory.to_string_lossy().as_ref());
    }
    command
        .stdin(stream(plan.descriptors[0])?)
        .stdout(stream(plan.descriptors[1])?)
        .stderr(stream(plan.descriptors[2])?);
    let mut flags = plan.creation_flags;
    if plan.new_session != 0 {
        flags |= DETACHED_PROCESS;
    }
    if plan.process_group != ABSENT {
        flags |= CREATE_NEW_PROCESS_GROUP;
    }
    let mut child = command.creation_flags(flags).spawn()?;
    let ends = [
        child.stdin.take().map(OwnedHandle::from),
        child.stdout.take().map(OwnedHandle::from),
        child.stderr.take().map(OwnedHandle::from),
    ];
    // The other end of what nobody has asked for is closed.
    for (source, end) in plan.descriptors.iter_mut().zip(ends) {
        *source = match end {
            Some(end) if *source == PIPE => end.into_raw_handle() as isize as i32,
            _ => NONE,
        };
    }
    Ok(child)
}
