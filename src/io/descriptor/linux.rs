//! kcmp(2), openat2(2) and the flags of open(2) that Linux has.

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::Mode;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// `KCMP_FILE` of linux/kcmp.h.
const KCMP_FILE: libc::c_int = 0;

pub fn compare(a: BorrowedFd<'_>, b: BorrowedFd<'_>) -> io::Result<i32> {
    // SAFETY: numbers only.
    let result = unsafe {
        let pid = libc::getpid();
        libc::syscall(
            libc::SYS_kcmp,
            pid,
            pid,
            KCMP_FILE,
            libc::c_long::from(a.as_raw_fd()),
            libc::c_long::from(b.as_raw_fd()),
        )
    };
    Ok(Errno::result(result)? as i32)
}

/// Bits of the Lua half's names that this system knows.
pub const FLAGS: &[(u32, OFlag)] = &[
    (1 << 9, OFlag::O_NOFOLLOW),
    (1 << 10, OFlag::O_PATH),
    (1 << 11, OFlag::O_TMPFILE),
];

/// `RESOLVE_CACHED` of linux/openat2.h, which nix lacks.
const RESOLVE_CACHED: ResolveFlag = ResolveFlag::from_bits_retain(libc::RESOLVE_CACHED);

/// Bits that ask for openat2(2).
const RESOLVE: [(u32, ResolveFlag); 6] = [
    (1 << 12, ResolveFlag::RESOLVE_BENEATH),
    (1 << 13, ResolveFlag::RESOLVE_IN_ROOT),
    (1 << 14, ResolveFlag::RESOLVE_NO_MAGICLINKS),
    (1 << 15, ResolveFlag::RESOLVE_NO_SYMLINKS),
    (1 << 16, ResolveFlag::RESOLVE_NO_XDEV),
    (1 << 17, RESOLVE_CACHED),
];

/// `rest` has the bits that are no flags of open(2).
pub fn open_at(
    directory: BorrowedFd<'_>,
    path: &CStr,
    flags: OFlag,
    rest: u32,
    mode: Mode,
) -> io::Result<OwnedFd> {
    if rest == 0 {
        return Ok(openat(directory, path, flags, mode)?);
    }
    let resolve = RESOLVE
        .iter()
        .filter(|(bit, _)| rest & bit != 0)
        .fold(ResolveFlag::empty(), |all, (_, flag)| all | *flag);
    let mut how = OpenHow::new().flags(flags).resolve(resolve);
    // A mode for a file that is not made is refused.
    if flags.intersects(OFlag::O_CREAT) || flags.contains(OFlag::O_TMPFILE) {
        how = how.mode(mode);
    }
    Ok(openat2(directory, path, how)?)
}

/// Where a file has its capabilities: capabilities(7).
const CAPABILITIES: &CStr = c"security.capability";

/// fgetxattr(2) of the capabilities; how many bytes they are.
pub fn get_capabilities(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    // SAFETY: `buffer` has room for that many bytes.
    let n = unsafe {
        libc::fgetxattr(
            fd.as_raw_fd(),
            CAPABILITIES.as_ptr(),
            buffer.as_mut_ptr().cast(),
            buffer.len(),
        )
    };
    Ok(Errno::result(n)? as usize)
}

/// fsetxattr(2) of the capabilities.
pub fn set_capabilities(fd: BorrowedFd<'_>, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: `bytes` are that many.
    let result = unsafe {
        libc::fsetxattr(
            fd.as_raw_fd(),
            CAPABILITIES.as_ptr(),
            bytes.as_ptr().cast(),
            bytes.len(),
            0,
        )
    };
    Errno::result(result)?;
    Ok(())
}
