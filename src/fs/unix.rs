//! Filesystem calls of POSIX systems.

use super::directory::Entry;
use super::{Kind, Space, Stat};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag, openat};
use nix::sys::stat::UtimensatFlags;
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat, mknod, umask, utimensat};
use nix::sys::statvfs::statvfs;
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::unistd::{Gid, Uid, chdir, chroot, fchdir, fchownat, mkdir, mkfifo, truncate};
use std::ffi::{CStr, OsStr};
use std::fs::OpenOptions;
use std::os::fd::{BorrowedFd, IntoRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::ptr::NonNull;
use std::{env, fs, io};

/// The path that a string names.
pub fn path(text: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(text.to_bytes()))
}

/// The string that names a path.
fn bytes(path: PathBuf) -> Vec<u8> {
    path.into_os_string().into_vec()
}

/// The bits that chmod(2) takes, which nix would refuse to see beside others.
fn mode_bits(mode: u32) -> Mode {
    Mode::from_bits_truncate(mode as libc::mode_t)
}

/// The types that only POSIX has.
const BLOCK: Kind = Kind(4);
const CHARACTER: Kind = Kind(5);
const FIFO: Kind = Kind(6);
const SOCKET: Kind = Kind(7);

fn kind_of(mode: libc::mode_t) -> Kind {
    match mode & libc::S_IFMT {
        libc::S_IFREG => Kind::REGULAR,
        libc::S_IFDIR => Kind::DIRECTORY,
        libc::S_IFLNK => Kind::SYMLINK,
        libc::S_IFBLK => BLOCK,
        libc::S_IFCHR => CHARACTER,
        libc::S_IFIFO => FIFO,
        libc::S_IFSOCK => SOCKET,
        _ => Kind::UNKNOWN,
    }
}

// The widths of the kernel's types differ from one platform to the other.
#[allow(clippy::unnecessary_cast, clippy::useless_conversion)]
impl From<FileStat> for Stat {
    fn from(of: FileStat) -> Self {
        let seconds = of.st_mtime as i64;
        Self {
            size: of.st_size,
            modified: seconds
                .saturating_mul(1_000_000_000)
                .saturating_add(of.st_mtime_nsec as i64),
            links: of.st_nlink as u64,
            device: of.st_dev as u64,
            inode: of.st_ino as u64,
            mode: u32::from(of.st_mode) & 0o7777,
            kind: kind_of(of.st_mode),
        }
    }
}

fn stat_at(directory: BorrowedFd<'_>, name: &CStr, follow: bool) -> io::Result<Stat> {
    let flags = if follow {
        AtFlags::empty()
    } else {
        AtFlags::AT_SYMLINK_NOFOLLOW
    };
    Ok(fstatat(directory, name, flags)?.into())
}

/// stat(2) and lstat(2).
pub fn stat(path: &CStr, follow: bool) -> io::Result<Stat> {
    stat_at(AT_FDCWD, path, follow)
}

/// statvfs(3).
pub fn space(path: &CStr) -> io::Result<Space> {
    let of = statvfs(path)?;
    let bytes = |blocks: u64| blocks.saturating_mul(of.fragment_size());
    Ok(Space {
        capacity: bytes(of.blocks()),
        free: bytes(of.blocks_free()),
        available: bytes(of.blocks_available()),
    })
}

/// realpath(3).
pub fn canonical(text: &CStr) -> io::Result<Vec<u8>> {
    fs::canonicalize(path(text)).map(bytes)
}

/// readlink(2).
pub fn read_link(text: &CStr) -> io::Result<Vec<u8>> {
    fs::read_link(path(text)).map(bytes)
}

/// getcwd(3).
pub fn working_directory() -> io::Result<Vec<u8>> {
    env::current_dir().map(bytes)
}

/// chdir(2).
pub fn change_directory(path: &CStr) -> io::Result<()> {
    Ok(chdir(path)?)
}

/// fchdir(2).
pub fn change_directory_to(directory: BorrowedFd<'_>) -> io::Result<()> {
    Ok(fchdir(directory)?)
}

/// chroot(2).
pub fn change_root(path: &CStr) -> io::Result<()> {
    Ok(chroot(path)?)
}

/// mkdir(2).
pub fn make_directory(path: &CStr, mode: u32) -> io::Result<()> {
    Ok(mkdir(path, mode_bits(mode))?)
}

/// link(2), which does not follow links.
pub fn hard_link(target: &CStr, link: &CStr) -> io::Result<()> {
    fs::hard_link(path(target), path(link))
}

/// symlink(2).
pub fn symbolic_link(target: &CStr, link: &CStr, _directory: bool) -> io::Result<()> {
    std::os::unix::fs::symlink(path(target), path(link))
}

/// rename(2).
pub fn rename(from: &CStr, to: &CStr) -> io::Result<()> {
    fs::rename(path(from), path(to))
}

/// remove(3).
pub fn remove(path: &CStr) -> io::Result<()> {
    // SAFETY: a terminated string.
    Errno::result(unsafe { libc::remove(path.as_ptr()) })?;
    Ok(())
}

/// truncate(2).
pub fn resize(path: &CStr, size: i64) -> io::Result<()> {
    Ok(truncate(path, size)?)
}

