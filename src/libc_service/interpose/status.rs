//! What stat(2) tells, as an answer and as C's structs.

use crate::call::Call;
use crate::exports::is_plain;
use crate::packet::{Field, Kind};
use crate::platform::NO_AUTOMOUNT;
use crate::real;
use crate::wire::{Answer, Function};
use libc::stat as Stat;
use std::ffi::{c_char, c_int};

/// The types of files, in the order of the names in libc_service/wire.lua.
const TYPES: [libc::mode_t; 7] = [
    libc::S_IFREG,
    libc::S_IFDIR,
    libc::S_IFLNK,
    libc::S_IFBLK,
    libc::S_IFCHR,
    libc::S_IFIFO,
    libc::S_IFSOCK,
];

/// Type and permissions.
pub fn mode(answer: &Answer) -> libc::mode_t {
    let kind = usize::try_from(get(answer, Field::Type)).unwrap_or(usize::MAX);
    let kind = TYPES.get(kind).copied().unwrap_or(0);
    kind | get(answer, Field::Mode) as libc::mode_t & 0o7777
}

pub fn get(answer: &Answer, field: Field) -> i64 {
    answer.status[field as usize]
}

/// The nanoseconds of a time.
pub fn nanoseconds(answer: &Answer, field: Field) -> i64 {
    answer.status[field as usize + 1]
}

fn set_time(answer: &mut Answer, field: Field, seconds: i64, nanoseconds: i64) {
    answer.status[field as usize] = seconds;
    answer.status[field as usize + 1] = nanoseconds;
}

/// The call that fstatat(2) is; none with an open directory, or for a descriptor's own status.
///
/// # Safety
/// `path` is null or a terminated string.
pub unsafe fn function(directory: c_int, path: *const c_char, flags: c_int) -> Option<Function> {
    // SAFETY: as the caller promises.
    if !unsafe { is_plain(directory, path) } {
        return None;
    }
    match flags & !NO_AUTOMOUNT {
        0 => Some(Function::Stat),
        libc::AT_SYMLINK_NOFOLLOW => Some(Function::Lstat),
        _ => None,
    }
}

/// Asks for the status of a path: 0, or -1 and errno.
///
/// # Safety
/// `path` is null or a terminated string.
pub unsafe fn answer(function: Function, path: *const c_char) -> Option<Result<Answer, c_int>> {
    // SAFETY: as the caller promises.
    let answer = unsafe { Call::new(function)?.text(0, path) }?.answer()?;
    if answer.is(Kind::Status) {
        return Some(Ok(answer));
    }
    real::set_errno(answer.errno);
    Some(Err(-1))
}

/// The same, to a struct of stat(2).
///
/// # Safety
/// `path` is null or a terminated string, `status` writable.
pub unsafe fn ask(function: Function, path: *const c_char, status: *mut Stat) -> Option<c_int> {
    // SAFETY: as the caller promises; zeros are a valid status.
    unsafe {
        match answer(function, path)? {
            Ok(answer) => {
                *status = std::mem::zeroed();
                fill(&answer, &mut *status);
                Some(0)
            }
            Err(result) => Some(result),
        }
    }
}

fn fill(answer: &Answer, status: &mut Stat) {
    status.st_dev = get(answer, Field::Device) as _;
    status.st_ino = get(answer, Field::Inode) as _;
    status.st_mode = mode(answer);
    status.st_nlink = get(answer, Field::Links) as _;
    status.st_uid = get(answer, Field::User) as _;
    status.st_gid = get(answer, Field::Group) as _;
    status.st_rdev = get(answer, Field::SpecialDevice) as _;
    status.st_size = get(answer, Field::Size) as _;
    status.st_blksize = get(answer, Field::BlockSize) as _;
    status.st_blocks = get(answer, Field::Blocks) as _;
    status.st_atime = get(answer, Field::Accessed) as _;
    status.st_atime_nsec = nanoseconds(answer, Field::Accessed) as _;
    status.st_mtime = get(answer, Field::Modified) as _;
    status.st_mtime_nsec = nanoseconds(answer, Field::Modified) as _;
    status.st_ctime = get(answer, Field::Changed) as _;
    status.st_ctime_nsec = nanoseconds(answer, Field::Changed) as _;
}

/// Numbers have other widths on other systems.
fn wide(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The answer that tells what the C library has found.
pub fn to_answer(status: &Stat) -> Answer {
    let mut answer = Answer::new(Kind::Status);
    let kind = TYPES
        .iter()
        .position(|kind| status.st_mode & libc::S_IFMT == *kind);
    let mut set = |field: Field, value: i64| answer.status[field as usize] = value;
    set(Field::Device, wide(status.st_dev));
    set(Field::Inode, wide(status.st_ino));
    set(Field::Mode, wide(status.st_mode & 0o7777));
    set(Field::Type, kind.map_or(0, |kind| kind as i64));
    set(Field::Links, wide(status.st_nlink));
    set(Field::User, wide(status.st_uid));
    set(Field::Group, wide(status.st_gid));
    set(Field::SpecialDevice, wide(status.st_rdev));
    set(Field::Size, wide(status.st_size));
    set(Field::BlockSize, wide(status.st_blksize));
    set(Field::Blocks, wide(status.st_blocks));
    set_time(
        &mut answer,
        Field::Accessed,
        wide(status.st_atime),
        wide(status.st_atime_nsec),
    );
    set_time(
        &mut answer,
        Field::Modified,
        wide(status.st_mtime),
        wide(status.st_mtime_nsec),
    );
    set_time(
        &mut answer,
        Field::Changed,
        wide(status.st_ctime),
        wide(status.st_ctime_nsec),
    );
    answer
}
