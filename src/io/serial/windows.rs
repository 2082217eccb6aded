//! Serial lines of Windows: opened for overlapped transfers, with the settings of the crate serialport.

use super::Setting;
use crate::io::{Borrowed, Descriptor};
use serialport::{COMPort, DataBits, ErrorKind, FlowControl, Parity, SerialPort, StopBits};
use std::io;
use std::mem::ManuallyDrop;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::FromRawHandle;
use std::path::Path;
use std::ptr;
use std::thread::sleep;
use std::time::Duration;
use windows_sys::Win32::Foundation::{
    ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, GENERIC_READ, GENERIC_WRITE,
};
use windows_sys::Win32::Storage::FileSystem::{CreateFileW, FILE_FLAG_OVERLAPPED, OPEN_EXISTING};

/// How long a break lasts, as that of tcsendbreak(3).
const BREAK: Duration = Duration::from_millis(250);

fn absent<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(libc::ENOSYS))
}

/// Opens `COM1` and its like, or any path of the namespace of devices. A read ends with the first bytes that arrive.
pub fn open(device: &Path) -> io::Result<Descriptor> {
    let mut name: Vec<u16> = device.as_os_str().encode_wide().collect();
    if name.first() != Some(&u16::from(b'\\')) {
        name.splice(0..0, r"\\.\".encode_utf16());
    }
    name.push(0);
    let (name, access) = (name.as_ptr(), GENERIC_READ | GENERIC_WRITE);
    let (default, no_template) = (ptr::null(), ptr::null_mut());
    // SAFETY: the name ends with NUL.
    let line = Descriptor::opened(unsafe {
        CreateFileW(
            name,
            access,
            0,
            default,
            OPEN_EXISTING,
            FILE_FLAG_OVERLAPPED,
            no_template,
        )
    })?;
    with(crate::io::readiness::borrow(&line), |port| {
        port.set_timeout(Duration::MAX)
    })?;
    Ok(line)
}

/// Lets the crate work on the handle of a line, which stays its owner's.
fn with<T>(
    line: Borrowed<'_>,
    call: impl FnOnce(&mut COMPort) -> serialport::Result<T>,
) -> io::Result<T> {
    let Borrowed::File(file) = line else {
        return Err(io::Error::from_raw_os_error(ERROR_INVALID_HANDLE as i32));
    };
    // SAFETY: it is open, and not closed by the port.
    let mut port = ManuallyDrop::new(unsafe { COMPort::from_raw_handle(file.as_raw()) });
    // The crate keeps the text of an error alone; its code is still the thread's.
    call(&mut port).map_err(|error| match error.kind {
        ErrorKind::Io(_) | ErrorKind::NoDevice => io::Error::last_os_error(),
        _ => io::Error::from_raw_os_error(ERROR_INVALID_PARAMETER as i32),
    })
}

pub fn pair() -> io::Result<(Descriptor, Descriptor)> {
    absent()
}

const FLOW: [FlowControl; 3] = [
    FlowControl::None,
    FlowControl::Software,
    FlowControl::Hardware,
];
const PARITY: [Parity; 3] = [Parity::None, Parity::Odd, Parity::Even];
const SIZES: [DataBits; 4] = [
    DataBits::Five,
    DataBits::Six,
    DataBits::Seven,
    DataBits::Eight,
];

fn index<T: PartialEq>(list: &[T], value: T) -> i32 {
    list.iter()
        .position(|known| *known == value)
        .map_or(0, |at| at as i32)
}

/// The values are those of [`Setting`].
pub fn get(line: Borrowed<'_>, setting: Setting) -> io::Result<i32> {
    with(line, |port| {
        Ok(match setting {
            Setting::BaudRate => port.baud_rate()? as i32,
            Setting::FlowControl => index(&FLOW, port.flow_control()?),
            Setting::Parity => index(&PARITY, port.parity()?),
            Setting::StopBits => match port.stop_bits()? {
                StopBits::One => 1,
                StopBits::Two => 2,
            },
            Setting::CharacterSize => index(&SIZES, port.data_bits()?) + 5,
        })
    })
}

pub fn set(line: Borrowed<'_>, setting: Setting, value: i32) -> io::Result<()> {
    with(line, |port| match setting {
        Setting::BaudRate => port.set_baud_rate(value as u32),
        Setting::FlowControl => port.set_flow_control(FLOW[value as usize]),
        Setting::Parity => port.set_parity(PARITY[value as usize]),
        Setting::StopBits if value == 2 => port.set_stop_bits(StopBits::Two),
        Setting::StopBits => port.set_stop_bits(StopBits::One),
        Setting::CharacterSize => port.set_data_bits(SIZES[value as usize - 5]),
    })
}

pub fn is_terminal(_: Borrowed<'_>) -> io::Result<bool> {
    absent()
}

pub fn foreground(_: Borrowed<'_>) -> io::Result<i32> {
    absent()
}

pub fn set_foreground(_: Borrowed<'_>, _: i32) -> io::Result<()> {
    absent()
}

pub fn send_break(line: Borrowed<'_>) -> io::Result<()> {
    with(line, |port| {
        port.set_break()?;
        sleep(BREAK);
        port.clear_break()
    })
}
