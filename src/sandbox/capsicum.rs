//! caph_limit_stdio(3), which FreeBSD's C library has as an inline function only.

use super::result;
use libc::{CAP_EVENT, CAP_FCNTL, CAP_FSTAT, CAP_IOCTL, CAP_READ, CAP_WRITE, c_int, c_ulong};
use nix::errno::Errno;

/// `CAP_RIGHTS_VERSION` of sys/caprights.h.
const VERSION: c_int = 0;

/// What a terminal is asked; TIOCGWINSZ among it.
const COMMANDS: [c_ulong; 3] = [libc::TIOCGETA, libc::TIOCGWINSZ, libc::FIODTYPE];

/// Limits a descriptor to what a standard stream needs. One that is closed needs nothing.
fn limit(descriptor: c_int, transfer: u64) -> Result<(), Errno> {
    // SAFETY: a struct to fill, and rights that end with 0; the commands are as many as said.
    let limited = unsafe {
        let mut rights = std::mem::zeroed();
        let (event, fcntl, fstat, ioctl) = (CAP_EVENT, CAP_FCNTL, CAP_FSTAT, CAP_IOCTL);
        libc::__cap_rights_init(
            VERSION,
            &raw mut rights,
            event,
            fcntl,
            fstat,
            ioctl,
            transfer,
            0_u64,
        );
        Errno::result(libc::cap_rights_limit(descriptor, &raw const rights))
            .and_then(|_| {
                Errno::result(libc::cap_ioctls_limit(
                    descriptor,
                    COMMANDS.as_ptr(),
                    COMMANDS.len(),
                ))
            })
            .and_then(|_| Errno::result(libc::cap_fcntls_limit(descriptor, libc::CAP_FCNTL_GETFL)))
    };
    match limited {
        // Kernels without Capsicum limit nothing.
        Ok(_) | Err(Errno::EBADF | Errno::ENOSYS) => Ok(()),
        Err(errno) => Err(errno),
    }
}

pub extern "C" fn limit_stdio() -> i32 {
    let limited = limit(0, CAP_READ)
        .and_then(|()| limit(1, CAP_WRITE))
        .and_then(|()| limit(2, CAP_WRITE));
    result(match limited {
        Ok(()) => 0,
        Err(errno) => {
            errno.set();
            -1
        }
    })
}
