//! Who the peer is, on Linux: SO_PEERCRED and SO_PEERSEC of unix(7) and socket(7).

use super::Credentials;
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

pub fn credentials(socket: BorrowedFd<'_>) -> io::Result<Credentials> {
    let found = getsockopt(&socket, PeerCredentials)?;
    let mut groups = [0; 16];
    groups[0] = found.gid();
    Ok(Credentials {
        uid: found.uid(),
        pid: found.pid(),
        n_groups: 1,
        groups,
    })
}

/// The label without its NUL byte; ENOPROTOOPT without a security module that has labels.
pub fn security_label(socket: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let mut label = vec![0_u8; 256];
    loop {
        let mut length = label.len() as libc::socklen_t;
        // SAFETY: `label` has room for `length` bytes.
        let result = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERSEC,
                label.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if result == 0 {
            label.truncate(length as usize);
            if label.last() == Some(&0) {
                label.pop();
            }
            return Ok(label);
        }
        let error = io::Error::last_os_error();
        // It tells how long the label is.
        if error.raw_os_error() != Some(libc::ERANGE) || length as usize <= label.len() {
            return Err(error);
        }
        label.resize(length as usize, 0);
    }
}

/// Labels belong to the one module of security that there is.
pub fn security_labels(_: BorrowedFd<'_>, _: Option<&CStr>) -> io::Result<Vec<u8>> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}
