//! The slave and the rates of FreeBSD.

use nix::fcntl::{OFlag, open};
use nix::pty::{PtyMaster, ptsname};
use nix::sys::stat::Mode;
use nix::sys::termios::BaudRate::{self, *};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

pub fn slave(master: &PtyMaster, flags: OFlag) -> io::Result<OwnedFd> {
    static NAMES: Mutex<()> = Mutex::new(());
    let name = {
        let _alone = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the C library's buffer is used by one thread at a time here.
        unsafe { ptsname(master) }?
    };
    Ok(open(name.as_str(), flags, Mode::empty())?)
}

#[rustfmt::skip]
pub const RATES: &[(i32, BaudRate)] = &[
    (50, B50), (75, B75), (110, B110), (134, B134), (150, B150), (200, B200), (300, B300), (600, B600),
    (1200, B1200), (1800, B1800), (2400, B2400), (4800, B4800), (7200, B7200), (9600, B9600), (14400, B14400),
    (19200, B19200), (28800, B28800), (38400, B38400), (57600, B57600), (76800, B76800), (115_200, B115200),
    (230_400, B230400), (460_800, B460800), (921_600, B921600),
];
