//! Filesystem calls of Windows. Errors get the C library's numbers, by which the algorithms know them.

use super::directory::Entry;
use super::{Kind, Space, Stat};
use crate::io::Borrowed;
use std::ffi::{CStr, CString};
use std::fs::{File, OpenOptions, ReadDir};
use std::io::{self, ErrorKind};
use std::os::windows::ffi::OsStrExt;
use std::os::windows::fs::{MetadataExt, OpenOptionsExt, symlink_dir, symlink_file};
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs, mem};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_ATTRIBUTE_DIRECTORY, FILE_ATTRIBUTE_READONLY,
    FILE_ATTRIBUTE_REPARSE_POINT, FILE_ATTRIBUTE_TAG_INFO, FILE_FLAG_BACKUP_SEMANTICS,
    FILE_FLAG_OPEN_REPARSE_POINT, FILE_READ_ATTRIBUTES, FileAttributeTagInfo, GetDiskFreeSpaceExW,
    GetFileInformationByHandle, GetFileInformationByHandleEx,
};
use windows_sys::Win32::System::SystemServices::{
    IO_REPARSE_TAG_MOUNT_POINT, IO_REPARSE_TAG_SYMLINK,
};

const JUNCTION: Kind = Kind(8);

/// From 1601, where Windows counts from, to 1970; in units of 100 ns.
const EPOCH: i64 = 116_444_736_000_000_000;

/// The path that a string names; the Lua half has checked that it is UTF-8.
pub fn path(text: &CStr) -> PathBuf {
    PathBuf::from(text.to_string_lossy().into_owned())
}

/// The string that names a path; EILSEQ when there is none.
fn bytes(path: PathBuf) -> io::Result<Vec<u8>> {
    match path.into_os_string().into_string() {
        Ok(text) => Ok(text.into_bytes()),
        Err(_) => Err(io::Error::from_raw_os_error(libc::EILSEQ)),
    }
}

/// The error with the C library's number.
fn number(error: io::Error) -> io::Error {
    io::Error::from_raw_os_error(match error.kind() {
        ErrorKind::NotFound => libc::ENOENT,
        ErrorKind::PermissionDenied => libc::EACCES,
        ErrorKind::AlreadyExists => libc::EEXIST,
        ErrorKind::NotADirectory => libc::ENOTDIR,
        ErrorKind::IsADirectory => libc::EISDIR,
        ErrorKind::DirectoryNotEmpty => libc::ENOTEMPTY,
        ErrorKind::ReadOnlyFilesystem => libc::EROFS,
        ErrorKind::StorageFull => libc::ENOSPC,
        ErrorKind::FileTooLarge => libc::EFBIG,
        ErrorKind::ResourceBusy => libc::EBUSY,
        ErrorKind::CrossesDevices => libc::EXDEV,
        ErrorKind::TooManyLinks => libc::EMLINK,
        ErrorKind::InvalidInput | ErrorKind::InvalidFilename => libc::EINVAL,
        ErrorKind::Unsupported => libc::ENOTSUP,
        ErrorKind::OutOfMemory => libc::ENOMEM,
        _ => libc::EIO,
    })
}

