//! What a child does right before the exec, with the memory of its parent: it allocates nothing.

use super::plan::Plan;
use nix::errno::Errno;
use std::ffi::c_char;

/// Executes the first candidate that there is, as execvpe(3) searches. Returns the error.
///
/// # Safety
/// The plan's candidates are a list of texts that ends with null.
pub unsafe fn search(plan: &Plan, execute: impl Fn(*const c_char)) -> Errno {
    let mut denied = false;
    let mut errno = Errno::ENOENT;
    let mut candidate = plan.candidates;
    // SAFETY: as the caller promises.
    while let Some(path) = unsafe { candidate.read().as_ref() } {
        execute(path);
        errno = Errno::last();
        match errno {
            Errno::EACCES => denied = true,
            Errno::ENOENT | Errno::ENOTDIR | Errno::ESTALE | Errno::ENODEV | Errno::ETIMEDOUT => {}
            _ => return errno,
        }
        candidate = candidate.wrapping_add(1);
    }
    if denied { Errno::EACCES } else { errno }
}

/// Writes the id of this process where the environment asks for it.
///
/// # Safety
/// The plan's places are a list that ends with null; each has room for ten digits and NUL.
pub unsafe fn write_pids(plan: &Plan, pid: u32) {
    let mut digits = [0_u8; 10];
    let mut at = digits.len();
    let mut rest = pid;
    while rest > 0 {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let count = digits.len() - at;
    let mut place = plan.pid_texts;
    // SAFETY: as the caller promises.
    unsafe {
        while !(*place).is_null() {
            std::ptr::copy_nonoverlapping(digits.as_ptr().add(at), (*place).cast::<u8>(), count);
            (*place).add(count).write(0);
            place = place.add(1);
        }
    }
}
