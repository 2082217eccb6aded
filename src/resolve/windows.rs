//! getaddrinfo of WinSock, whose errors are the system's.

use windows_sys::Win32::Networking::WinSock::{
    AI_ADDRCONFIG, AI_ALL, AI_CANONNAME, AI_NUMERICHOST, AI_NUMERICSERV, AI_PASSIVE, AI_V4MAPPED,
    NI_DGRAM,
};

pub use windows_sys::Win32::Networking::WinSock::{
    WSA_NOT_ENOUGH_MEMORY as NO_MEMORY, WSAEAFNOSUPPORT as FAMILY_NOT_SUPPORTED,
    WSAEINVAL as BAD_FLAGS,
};

/// No others than those that dns-lookup knows.
pub const NO_ADDRESS: [i32; 0] = [];

pub const DATAGRAM: i32 = NI_DGRAM as i32;

/// The system's flags, from the bits that flags.lua gives their names.
pub fn lookup_flags(bits: i32) -> i32 {
    [
        (1, AI_PASSIVE),
        (2, AI_CANONNAME),
        (4, AI_V4MAPPED),
        (8, AI_ALL),
        (16, AI_ADDRCONFIG),
        (32, AI_NUMERICHOST),
        (64, AI_NUMERICSERV),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .fold(0, |flags, (_, flag)| flags | flag as i32)
}
