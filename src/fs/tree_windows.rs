//! Removing a tree. Links and junctions are removed, never entered.

use super::Kind;
use super::platform::{self, Directory, stat};
use std::ffi::{CStr, CString};
use std::io;

/// Removes what is at `path`, and counts.
fn remove_below(path: &CStr, removed: &mut u64) -> io::Result<()> {
    if stat(path, false)?.kind == Kind::DIRECTORY {
        let mut directory = Directory::open(None, path, false)?;
        while let Some(entry) = directory.next()? {
            // SAFETY: valid until the next entry is read.
            let name = unsafe { CStr::from_ptr(entry.name) };
            let inner = [path.to_bytes(), b"\\", name.to_bytes()].concat();
            remove_below(&CString::new(inner)?, removed)?;
        }
    }
    platform::remove(path)?;
    *removed += 1;
    Ok(())
}

/// Removes what is at `path`; returns how many files that were, 0 when there was none.
pub fn remove(path: &CStr) -> io::Result<u64> {
    let mut removed = 0;
    match remove_below(path, &mut removed) {
        Err(error) if removed == 0 && error.raw_os_error() == Some(libc::ENOENT) => Ok(0),
        result => result.map(|()| removed),
    }
}
