//! What only Linux has: constants, and the calls that need more than a C prototype.

use super::constants::constants;
use nix::sys::socket::UnixAddr;

pub const CONSTANTS: &[(&str, i64)] = constants![
    ENODATA ENOSR ENOSTR ETIME O_TMPFILE O_LARGEFILE O_NOATIME MS_REMOUNT MS_BIND MS_SHARED
    MS_PRIVATE MS_SLAVE MS_UNBINDABLE MS_MOVE MS_DIRSYNC MS_MANDLOCK MS_NOATIME MS_NODEV
    MS_NODIRATIME MS_NOEXEC MS_NOSUID MS_RDONLY MS_REC MS_RELATIME MS_SILENT MS_STRICTATIME
    MS_SYNCHRONOUS MNT_FORCE MNT_DETACH MNT_EXPIRE UMOUNT_NOFOLLOW CLONE_NEWCGROUP
    CLONE_NEWIPC CLONE_NEWNET CLONE_NEWNS CLONE_NEWPID CLONE_NEWUSER CLONE_NEWUTS
    SYS_capset SYS_pivot_root SYS_fsopen SYS_fsconfig SYS_fsmount SYS_fspick SYS_open_tree
    SYS_move_mount SYS_mount_setattr SYS_seccomp SYS_landlock_create_ruleset
    SYS_landlock_add_rule SYS_landlock_restrict_self
];

/// prctl(PR_SET_NO_NEW_PRIVS).
pub fn set_no_new_privs() -> nix::Result<()> {
    nix::sys::prctl::set_no_new_privs()
}

/// The address of a path, or of an abstract name, which begins with a zero.
pub fn unix_address(path: &[u8]) -> nix::Result<UnixAddr> {
    match path.split_first() {
        Some((0, name)) => UnixAddr::new_abstract(name),
        _ => UnixAddr::new(path),
    }
}
