//! landlock(7). The structs are declared here: the kernel's headers may be older than the kernel.

use super::result;
use libc::c_long;

const CREATE_RULESET: c_long = 444;
const ADD_RULE: c_long = 445;
const RESTRICT_SELF: c_long = 446;

const CREATE_RULESET_VERSION: u32 = 1;
const RULE_PATH_BENEATH: u32 = 1;

/// `struct landlock_path_beneath_attr`.
#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent: i32,
}

/// The version of the kernel's interface.
pub extern "C" fn version() -> i32 {
    let none = std::ptr::null::<u64>();
    // SAFETY: the kernel reads nothing when it is asked for its version.
    result(unsafe { libc::syscall(CREATE_RULESET, none, 0_usize, CREATE_RULESET_VERSION) })
}

/// A ruleset's descriptor, close-on-exec; the bits of `access` are the rights it handles.
pub extern "C" fn create(access: f64) -> i32 {
    let access = access as u64;
    // SAFETY: the first version of the struct, which is one word.
    result(unsafe { libc::syscall(CREATE_RULESET, &raw const access, size_of::<u64>(), 0_u32) })
}

/// Allows `access` below the directory or file `parent`.
pub extern "C" fn add_path(ruleset: i32, access: f64, parent: i32) -> i32 {
    let rule = PathBeneath {
        allowed_access: access as u64,
        parent,
    };
    // SAFETY: the struct belongs to the type of rule.
    result(unsafe { libc::syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, &raw const rule, 0_u32) })
}

/// Puts the calling thread under a ruleset.
pub extern "C" fn restrict(ruleset: i32) -> i32 {
    // SAFETY: no memory is passed.
    result(unsafe { libc::syscall(RESTRICT_SELF, ruleset, 0_u32) })
}
