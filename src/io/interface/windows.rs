//! if_nametoindex, if_indextoname of the IP Helper API.

use std::ffi::{CStr, CString};
use windows_sys::Win32::NetworkManagement::IpHelper::{if_indextoname, if_nametoindex};

/// Longest name with its end, `IF_MAX_STRING_SIZE + 1`.
const NAME_SIZE: usize = 257;

/// The index of an interface.
pub fn index(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // SAFETY: a terminated string.
    let index = unsafe { if_nametoindex(name.as_ptr().cast()) };
    (index != 0).then_some(index)
}

/// The name of an interface.
pub fn name(index: u32) -> Option<String> {
    let mut buffer = [0_u8; NAME_SIZE];
    // SAFETY: the buffer has the size that the function asks for.
    let name = unsafe { if_indextoname(index, buffer.as_mut_ptr().cast()) };
    if name.is_null() {
        return None;
    }
    let name = CStr::from_bytes_until_nul(&buffer).ok()?;
    Some(name.to_string_lossy().into_owned())
}
