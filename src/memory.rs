//! The system's allocator, with a reserve.
//!
//! Lua raises "not enough memory" and goes on; Rust aborts the process. So some memory is held back: the first
//! allocation that fails opens it and is met from it, and the VM whose step that was raises what Lua would.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// What is held back. It is never written to, so it takes addresses and no pages.
const RESERVE: Layout = match Layout::from_size_align(1 << 20, 16) {
    Ok(layout) => layout,
    Err(_) => panic!("a size and an alignment that fit"),
};
/// Larger blocks do not open the reserve: who asks for them can be told.
const LARGEST: usize = RESERVE.size() / 4;

#[global_allocator]
static ALLOCATOR: Reserving = Reserving;
static HELD: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
/// The reserve has been opened, and no VM has been told.
static OPENED: AtomicBool = AtomicBool::new(false);

struct Reserving;

// SAFETY: all is the system allocator's; a request that it refused is made once more.
unsafe impl GlobalAlloc for Reserving {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        twice(layout.size(), || unsafe { System.alloc(spread(layout)) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        twice(layout.size(), || unsafe {
            System.alloc_zeroed(spread(layout))
        })
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises; a block that could not be moved is as it was.
        twice(size, || unsafe {
            System.realloc(block, spread(layout), spread_size(size, layout.align()))
        })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, spread(layout)) };
    }
}

/// Blocks from here on are spread.
const LARGE: usize = 8192;
const PAGE: usize = 4096;
/// How far apart neighbours begin in their pages, with what the system's allocator has in front of each.
const STEP: usize = 512;
const HEADER: usize = 16;

/// The size of a block for which equal ones, side by side, begin at different places of their pages. A power of two with
/// a header begins 16 or 32 bytes further each time, and a copy from one to the next is slow then: memcpy(3) is
/// `rep movsb`, which processors of AMD do slowly where the target seems to follow the source closely, because they
/// compare the places in the page alone (glibc's bug 30994).
fn spread_size(size: usize, align: usize) -> usize {
    if size < LARGE || size > isize::MAX as usize / 2 || align > HEADER {
        return size;
    }
    size.next_multiple_of(PAGE) + STEP - HEADER
}

fn spread(layout: Layout) -> Layout {
    let size = spread_size(layout.size(), layout.align());
    // SAFETY: the alignment is the layout's, and a size that was changed is far from the largest.
    unsafe { Layout::from_size_align_unchecked(size, layout.align()) }
}

fn twice(size: usize, allocate: impl Fn() -> *mut u8) -> *mut u8 {
    let block = allocate();
    if block.is_null() && size <= LARGEST && open() {
        return allocate();
    }
    block
}

/// Gives the reserve up; false when it has been.
#[cold]
fn open() -> bool {
    let held = HELD.swap(ptr::null_mut(), Ordering::Relaxed);
    if held.is_null() {
        return false;
    }
    // SAFETY: `hold` allocated it with this layout, and nobody else has it now.
    unsafe { System.dealloc(held, RESERVE) };
    OPENED.store(true, Ordering::Relaxed);
    true
}

/// Holds the reserve back, where it is not and can be.
#[cold]
fn hold() {
    // SAFETY: the layout has a size.
    let block = unsafe { System.alloc(RESERVE) };
    let held = HELD.compare_exchange(ptr::null_mut(), block, Ordering::Relaxed, Ordering::Relaxed);
    if held.is_err() {
        // SAFETY: allocated above, and not held.
        unsafe { System.dealloc(block, RESERVE) };
    }
}

/// Whether the reserve was opened since this was last asked. It is held again as soon as it can be.
pub fn ran_out() -> bool {
    if !HELD.load(Ordering::Relaxed).is_null() {
        return false;
    }
    hold();
    OPENED.swap(false, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_blocks_of_a_size_begin_at_different_places_of_their_pages() {
        for size in [8192, 8193, 16384, 16406, 65536, 1 << 20] {
            let spread = spread_size(size, 1);
            assert!(spread >= size);
            assert_eq!((spread + HEADER) % PAGE, STEP);
        }
    }

    #[test]
    fn others_are_what_they_are() {
        for (size, align) in [(1, 1), (8191, 1), (65536, 64), (isize::MAX as usize, 1)] {
            assert_eq!(spread_size(size, align), size);
        }
    }
}
