//! Who the peer is, on FreeBSD: LOCAL_PEERCRED of unix(4).

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Credentials as they cross the boundary. Same layout as in unix/native.lua.
#[repr(C)]
pub struct Credentials {
    uid: u32,
    pid: i32,
    n_groups: u32,
    groups: [u32; 16],
}

pub fn credentials(socket: BorrowedFd<'_>) -> io::Result<Credentials> {
    // SAFETY: numbers and a pointer, for which zero is valid.
    let mut found: libc::xucred = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut length = size_of_val(&found) as libc::socklen_t;
    // SAFETY: `found` has room for `length` bytes.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_LOCAL,
            libc::LOCAL_PEERCRED,
            (&raw mut found).cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Credentials {
        uid: found.cr_uid,
        // SAFETY: the member of the union that the kernel sets.
        pid: unsafe { found.cr_pid__c_anonymous_union.cr_pid },
        n_groups: u32::from(found.cr_ngroups.unsigned_abs()),
        groups: found.cr_groups,
    })
}

/// FreeBSD's labels belong to policies.
pub fn security_label(_: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
