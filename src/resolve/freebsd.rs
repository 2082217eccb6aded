//! getaddrinfo(3) of FreeBSD. libc lacks some of the constants of netdb.h.

/// `EAI_ADDRFAMILY`, `EAI_NODATA`: the host has no address of the family.
pub const NO_ADDRESS: [i32; 2] = [1, 7];

pub use libc::{
    EAFNOSUPPORT as FAMILY_NOT_SUPPORTED, EINVAL as BAD_FLAGS, ENOMEM as NO_MEMORY,
    NI_DGRAM as DATAGRAM,
};

const AI_ALL: i32 = 0x100;
const AI_ADDRCONFIG: i32 = 0x400;
const AI_V4MAPPED: i32 = 0x800;

/// The system's flags, from the bits that flags.lua gives their names.
pub fn lookup_flags(bits: i32) -> i32 {
    [
        (1, libc::AI_PASSIVE),
        (2, libc::AI_CANONNAME),
        (4, AI_V4MAPPED),
        (8, AI_ALL),
        (16, AI_ADDRCONFIG),
        (32, libc::AI_NUMERICHOST),
        (64, libc::AI_NUMERICSERV),
    ]
    .into_iter()
    .filter(|(bit, _)| bits & bit != 0)
    .fold(0, |flags, (_, flag)| flags | flag)
}