fn unavailable<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// 1 when the call succeeded.
fn check(done: i32) -> io::Result<()> {
    if done == 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

fn kind_of(file: &File, attributes: u32) -> io::Result<Kind> {
    if attributes & FILE_ATTRIBUTE_REPARSE_POINT != 0 {
        let mut tag = FILE_ATTRIBUTE_TAG_INFO::default();
        // SAFETY: an open handle, and a structure of the size that is passed.
        check(unsafe {
            GetFileInformationByHandleEx(
                file.as_raw_handle(),
                FileAttributeTagInfo,
                (&raw mut tag).cast(),
                mem::size_of_val(&tag) as u32,
            )
        })?;
        match tag.ReparseTag {
            IO_REPARSE_TAG_SYMLINK => return Ok(Kind::SYMLINK),
            IO_REPARSE_TAG_MOUNT_POINT => return Ok(JUNCTION),
            _ => {}
        }
    }
    Ok(if attributes & FILE_ATTRIBUTE_DIRECTORY != 0 {
        Kind::DIRECTORY
    } else {
        Kind::REGULAR
    })
}

fn stat_path(path: &Path, follow: bool) -> io::Result<Stat> {
    let mut flags = FILE_FLAG_BACKUP_SEMANTICS;
    if !follow {
        flags |= FILE_FLAG_OPEN_REPARSE_POINT;
    }
    let file = OpenOptions::new()
        .access_mode(FILE_READ_ATTRIBUTES)
        .custom_flags(flags)
        .open(path)
        .map_err(number)?;
    let mut of = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: an open handle and a structure to fill.
    check(unsafe { GetFileInformationByHandle(file.as_raw_handle(), &raw mut of) })
        .map_err(number)?;
    let wide = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
    let written = of.ftLastWriteTime;
    let ticks = wide(written.dwHighDateTime, written.dwLowDateTime) as i64;
    Ok(Stat {
        size: wide(of.nFileSizeHigh, of.nFileSizeLow) as i64,
        modified: (ticks - EPOCH).saturating_mul(100),
        links: u64::from(of.nNumberOfLinks),
        device: u64::from(of.dwVolumeSerialNumber),
        inode: wide(of.nFileIndexHigh, of.nFileIndexLow),
        mode: if of.dwFileAttributes & FILE_ATTRIBUTE_READONLY != 0 {
            0o555
        } else {
            0o777
        },
        kind: kind_of(&file, of.dwFileAttributes).map_err(number)?,
    })
}

/// What GetFileInformationByHandle tells.
pub fn stat(text: &CStr, follow: bool) -> io::Result<Stat> {
    stat_path(&path(text), follow)
}

/// GetDiskFreeSpaceEx.
pub fn space(text: &CStr) -> io::Result<Space> {
    let wide: Vec<u16> = path(text).as_os_str().encode_wide().chain([0]).collect();
    let mut space = Space::default();
    // SAFETY: a terminated string and three places to fill.
    check(unsafe {
        GetDiskFreeSpaceExW(
            wide.as_ptr(),
            &raw mut space.available,
            &raw mut space.capacity,
            &raw mut space.free,
        )
    })
    .map_err(number)?;
    Ok(space)
}

/// GetFinalPathNameByHandle.
pub fn canonical(text: &CStr) -> io::Result<Vec<u8>> {
    bytes(fs::canonicalize(path(text)).map_err(number)?)
}

/// The target of a link or junction.
pub fn read_link(text: &CStr) -> io::Result<Vec<u8>> {
    bytes(fs::read_link(path(text)).map_err(number)?)
}

/// GetCurrentDirectory.
pub fn working_directory() -> io::Result<Vec<u8>> {
    bytes(env::current_dir().map_err(number)?)
}

/// SetCurrentDirectory.
pub fn change_directory(text: &CStr) -> io::Result<()> {
    env::set_current_dir(path(text)).map_err(number)
}

/// Descriptors are sockets there.
pub fn change_directory_to(_: Borrowed<'_>) -> io::Result<()> {
    unavailable()
}

pub fn change_root(_: &CStr) -> io::Result<()> {
    unavailable()
}

/// CreateDirectory; there are no modes.
pub fn make_directory(text: &CStr, _mode: u32) -> io::Result<()> {
    fs::create_dir(path(text)).map_err(number)
}

/// CreateHardLink.
pub fn hard_link(target: &CStr, link: &CStr) -> io::Result<()> {
    fs::hard_link(path(target), path(link)).map_err(number)
}

/// CreateSymbolicLink.
pub fn symbolic_link(target: &CStr, link: &CStr, directory: bool) -> io::Result<()> {
    let make = if directory {
        symlink_dir::<PathBuf, PathBuf>
    } else {
        symlink_file
    };
    make(path(target), path(link)).map_err(number)
}

/// MoveFileEx.
pub fn rename(from: &CStr, to: &CStr) -> io::Result<()> {
    fs::rename(path(from), path(to)).map_err(number)
}

/// DeleteFile; RemoveDirectory of what is a kind of directory, as links to directories and junctions are.
pub fn remove(text: &CStr) -> io::Result<()> {
    let path = path(text);
    let attributes = fs::symlink_metadata(&path)
        .map_err(number)?
        .file_attributes();
    if attributes & FILE_ATTRIBUTE_DIRECTORY != 0 {
        fs::remove_dir(path).map_err(number)
    } else {
        fs::remove_file(path).map_err(number)
    }
}

/// SetEndOfFile.
pub fn resize(text: &CStr, size: i64) -> io::Result<()> {
    let size = u64::try_from(size).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))?;
    let file = OpenOptions::new()
        .write(true)
        .open(path(text))
        .map_err(number)?;
    file.set_len(size).map_err(number)
}

