//! Capability sets of a process: capget(2), capset(2), prctl(2).

use super::result;
use libc::{c_ulong, prctl};

/// `_LINUX_CAPABILITY_VERSION_3`: two words for each set.
const VERSION: u32 = 0x2008_0522;

/// `struct __user_cap_header_struct`.
#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

/// `struct __user_cap_data_struct`: one word of each set.
#[repr(C)]
pub struct Words {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

const ZERO: c_ulong = 0;

/// The sets of a process; 0 is the calling thread.
pub extern "C" fn get(pid: i32, words: *mut [Words; 2]) -> i32 {
    let header = Header {
        version: VERSION,
        pid,
    };
    // SAFETY: the kernel fills the two elements that the Lua half passes.
    result(unsafe { libc::syscall(libc::SYS_capget, &raw const header, words) })
}

/// Sets those of the calling thread.
pub extern "C" fn set(words: *const [Words; 2]) -> i32 {
    let header = Header {
        version: VERSION,
        pid: 0,
    };
    // SAFETY: the kernel reads the two elements that the Lua half passes.
    result(unsafe { libc::syscall(libc::SYS_capset, &raw const header, words) })
}

/// Whether a capability is in the bounding set.
pub extern "C" fn bounded(capability: i32) -> i32 {
    // SAFETY: no memory is passed; the same holds for the calls below.
    result(unsafe {
        prctl(
            libc::PR_CAPBSET_READ,
            capability as c_ulong,
            ZERO,
            ZERO,
            ZERO,
        )
    })
}

pub extern "C" fn drop_bound(capability: i32) -> i32 {
    // SAFETY: as above.
    result(unsafe {
        prctl(
            libc::PR_CAPBSET_DROP,
            capability as c_ulong,
            ZERO,
            ZERO,
            ZERO,
        )
    })
}

fn ambient_call(what: libc::c_int, capability: i32) -> i32 {
    let (what, capability) = (what as c_ulong, capability as c_ulong);
    // SAFETY: as above.
    result(unsafe { prctl(libc::PR_CAP_AMBIENT, what, capability, ZERO, ZERO) })
}

/// Whether a capability is in the ambient set.
pub extern "C" fn ambient(capability: i32) -> i32 {
    ambient_call(libc::PR_CAP_AMBIENT_IS_SET, capability)
}

pub extern "C" fn set_ambient(capability: i32, raise: i32) -> i32 {
    let what = if raise != 0 {
        libc::PR_CAP_AMBIENT_RAISE
    } else {
        libc::PR_CAP_AMBIENT_LOWER
    };
    ambient_call(what, capability)
}

pub extern "C" fn reset_ambient() -> i32 {
    ambient_call(libc::PR_CAP_AMBIENT_CLEAR_ALL, 0)
}

pub extern "C" fn securebits() -> i32 {
    // SAFETY: as above.
    result(unsafe { prctl(libc::PR_GET_SECUREBITS, ZERO, ZERO, ZERO, ZERO) })
}

pub extern "C" fn set_securebits(bits: i32) -> i32 {
    // SAFETY: as above.
    result(unsafe { prctl(libc::PR_SET_SECUREBITS, bits as c_ulong, ZERO, ZERO, ZERO) })
}
