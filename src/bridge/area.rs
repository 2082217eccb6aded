//! An area of operations. The library that is preloaded into other programs has this file too.

use std::ffi::{c_char, c_int, c_void};

/// The address of an area's struct of function pointers.
pub struct Operations(pub *const c_void);

// SAFETY: it points to a constant.
unsafe impl Sync for Operations {}

/// Declares `OPERATIONS`, an area's functions in the order of the list: `module::function: fn(types) -> type`.
macro_rules! operations {
    ($($($path:ident)::+: fn($($argument:ty),* $(,)?) $(-> $result:ty)?;)*) => {
        pub static OPERATIONS: $crate::bridge::Operations = {
            static LIST: &[$crate::bridge::Operations] = &[$({
                let function: extern "C" fn($($argument),*) $(-> $result)? = $($path)::+;
                $crate::bridge::Operations(function as *const std::ffi::c_void)
            }),*];
            $crate::bridge::Operations(LIST.as_ptr().cast())
        };
    };
}
pub(crate) use operations;

/// Copies `text` into a caller's buffer and returns its whole length.
pub fn copy_text(text: &[u8], buffer: *mut c_char, size: i32) -> i32 {
    let n = text.len().min(usize::try_from(size).unwrap_or(0));
    // SAFETY: the caller gives `size` writable bytes, and `n` is at most that.
    unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), buffer.cast(), n) };
    c_int::try_from(n).unwrap_or(0)
}
