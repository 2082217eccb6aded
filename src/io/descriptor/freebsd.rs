//! kcmp(2) and the flags of open(2) that FreeBSD has.

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

/// `KCMP_FILE` of sys/unistd.h.
const KCMP_FILE: libc::c_int = 100;

type Kcmp = unsafe extern "C" fn(
    libc::pid_t,
    libc::pid_t,
    libc::c_int,
    libc::uintptr_t,
    libc::uintptr_t,
) -> libc::c_int;

/// The C library has it since 14.1.
pub fn compare(a: BorrowedFd<'_>, b: BorrowedFd<'_>) -> io::Result<i32> {
    // SAFETY: a name that lives for ever.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"kcmp".as_ptr()) };
    if symbol.is_null() {
        return Err(io::Error::from_raw_os_error(libc::ENOSYS));
    }
    // SAFETY: the function of that name has this type, and takes numbers only.
    let result = unsafe {
        let kcmp = std::mem::transmute::<*mut libc::c_void, Kcmp>(symbol);
        let pid = libc::getpid();
        kcmp(
            pid,
            pid,
            KCMP_FILE,
            a.as_raw_fd() as libc::uintptr_t,
            b.as_raw_fd() as libc::uintptr_t,
        )
    };
    Ok(Errno::result(result)?)
}

/// `O_RESOLVE_BENEATH` of sys/fcntl.h.
const RESOLVE_BENEATH: OFlag = OFlag::from_bits_retain(0x0080_0000);
/// `O_PATH` of sys/fcntl.h.
const PATH: OFlag = OFlag::from_bits_retain(0x0040_0000);

/// Bits of the Lua half's names that this system knows.
pub const FLAGS: &[(u32, OFlag)] = &[
    (1 << 9, OFlag::O_NOFOLLOW),
    (1 << 10, PATH),
    (1 << 12, RESOLVE_BENEATH),
];

/// `rest` has the bits that are no flags of open(2).
pub fn open_at(
    directory: BorrowedFd<'_>,
    path: &CStr,
    flags: OFlag,
    rest: u32,
    mode: Mode,
) -> io::Result<OwnedFd> {
    if rest != 0 {
        return Err(io::Error::from_raw_os_error(libc::ENOSYS));
    }
    Ok(openat(directory, path, flags, mode)?)
}

/// Files have no capabilities here.
pub fn get_capabilities(_: BorrowedFd<'_>, _: &mut [u8]) -> io::Result<usize> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// See [`get_capabilities`].
pub fn set_capabilities(_: BorrowedFd<'_>, _: &[u8]) -> io::Result<()> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
