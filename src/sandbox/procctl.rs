//! procctl(2). The library of `libc_service` has this file too.

use nix::errno::Errno;

/// `PROC_NO_NEW_PRIVS_CTL` of procctl(2).
pub fn no_new_privs() -> nix::Result<()> {
    let mut on = libc::PROC_NO_NEW_PRIVS_ENABLE;
    // SAFETY: the command reads an int.
    Errno::result(unsafe {
        libc::procctl(
            libc::P_PID,
            0,
            libc::PROC_NO_NEW_PRIVS_CTL,
            (&raw mut on).cast(),
        )
    })
    .map(drop)
}
