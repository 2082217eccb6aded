//! Serial lines on POSIX: open(2) and termios(3).

#[cfg_attr(target_os = "linux", path = "linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "freebsd.rs")]
mod kernel;

use super::Setting;
use kernel::RATES;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open as open_device};
use nix::pty::{grantpt, posix_openpt, unlockpt};
use nix::sys::stat::Mode;
use nix::sys::termios::{
    ControlFlags, InputFlags, SetArg, Termios, cfgetospeed, cfsetspeed, tcgetattr, tcsendbreak,
    tcsetattr,
};
use nix::unistd::{Pid, isatty, tcgetpgrp, tcsetpgrp};
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

const FLAGS: OFlag = OFlag::O_RDWR
    .union(OFlag::O_NONBLOCK)
    .union(OFlag::O_NOCTTY)
    .union(OFlag::O_CLOEXEC);

pub fn open(device: &Path) -> io::Result<OwnedFd> {
    Ok(open_device(device, FLAGS, Mode::empty())?)
}

/// posix_openpt(3) and its slave.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = kernel::slave(&master, FLAGS)?;
    // FreeBSD's posix_openpt knows no O_NONBLOCK.
    fcntl(
        &master,
        FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK),
    )?;
    Ok((master.into(), slave))
}

const SOFTWARE: InputFlags = InputFlags::IXON.union(InputFlags::IXOFF);
const PARITY: ControlFlags = ControlFlags::PARENB.union(ControlFlags::PARODD);
const SIZES: [ControlFlags; 4] = [
    ControlFlags::CS5,
    ControlFlags::CS6,
    ControlFlags::CS7,
    ControlFlags::CS8,
];

pub fn get(line: BorrowedFd<'_>, setting: Setting) -> io::Result<i32> {
    let settings = tcgetattr(line)?;
    let (input, control) = (settings.input_flags, settings.control_flags);
    Ok(match setting {
        Setting::BaudRate => {
            // nix gives a rate on Linux and a number elsewhere.
            let speed = cfgetospeed(&settings) as libc::speed_t;
            let known = RATES
                .iter()
                .find(|(_, rate)| *rate as libc::speed_t == speed);
            known.map(|(n, _)| *n).ok_or(Errno::EINVAL)?
        }
        Setting::FlowControl if input.intersects(SOFTWARE) => 1,
        Setting::FlowControl if control.contains(ControlFlags::CRTSCTS) => 2,
        Setting::FlowControl => 0,
        Setting::Parity if !control.contains(ControlFlags::PARENB) => 0,
        Setting::Parity if control.contains(ControlFlags::PARODD) => 1,
        Setting::Parity => 2,
        Setting::StopBits if control.contains(ControlFlags::CSTOPB) => 2,
        Setting::StopBits => 1,
        Setting::CharacterSize => {
            let size = control & ControlFlags::CSIZE;
            SIZES
                .iter()
                .position(|s| *s == size)
                .map_or(8, |i| i as i32 + 5)
        }
    })
}

pub fn set(line: BorrowedFd<'_>, setting: Setting, value: i32) -> io::Result<()> {
    let mut settings = tcgetattr(line)?;
    apply(&mut settings, setting, value)?;
    tcsetattr(line, SetArg::TCSANOW, &settings)?;
    // It succeeds when any of the settings could be changed: this one may not be among them.
    match get(line, setting)? {
        now if now == value => Ok(()),
        _ => Err(Errno::EINVAL.into()),
    }
}

fn apply(settings: &mut Termios, setting: Setting, value: i32) -> Result<(), Errno> {
    let (input, control) = (&mut settings.input_flags, &mut settings.control_flags);
    match setting {
        Setting::BaudRate => {
            let known = RATES.iter().find(|(n, _)| *n == value);
            let (_, rate) = known.ok_or(Errno::EINVAL)?;
            cfsetspeed(settings, *rate)?;
        }
        Setting::FlowControl => {
            input.set(SOFTWARE, value == 1);
            control.set(ControlFlags::CRTSCTS, value == 2);
        }
        Setting::Parity => {
            input.set(InputFlags::IGNPAR, value == 0);
            if value != 0 {
                input.remove(InputFlags::PARMRK);
                input.insert(InputFlags::INPCK);
            }
            control.set(PARITY, value != 0);
            control.set(ControlFlags::PARODD, value == 1);
        }
        Setting::StopBits => control.set(ControlFlags::CSTOPB, value == 2),
        Setting::CharacterSize => {
            let size = usize::try_from(value - 5).map_err(|_| Errno::EINVAL)?;
            control.remove(ControlFlags::CSIZE);
            control.insert(*SIZES.get(size).ok_or(Errno::EINVAL)?);
        }
    }
    Ok(())
}

pub fn is_terminal(line: BorrowedFd<'_>) -> io::Result<bool> {
    match isatty(line) {
        Err(Errno::ENOTTY | Errno::EINVAL) => Ok(false),
        result => Ok(result?),
    }
}

pub fn foreground(line: BorrowedFd<'_>) -> io::Result<i32> {
    Ok(tcgetpgrp(line)?.as_raw())
}

pub fn set_foreground(line: BorrowedFd<'_>, group: i32) -> io::Result<()> {
    Ok(tcsetpgrp(line, Pid::from_raw(group))?)
}

pub fn send_break(line: BorrowedFd<'_>) -> io::Result<()> {
    Ok(tcsendbreak(line, 0)?)
}
