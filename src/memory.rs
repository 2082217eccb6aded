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
        twice(layout.size(), || unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        twice(layout.size(), || unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises; a block that could not be moved is as it was.
        twice(size, || unsafe { System.realloc(block, layout, size) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) };
    }
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
