//! The memory of an actor's state.
//!
//! Most actors are small and many are short-lived, and the faults of new pages are a third of what a state costs. So a
//! state begins in an [`Arena`], whose pages serve the next one. What does not fit comes from the interpreter's own
//! allocator, which is borrowed from a state that is otherwise empty.

use mlua::ffi::{self, lua_Alloc, lua_State};
use std::alloc::{self, Layout};
use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::sync::{Mutex, PoisonError};

/// Bytes of an arena. An actor needs a third of it before it does anything.
const SIZE: usize = 512 << 10;
/// What every block is aligned to.
const ALIGN: usize = 16;
/// Arenas that are kept for the next states, at most.
const KEPT: usize = 8;
/// Addresses of LuaJIT's objects have this many bits.
const ADDRESS_BITS: u32 = 47;

/// Blocks up to here have a class for each multiple of [`ALIGN`], then four for each power of two.
const FINE: usize = 1 << 10;
/// Larger blocks are not of the arena.
const LARGEST: usize = 1 << 16;
const FINE_CLASSES: usize = FINE / ALIGN;
const CLASSES: usize = FINE_CLASSES + 4 * (LARGEST.ilog2() - FINE.ilog2()) as usize;

/// The class of a block of `size` bytes, which is 1 to [`LARGEST`], and the bytes of such a block.
fn class_of(size: usize) -> (usize, usize) {
    if size <= FINE {
        let n = size.div_ceil(ALIGN);
        return (n - 1, n * ALIGN);
    }
    // Above 2^power, in quarters of it.
    let power = (size - 1).ilog2();
    let quarter = 1 << (power - 2);
    let n = (size - (1 << power)).div_ceil(quarter);
    let class = FINE_CLASSES + 4 * (power - FINE.ilog2()) as usize + n - 1;
    (class, (1 << power) + n * quarter)
}

/// A block that is free: the next of its class.
type Free = *mut c_void;

/// Memory of [`SIZE`] bytes.
struct Arena(NonNull<c_void>);

// SAFETY: memory that the arena owns.
unsafe impl Send for Arena {}

impl Arena {
    const LAYOUT: Layout = match Layout::from_size_align(SIZE, ALIGN) {
        Ok(layout) => layout,
        Err(_) => panic!("a size and an alignment that fit"),
    };

    /// One that another state has left, or a new one; none when memory is wanting or out of LuaJIT's reach.
    fn take() -> Option<Self> {
        let kept = pool().pop();
        kept.or_else(|| {
            // SAFETY: the layout has a size.
            let arena = Self(NonNull::new(unsafe { alloc::alloc(Self::LAYOUT) }.cast())?);
            let end = arena.0.addr().get() + SIZE;
            (end >> ADDRESS_BITS == 0).then_some(arena)
        })
    }

    /// Keeps it for the next state.
    fn give(self) {
        let mut pool = pool();
        if pool.len() < KEPT {
            pool.push(self);
        }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: `take` allocated it with this layout.
        unsafe { alloc::dealloc(self.0.as_ptr().cast(), Self::LAYOUT) };
    }
}

fn pool() -> std::sync::MutexGuard<'static, Vec<Arena>> {
    static POOL: Mutex<Vec<Arena>> = Mutex::new(Vec::new());
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The interpreter's own allocator.
struct Overflow {
    /// The state that it belongs to.
    donor: *mut lua_State,
    allocate: lua_Alloc,
    data: *mut c_void,
}

impl Overflow {
    fn new() -> Option<Self> {
        // SAFETY: a new state, which nobody else uses.
        unsafe {
            let donor = ffi::luaL_newstate();
            if donor.is_null() {
                return None;
            }
            let mut data = ptr::null_mut();
            let allocate = ffi::lua_getallocf(donor, &raw mut data);
            Some(Self {
                donor,
                allocate,
                data,
            })
        }
    }
}

impl Drop for Overflow {
    fn drop(&mut self) {
        // SAFETY: its own state.
        unsafe { ffi::lua_close(self.donor) };
    }
}

/// What a state allocates from.
struct Heap {
    arena: Arena,
    /// Bytes of the arena that have been handed out at some time.
    used: usize,
    free: [Free; CLASSES],
    overflow: Option<Overflow>,
    /// The arena is given back as a whole soon: no block is used again.
    closing: bool,
}

impl Heap {
    fn holds(&self, block: *mut c_void) -> bool {
        block.addr().wrapping_sub(self.arena.0.addr().get()) < SIZE
    }

