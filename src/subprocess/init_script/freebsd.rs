//! What only FreeBSD has: constants, and the calls that need more than a C prototype.

use super::constants::constants;
use nix::sys::socket::UnixAddr;

pub const CONSTANTS: &[(&str, i64)] = constants![
    O_EXEC O_SEARCH O_RESOLVE_BENEATH O_EMPTY_PATH MNT_RDONLY MNT_NOEXEC MNT_NOSUID
    MNT_NOATIME MNT_SNAPSHOT MNT_SUIDDIR MNT_SYNCHRONOUS MNT_ASYNC MNT_FORCE MNT_NOCLUSTERR
    MNT_NOCLUSTERW MNT_NOCOVER MNT_EMPTYDIR MNT_UPDATE MNT_RELOAD MNT_BYFSID
];

pub use crate::sandbox::no_new_privs as set_no_new_privs;

/// The address of a path.
pub fn unix_address(path: &[u8]) -> nix::Result<UnixAddr> {
    UnixAddr::new(path)
}