/// SetFileTime.
pub fn set_modified(text: &CStr, time: i64) -> io::Result<()> {
    let distance = Duration::from_nanos(time.unsigned_abs());
    let time: SystemTime = if time < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    };
    let file = OpenOptions::new()
        .write(true)
        .custom_flags(FILE_FLAG_BACKUP_SEMANTICS)
        .open(path(text))
        .map_err(number)?;
    file.set_modified(time).map_err(number)
}

/// Windows knows one bit: read-only, which is what nobody may write.
pub fn change_mode(text: &CStr, mode: u32, _follow: bool) -> io::Result<()> {
    let path = path(text);
    let mut permissions = fs::metadata(&path).map_err(number)?.permissions();
    permissions.set_readonly(mode & 0o222 == 0);
    fs::set_permissions(path, permissions).map_err(number)
}

pub fn change_owner(
    _: &CStr,
    _owner: Option<u32>,
    _group: Option<u32>,
    _follow: bool,
) -> io::Result<()> {
    unavailable()
}

pub fn set_umask(_mask: u32) -> io::Result<u32> {
    unavailable()
}

pub fn make_fifo(_: &CStr, _mode: u32) -> io::Result<()> {
    unavailable()
}

pub fn make_node(_: &CStr, _mode: u32, _device: u64) -> io::Result<()> {
    unavailable()
}

pub fn make_device(_major: u32, _minor: u32) -> io::Result<u64> {
    unavailable()
}

pub fn split_device(_device: u64) -> io::Result<[u32; 2]> {
    unavailable()
}

/// New files have the permissions of their directory.
pub fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// A directory that is read.
pub struct Directory {
    entries: ReadDir,
    path: PathBuf,
    /// The name of the entry that was read last.
    name: CString,
}

impl Directory {
    /// FindFirstFile.
    pub fn open(parent: Option<&Self>, name: &CStr, follow: bool) -> io::Result<Self> {
        let path = parent.map_or_else(|| path(name), |parent| parent.path.join(self::path(name)));
        if !follow && stat_path(&path, false)?.kind != Kind::DIRECTORY {
            return Err(io::Error::from_raw_os_error(libc::ENOTDIR));
        }
        Ok(Self {
            entries: fs::read_dir(&path).map_err(number)?,
            path,
            name: CString::default(),
        })
    }

    /// FindNextFile; `.` and `..` are left out.
    pub fn next(&mut self) -> io::Result<Option<Entry>> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        let entry = entry.map_err(number)?;
        let file_type = entry.file_type().map_err(number)?;
        let kind = if file_type.is_symlink() {
            stat_path(&entry.path(), false).map_or(Kind::UNKNOWN, |stat| stat.kind)
        } else if file_type.is_dir() {
            Kind::DIRECTORY
        } else {
            Kind::REGULAR
        };
        let name = bytes(PathBuf::from(entry.file_name()))?;
        self.name = CString::new(name)?;
        Ok(Some(Entry {
            name: self.name.as_ptr(),
            length: self.name.count_bytes() as i32,
            kind,
        }))
    }

    /// The attributes of an entry.
    pub fn stat(&self, name: &CStr, follow: bool) -> io::Result<Stat> {
        stat_path(&self.path.join(path(name)), follow)
    }
}