    /// A new block; null when memory is wanting.
    fn take(&mut self, size: usize) -> *mut c_void {
        if size > LARGEST {
            return self.resize_overflow(ptr::null_mut(), 0, size);
        }
        let (class, size) = class_of(size);
        let block = self.free[class];
        if !block.is_null() {
            // SAFETY: a free block holds the next one.
            self.free[class] = unsafe { block.cast::<Free>().read() };
            return block;
        }
        if size > SIZE - self.used {
            return self.resize_overflow(ptr::null_mut(), 0, size);
        }
        // SAFETY: inside of the arena.
        let block = unsafe { self.arena.0.as_ptr().byte_add(self.used) };
        self.used += size;
        block
    }

    fn give(&mut self, block: *mut c_void, size: usize) {
        if !self.holds(block) {
            self.resize_overflow(block, size, 0);
        } else if !self.closing {
            let (class, _) = class_of(size);
            // SAFETY: the state does not use the block any more.
            unsafe { block.cast::<Free>().write(self.free[class]) };
            self.free[class] = block;
        }
    }

    fn resize(&mut self, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        if !self.holds(block) {
            return self.resize_overflow(block, old, new);
        }
        if new <= LARGEST && class_of(old) == class_of(new) {
            return block;
        }
        let moved = self.take(new);
        if !moved.is_null() {
            // SAFETY: two blocks, of these sizes.
            unsafe { moved.copy_from_nonoverlapping(block, old.min(new)) };
            self.give(block, old);
        }
        moved
    }

    fn resize_overflow(&mut self, block: *mut c_void, old: usize, new: usize) -> *mut c_void {
        if self.overflow.is_none() {
            self.overflow = Overflow::new();
        }
        match &self.overflow {
            // SAFETY: null, or a block of this allocator.
            Some(overflow) => unsafe { (overflow.allocate)(overflow.data, block, old, new) },
            None => ptr::null_mut(),
        }
    }
}

/// The `lua_Alloc` of a state with a [`Heap`].
unsafe extern "C" fn allocate(
    heap: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
) -> *mut c_void {
    // SAFETY: `open` gave the state this heap, which outlives it; one thread at a time uses both.
    let heap = unsafe { &mut *heap.cast::<Heap>() };
    if block.is_null() {
        return if new == 0 { block } else { heap.take(new) };
    }
    if new == 0 {
        heap.give(block, old);
        return ptr::null_mut();
    }
    heap.resize(block, old, new)
}

/// The heap of a state; null if it has none.
fn heap_of(l: *mut lua_State) -> *mut Heap {
    let mut data = ptr::null_mut();
    // SAFETY: a valid state.
    let function = unsafe { ffi::lua_getallocf(l, &raw mut data) };
    if ptr::fn_addr_eq(function, allocate as lua_Alloc) {
        data.cast()
    } else {
        ptr::null_mut()
    }
}

/// A new state; null when memory is wanting.
pub fn open() -> *mut lua_State {
    let Some(arena) = Arena::take() else {
        // SAFETY: no more than a call.
        return unsafe { ffi::luaL_newstate() };
    };
    let heap = Box::into_raw(Box::new(Heap {
        arena,
        used: 0,
        free: [ptr::null_mut(); CLASSES],
        overflow: None,
        closing: false,
    }));
    // SAFETY: the heap lives until `close`.
    unsafe {
        let l = ffi::lua_newstate(allocate, heap.cast());
        if l.is_null() {
            free(heap);
        }
        l
    }
}

/// Of the state's last finaliser: what is freed from now on is not used again.
pub fn last_finaliser(l: *mut lua_State) {
    let heap = heap_of(l);
    if !heap.is_null() {
        // SAFETY: the state's own heap.
        unsafe { (*heap).closing = true };
    }
}

/// Closes a state of [`open`].
///
/// # Safety
/// Nobody uses it any more.
pub unsafe fn close(l: *mut lua_State) {
    let heap = heap_of(l);
    // SAFETY: as the caller promises; the heap is used no more after that.
    unsafe {
        ffi::lua_close(l);
        if !heap.is_null() {
            free(heap);
        }
    }
}

/// # Safety
/// `heap` is from `open`, and no state uses it.
unsafe fn free(heap: *mut Heap) {
    // SAFETY: as the caller promises.
    let heap = unsafe { Box::from_raw(heap) };
    let Heap {
        arena, overflow, ..
    } = *heap;
    drop(overflow);
    arena.give();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_dense_and_hold_their_sizes() {
        let mut last = 0;
        for size in 1..=LARGEST {
            let (class, bytes) = class_of(size);
            assert!(size <= bytes && bytes <= LARGEST && bytes % ALIGN == 0);
            assert!(class == last || class == last + 1);
            assert!(bytes - size <= ALIGN.max(size / 4));
            last = class;
        }
        assert_eq!(last, CLASSES - 1);
    }
}
