//! Descriptors on Windows: sockets, and the handles of pipes and serial lines.

use crate::io::overlapped::Overlapped;
use crate::io::{Borrowed, Descriptor, Direction, Io, Source};
use std::io;
use std::os::windows::io::{
    AsRawSocket, FromRawHandle, IntoRawHandle, IntoRawSocket, OwnedHandle, RawHandle,
};
use std::process;
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Poll, Waker};
use windows_sys::Win32::Foundation::GENERIC_WRITE;
use windows_sys::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, OPEN_EXISTING,
    PIPE_ACCESS_INBOUND,
};
use windows_sys::Win32::System::Pipes::{CreateNamedPipeW, PIPE_REJECT_REMOTE_CLIENTS};

/// Size of a pipe's buffer, that of Linux.
const CAPACITY: u32 = 64 << 10;

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// The numbers that are handed over are those of pipes.
pub fn from_number(number: i32) -> Descriptor {
    // SAFETY: the caller owns it and gives it away.
    unsafe { OwnedHandle::from_raw_handle(number as isize as RawHandle) }.into()
}

pub fn into_number(descriptor: Descriptor) -> io::Result<i32> {
    match descriptor {
        Descriptor::Socket(socket) => Ok(socket.into_raw_socket() as i32),
        Descriptor::File(file) => Ok(file.copy()?.into_raw_handle() as isize as i32),
    }
}

/// Handles have 32 significant bits.
pub fn number(descriptor: &Borrowed<'_>) -> i32 {
    match descriptor {
        Borrowed::Socket(socket) => socket.as_raw_socket() as i32,
        Borrowed::File(file) => file.as_raw() as isize as i32,
    }
}

pub fn duplicate(_: Borrowed<'_>) -> io::Result<Descriptor> {
    unsupported()
}

pub fn compare(_: Borrowed<'_>, _: Borrowed<'_>) -> io::Result<i32> {
    unsupported()
}

pub fn file_type(_: Borrowed<'_>) -> io::Result<i32> {
    unsupported()
}

pub fn is_non_blocking(_: Borrowed<'_>) -> io::Result<bool> {
    unsupported()
}

/// Asked when a descriptor changes hands, which only files do: nothing about them ever blocks.
pub fn set_non_blocking(descriptor: Borrowed<'_>, on: bool) -> io::Result<()> {
    match descriptor {
        Borrowed::File(_) if on => Ok(()),
        _ => unsupported(),
    }
}

pub fn open_at(_: Option<Borrowed<'_>>, _: &[u8], _: u32, _: i32) -> io::Result<Descriptor> {
    unsupported()
}

/// A named pipe of which nobody else knows: those without a name have no overlapped transfers.
pub fn pipe() -> io::Result<(Descriptor, Descriptor)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!(r"\\.\pipe\emilua.{}.{number}", process::id());
    let name: Vec<u16> = name.encode_utf16().chain([0]).collect();
    let access = PIPE_ACCESS_INBOUND | FILE_FLAG_FIRST_PIPE_INSTANCE | FILE_FLAG_OVERLAPPED;
    let mode = PIPE_REJECT_REMOTE_CLIENTS;
    let (name, default) = (name.as_ptr(), ptr::null());
    // SAFETY: the name ends with NUL.
    let reading = Descriptor::opened(unsafe {
        CreateNamedPipeW(name, access, mode, 1, CAPACITY, CAPACITY, 0, default)
    })?;
    let flags = FILE_FLAG_OVERLAPPED;
    let no_template = ptr::null_mut();
    // SAFETY: as above.
    let writing = Descriptor::opened(unsafe {
        CreateFileW(
            name,
            GENERIC_WRITE,
            0,
            default,
            OPEN_EXISTING,
            flags,
            no_template,
        )
    })?;
    Ok((reading, writing))
}

/// The file of an object and the waker of one of its directions.
fn file(io: &mut Io, direction: Direction) -> io::Result<(&mut Overlapped, &Waker)> {
    io.wakers();
    match (&mut io.source, &io.wakers) {
        (Source::Idle(Descriptor::File(file)), Some(wakers)) => {
            Ok((file, &wakers[usize::from(direction == Direction::Write)]))
        }
        (Source::Closed, _) => Err(io::Error::from_raw_os_error(libc::EBADF)),
        _ => unsupported(),
    }
}

pub fn read(io: &mut Io, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
    match file(io, Direction::Read) {
        Ok((file, waker)) => file.read(buffer, waker),
        Err(error) => Poll::Ready(Err(error)),
    }
}

pub fn write(io: &mut Io, bytes: &[u8]) -> Poll<io::Result<usize>> {
    match file(io, Direction::Write) {
        Ok((file, waker)) => file.write(bytes, waker),
        Err(error) => Poll::Ready(Err(error)),
    }
}

pub fn get_capabilities(_: Borrowed<'_>, _: &mut [u8]) -> io::Result<usize> {
    unsupported()
}

pub fn set_capabilities(_: Borrowed<'_>, _: &[u8]) -> io::Result<()> {
    unsupported()
}
