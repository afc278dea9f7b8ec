//! How much memory a piece of code takes at most.
//!
//! Each thread counts its own live bytes, so that tests side by side do not disturb each other.
//! A list that grows counts twice while it moves, as with an allocator that cannot grow in place.

#![expect(unsafe_code, reason = "an allocator can be written in no other way")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator with a counter.
#[derive(Debug)]
pub(crate) struct Counting;

/// Adds to the live bytes of this thread.
fn count(bytes: isize) {
    // While a thread ends its counters may be gone.
    let _ = LIVE.try_with(|live| {
        live.set(live.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(live.get())));
    });
}

// SAFETY: memory comes from `System` and goes back to it with the layout that it came with;
// counting allocates nothing, since the counters are plain numbers that need no making. Moving
// on growth is left to the trait, which uses these two.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps the promises of `alloc`, which are those of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        // SAFETY: the caller keeps the promises of `alloc_zeroed`, which are those of `System`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        // SAFETY: `ptr` came from `System` with this layout, by the two functions above.
        unsafe { System.dealloc(ptr, layout) }
    }
}

/// What `work` returns, and the most bytes that it had on this thread above those at its start.
pub(crate) fn peak_of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let start = LIVE.get();
    PEAK.set(start);
    let result = work();
    let peak = PEAK.get() - start;
    (result, usize::try_from(peak).unwrap_or(0))
}
