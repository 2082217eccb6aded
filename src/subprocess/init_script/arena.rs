//! The memory of an init.script's Lua state: one block that is handed out from its start to its end and cleared as a whole.

use std::ffi::c_void;
use std::io;
use std::num::NonZero;
use std::ptr::{self, NonNull};

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// Bytes of an arena; the script's text counts.
pub const SIZE: usize = 1 << 20;
/// What every block is aligned to.
const ALIGN: usize = 16;

/// Memory of [`SIZE`] bytes.
pub struct Arena {
    base: NonNull<c_void>,
    used: usize,
    /// Bytes that have been used.
    touched: usize,
    /// Bytes that were used before the process that has the memory was forked.
    inherited: usize,
    /// Where the block begins that was handed out last: it alone can grow and shrink in place.
    last: usize,
}

impl Arena {
    pub fn new() -> io::Result<Self> {
        let size = NonZero::new(SIZE).ok_or(io::ErrorKind::InvalidInput)?;
        let protection = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: a private mapping at an address of the kernel's choice.
        let base = unsafe { mmap_anonymous(None, size, protection, MapFlags::MAP_PRIVATE) }?;
        Ok(Self {
            base,
            used: 0,
            touched: 0,
            inherited: 0,
            last: 0,
        })
    }

    /// Takes bytes away for good; false when they are not there.
    pub fn reserve(&mut self, size: usize) -> bool {
        !self.take(size).is_null()
    }

    /// What is there now holds nothing of a script's. It stays shared with the processes that are forked from this one.
    pub fn share(&mut self) {
        self.inherited = self.used;
    }

    fn at(&self, offset: usize) -> *mut c_void {
        // SAFETY: offsets are at most SIZE.
        unsafe { self.base.as_ptr().byte_add(offset) }
    }

    fn take(&mut self, size: usize) -> *mut c_void {
        let start = self.used.next_multiple_of(ALIGN);
        match start.checked_add(size) {
            Some(end) if end <= SIZE => {
                (self.last, self.used) = (start, end);
                self.touched = self.touched.max(end);
                self.at(start)
            }
            _ => ptr::null_mut(),
        }
    }

    fn resize(&mut self, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        let is_last = block == self.at(self.last);
        if new <= old || is_last && self.last + new <= SIZE {
            if is_last {
                self.used = self.last + new;
                self.touched = self.touched.max(self.used);
            }
            return block;
        }
        let moved = self.take(new);
        if !moved.is_null() {
            // SAFETY: both blocks are the arena's and do not overlap.
            unsafe { ptr::copy_nonoverlapping(block.cast::<u8>(), moved.cast::<u8>(), old) };
        }
        moved
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // Zeroes in place of what is shared would first be copies of it, each at the price of a fault. Those pages of it that
        // the script has written to go back to the system, which clears them before anybody has them.
        let own = self.at(self.inherited);
        // SAFETY: the mapping is ours, SIZE bytes long, and nothing of it is used any more.
        unsafe {
            libc::explicit_bzero(own, self.touched - self.inherited);
            // It can only fail for a wrong address.
            let _ = munmap(self.base, SIZE);
        }
    }
}

/// The `lua_Alloc` of a state whose memory is the [`Arena`] at `arena`.
pub unsafe extern "C" fn allocate(
    arena: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
) -> *mut c_void {
    // SAFETY: `lua_newstate` was given an arena that outlives the state.
    let arena = unsafe { &mut *arena.cast::<Arena>() };
    if new == 0 {
        ptr::null_mut()
    } else if block.is_null() {
        arena.take(new)
    } else {
        arena.resize(block, old, new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_block_grows_in_place_and_others_move() {
        let mut arena = Arena::new().unwrap();
        let a = arena.take(10);
        let b = arena.take(20);
        assert_eq!(arena.resize(b, 20, 40), b);
        let moved = arena.resize(a, 10, 100);
        assert!(moved != a && !moved.is_null());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut arena = Arena::new().unwrap();
        assert!(arena.take(SIZE + 1).is_null());
        assert!(arena.reserve(SIZE - 100));
        assert!(arena.take(101).is_null());
        assert!(!arena.take(64).is_null());
    }
}
