//! Removing a tree that others may change meanwhile.
//!
//! Every name is looked up in an open directory and no link is followed, so that nothing outside of the tree can be
//! reached by exchanging a directory for a link. One directory is open at a time, however deep the tree is: on the
//! way up, `..` must be the directory that the way down came from.

use super::platform::Directory;
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, openat};
use nix::sys::stat::{Mode, fstat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::BorrowedFd;

/// A directory on the way down.
struct Level {
    /// What is left to be removed in it, all directories.
    names: Vec<CString>,
    /// Device and inode, by which it is known again.
    id: (u64, u64),
}

#[allow(clippy::unnecessary_cast)]
fn identity(descriptor: BorrowedFd<'_>) -> io::Result<(u64, u64)> {
    let of = fstat(descriptor)?;
    Ok((of.st_dev as u64, of.st_ino as u64))
}

fn open(at: BorrowedFd<'_>, name: &CStr) -> io::Result<Directory> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    Directory::from_descriptor(openat(at, name, flags, Mode::empty())?)
}

/// Removes what is no directory. Returns whether it was none.
fn unlink(at: BorrowedFd<'_>, name: &CStr, removed: &mut u64) -> io::Result<bool> {
    match unlinkat(at, name, UnlinkatFlags::NoRemoveDir) {
        Ok(()) => *removed += 1,
        // Somebody else was faster.
        Err(Errno::ENOENT) => {}
        // The latter on BSD systems.
        Err(Errno::EISDIR) => return Ok(false),
        Err(Errno::EPERM) if is_directory(at, name) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}

fn is_directory(at: BorrowedFd<'_>, name: &CStr) -> bool {
    open(at, name).is_ok()
}

/// Removes the files of a directory and gives what is left.
fn enter(directory: &mut Directory, removed: &mut u64) -> io::Result<Level> {
    let mut names = Vec::new();
    while let Some(entry) = directory.next()? {
        // SAFETY: valid until the next entry is read.
        let name = unsafe { CStr::from_ptr(entry.name) };
        if !unlink(directory.descriptor(), name, removed)? {
            names.push(name.to_owned());
        }
    }
    Ok(Level {
        names,
        id: identity(directory.descriptor())?,
    })
}

fn remove_directory(at: BorrowedFd<'_>, name: &CStr, removed: &mut u64) -> io::Result<()> {
    match unlinkat(at, name, UnlinkatFlags::RemoveDir) {
        Ok(()) => *removed += 1,
        Err(Errno::ENOENT) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Removes what is at `path`; returns how many files that were, 0 when there was none.
pub fn remove(path: &CStr) -> io::Result<u64> {
    let mut removed = 0;
    match unlink(AT_FDCWD, path, &mut removed) {
        Ok(false) => {}
        // A component of the path is no directory.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(0),
        result => return result.map(|_| removed),
    }
    let mut directory = open(AT_FDCWD, path)?;
    let mut levels = vec![enter(&mut directory, &mut removed)?];
    while let Some(level) = levels.last_mut() {
        if let Some(name) = level.names.last() {
            match open(directory.descriptor(), name) {
                Ok(below) => {
                    directory = below;
                    levels.push(enter(&mut directory, &mut removed)?);
                }
                // Removed, or exchanged for something else, in between.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    level.names.pop();
                }
                Err(error) => return Err(error),
            }
            continue;
        }
        levels.pop();
        let Some(parent) = levels.last_mut() else {
            break;
        };
        directory = open(directory.descriptor(), c"..")?;
        if identity(directory.descriptor())? != parent.id {
            return Err(Errno::ESTALE.into());
        }
        if let Some(name) = parent.names.pop() {
            remove_directory(directory.descriptor(), &name, &mut removed)?;
        }
    }
    drop(directory);
    remove_directory(AT_FDCWD, path, &mut removed)?;
    Ok(removed)
}
