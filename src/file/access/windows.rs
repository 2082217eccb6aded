//! Files of Windows, which has no `flock` family and no readiness of files.

use crate::io::Descriptor;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::windows::fs::{FileExt, OpenOptionsExt};
use std::os::windows::io::OwnedHandle;
use std::path::Path;
use windows_sys::Win32::Storage::FileSystem::FILE_FLAG_WRITE_THROUGH;

/// Flags in the order of their names, which are also those of a number.
const APPEND: u32 = 1;
const CREATE: u32 = 2;
const EXCLUSIVE: u32 = 4;
const READ_ONLY: u32 = 8;
const READ_WRITE: u32 = 16;
const SYNC_ALL_ON_WRITE: u32 = 32;
const TRUNCATE: u32 = 64;
const WRITE_ONLY: u32 = 128;

/// CreateFile. Like open(2), it reads unless it is asked to write.
pub fn open(path: &Path, names: u32, mask: i32) -> io::Result<File> {
    let flags = names | mask.cast_unsigned();
    let has = |flag| flags & flag != 0;
    let write = has(WRITE_ONLY | READ_WRITE);
    let mut options = OpenOptions::new();
    options
        .read(has(READ_ONLY | READ_WRITE) || !write)
        .write(write)
        .append(has(APPEND) && write)
        .create(has(CREATE) && write)
        .create_new(has(CREATE) && has(EXCLUSIVE) && write)
        .truncate(has(TRUNCATE) && write);
    if has(SYNC_ALL_ON_WRITE) {
        options.custom_flags(FILE_FLAG_WRITE_THROUGH);
    }
    options.open(path)
}

/// The file of a descriptor.
pub fn adopt(descriptor: Descriptor) -> io::Result<File> {
    match descriptor {
        Descriptor::File(file) => Ok(file.copy()?.into()),
        Descriptor::Socket(_) => absent(),
    }
}

/// The descriptor of a file.
pub fn surrender(file: File) -> io::Result<Descriptor> {
    Ok(Descriptor::from(OwnedHandle::from(file)))
}

fn absent<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Asked only of transfers through a ring, which there is not.
pub fn appends(_: &File) -> bool {
    false
}

/// There are no locks of this kind.
pub fn lock(_: &File, _: i32) -> io::Result<bool> {
    absent()
}

/// Nothing tells whether a transfer would wait.
pub fn wait(_: &File, _: bool, _: impl Fn() -> bool) -> io::Result<()> {
    Ok(())
}

/// ReadFile at an offset or at the position of the file.
pub fn read(mut file: &File, buffer: &mut [u8], at: Option<u64>) -> io::Result<usize> {
    match at {
        Some(offset) => file.seek_read(buffer, offset),
        None => file.read(buffer),
    }
}

/// WriteFile at an offset or at the position of the file.
pub fn write(mut file: &File, bytes: &[u8], at: Option<u64>) -> io::Result<usize> {
    match at {
        Some(offset) => file.seek_write(bytes, offset),
        None => file.write(bytes),
    }
}
