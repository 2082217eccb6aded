//! getaddrinfo(3) of glibc and musl.

/// `EAI_NODATA`, `EAI_ADDRFAMILY`: the host has no address of the family.
pub const NO_ADDRESS: [i32; 2] = [-5, -9];

pub use libc::{
    EAFNOSUPPORT as FAMILY_NOT_SUPPORTED, EINVAL as BAD_FLAGS, ENOMEM as NO_MEMORY,
    NI_DGRAM as DATAGRAM,
};

/// The system's flags, from the bits that flags.lua gives their names.
pub fn lookup_flags(bits: i32) -> i32 {
    [
        (1, libc::AI_PASSIVE),
        (2, libc::AI_CANONNAME),
        (4, libc::AI_V4MAPPED),
        (8, libc::AI_ALL),
        (16, libc::AI_ADDRCONFIG),
        (32, libc::AI_NUMERICHOST),
        (64, libc::AI_NUMERICSERV),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .fold(0, |flags, (_, flag)| flags | flag)
}