/// utimensat(2), which leaves the time of the last access.
pub fn set_modified(path: &CStr, time: i64) -> io::Result<()> {
    let modified = TimeSpec::nanoseconds(time);
    Ok(utimensat(
        AT_FDCWD,
        path,
        &TimeSpec::UTIME_OMIT,
        &modified,
        UtimensatFlags::FollowSymlink,
    )?)
}

/// fchmodat(2). Linux has no permissions of links; its C library says ENOTSUP then.
pub fn change_mode(path: &CStr, mode: u32, follow: bool) -> io::Result<()> {
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let mode = mode as libc::mode_t & 0o7777;
    // SAFETY: a terminated string.
    Errno::result(unsafe { libc::fchmodat(libc::AT_FDCWD, path.as_ptr(), mode, flags) })?;
    Ok(())
}

/// chown(2) and lchown(2).
pub fn change_owner(
    path: &CStr,
    owner: Option<u32>,
    group: Option<u32>,
    follow: bool,
) -> io::Result<()> {
    let flags = if follow {
        AtFlags::empty()
    } else {
        AtFlags::AT_SYMLINK_NOFOLLOW
    };
    let (owner, group) = (owner.map(Uid::from_raw), group.map(Gid::from_raw));
    Ok(fchownat(AT_FDCWD, path, owner, group, flags)?)
}

/// umask(2): the mask before.
#[allow(clippy::useless_conversion)] // the width of mode_t differs
pub fn set_umask(mask: u32) -> io::Result<u32> {
    Ok(u32::from(umask(mode_bits(mask & 0o777)).bits()))
}

/// mkfifo(3).
pub fn make_fifo(path: &CStr, mode: u32) -> io::Result<()> {
    Ok(mkfifo(path, mode_bits(mode))?)
}

/// mknod(2); `mode` holds the type too.
pub fn make_node(path: &CStr, mode: u32, device: u64) -> io::Result<()> {
    let kind = SFlag::from_bits_truncate(mode as libc::mode_t & libc::S_IFMT);
    Ok(mknod(path, kind, mode_bits(mode), device)?)
}

/// makedev(3).
pub fn make_device(major: u32, minor: u32) -> io::Result<u64> {
    Ok(libc::makedev(major, minor))
}

/// major(3) and minor(3).
#[allow(clippy::unnecessary_cast)] // signed on BSD systems
pub fn split_device(device: u64) -> io::Result<[u32; 2]> {
    Ok([libc::major(device) as u32, libc::minor(device) as u32])
}

/// What keeps others from opening a new file before it has its permissions.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o200)
}

/// A directory that is read.
pub struct Directory(NonNull<libc::DIR>);

// SAFETY: readdir(3) may be called by any thread, one at a time; `next` takes the directory mutably.
unsafe impl Send for Directory {}

impl Directory {
    /// opendir(3) below a parent, by which no other name is looked up again.
    pub fn open(parent: Option<&Self>, name: &CStr, follow: bool) -> io::Result<Self> {
        let mut flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        flags.set(OFlag::O_NOFOLLOW, !follow);
        let at = parent.map_or(AT_FDCWD, Self::descriptor);
        Self::from_descriptor(openat(at, name, flags, Mode::empty())?)
    }

    /// The directory that is open as `descriptor`, which it takes over.
    pub fn from_descriptor(descriptor: OwnedFd) -> io::Result<Self> {
        let raw = descriptor.into_raw_fd();
        // SAFETY: the descriptor is ours; a failure leaves it so.
        match NonNull::new(unsafe { libc::fdopendir(raw) }) {
            Some(stream) => Ok(Self(stream)),
            None => {
                let error = io::Error::last_os_error();
                // SAFETY: nobody else has it.
                unsafe { libc::close(raw) };
                Err(error)
            }
        }
    }

    /// The directory's own descriptor.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        // SAFETY: the stream is open while `self` is, and so is its descriptor.
        unsafe { BorrowedFd::borrow_raw(libc::dirfd(self.0.as_ptr())) }
    }

    /// The next entry but `.` and `..`.
    pub fn next(&mut self) -> io::Result<Option<Entry>> {
        loop {
            Errno::clear();
            // SAFETY: the stream is open, and nobody else reads it.
            let Some(entry) = (unsafe { libc::readdir(self.0.as_ptr()).as_ref() }) else {
                return match Errno::last_raw() {
                    0 => Ok(None),
                    code => Err(io::Error::from_raw_os_error(code)),
                };
            };
            // SAFETY: the kernel terminates names.
            let name = unsafe { CStr::from_ptr(entry.d_name.as_ptr()) };
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let kind = match entry.d_type {
                libc::DT_REG => Kind::REGULAR,
                libc::DT_DIR => Kind::DIRECTORY,
                libc::DT_LNK => Kind::SYMLINK,
                libc::DT_BLK => BLOCK,
                libc::DT_CHR => CHARACTER,
                libc::DT_FIFO => FIFO,
                libc::DT_SOCK => SOCKET,
                // Some filesystems do not tell; a file that is gone by now has no type.
                _ => self
                    .stat(name, false)
                    .map_or(Kind::UNKNOWN, |stat| stat.kind),
            };
            return Ok(Some(Entry {
                name: name.as_ptr(),
                length: name.count_bytes() as i32,
                kind,
            }));
        }
    }

    /// fstatat(2).
    pub fn stat(&self, name: &CStr, follow: bool) -> io::Result<Stat> {
        stat_at(self.descriptor(), name, follow)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // SAFETY: open until here.
        unsafe { libc::closedir(self.0.as_ptr()) };
    }
}
