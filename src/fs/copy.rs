//! Copying a file's content and permission bits.

use super::platform::{path, private};
use super::text;
use crate::bridge::{guard, status};
use std::ffi::{CStr, c_char};
use std::fs::{File, OpenOptions};
use std::io;

fn copy(from: &CStr, to: &CStr, replace: bool) -> io::Result<()> {
    let mut source = File::open(path(from))?;
    let permissions = source.metadata()?.permissions();
    let mut options = OpenOptions::new();
    let mut target = private(options.write(true).create_new(!replace)).open(path(to))?;
    target.set_permissions(permissions)?;
    target.set_len(0)?;
    // In the kernel where it can: copy_file_range(2), sendfile(2).
    io::copy(&mut source, &mut target)?;
    Ok(())
}

/// Copies the file `from` to `to`, which must exist if `replace` and must not otherwise.
pub extern "C" fn copy_file(from: *const c_char, to: *const c_char, replace: i32) -> i32 {
    guard(|| status(copy(text(from), text(to), replace != 0)))
}
