//! The allocator of this program: the system's, and when asked it counts bytes.
//!
//! Whoever does not count pays a load and a branch that is never taken, all contenders alike.
#![expect(
    unsafe_code,
    reason = "`GlobalAlloc` is an unsafe trait; each call goes to the system's allocator as it came"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static ON: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);
static PEAK: AtomicI64 = AtomicI64::new(0);
static MADE: AtomicI64 = AtomicI64::new(0);

/// What was allocated since counting began, in bytes but for the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Allocated and not given back.
    pub(crate) live: i64,
    /// The most that was live at once.
    pub(crate) peak: i64,
    /// How many allocations were made, also if they were given back.
    pub(crate) made: i64,
}

/// Counts what `work` allocates, which is given a way to look meanwhile. Other threads must be at rest.
pub(crate) fn counted<R>(work: impl FnOnce(&dyn Fn() -> Memory) -> R) -> R {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    for number in [&LIVE, &PEAK, &MADE] {
        number.store(0, Relaxed);
    }
    ON.store(true, Relaxed);
    let result = work(&|| Memory { live: LIVE.load(Relaxed), peak: PEAK.load(Relaxed), made: MADE.load(Relaxed) });
    ON.store(false, Relaxed);
    result
}

struct Counting;

// SAFETY: every method hands its arguments to `System` unchanged and returns what it returned, so `System`'s promises
// hold for it; counting touches nothing but atomics, and so allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller promises what `System` asks for: a layout that is not empty.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: the caller got `pointer` from this allocator, which is from `System`, with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Old and new are both there while one is copied to the other; a block that grows in place is counted so too.
        count(size, 0);
        count(0, layout.size());
        // SAFETY: as for `dealloc`, and the caller promises that `size` is not 0 and fits the layout's alignment.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[inline]
fn count(came: usize, went: usize) {
    if ON.load(Relaxed) {
        count_slowly(came, went);
    }
}

#[cold]
fn count_slowly(came: usize, went: usize) {
    let change = i64::try_from(came).unwrap_or(i64::MAX) - i64::try_from(went).unwrap_or(i64::MAX);
    let live = LIVE.fetch_add(change, Relaxed) + change;
    PEAK.fetch_max(live, Relaxed);
    MADE.fetch_add(i64::from(came > 0), Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_counted_while_they_live_and_their_peak_is_kept() {
        // Far more than another test's thread could allocate meanwhile.
        const SIZE: i64 = 64 << 20;
        let (with, after) = counted(|memory| {
            let block = vec![0_u8; 64 << 20];
            let with = memory();
            drop(block);
            (with, memory())
        });
        assert!(with.live >= SIZE, "{with:?}");
        assert!(after.live < SIZE / 2 && after.peak >= SIZE, "{after:?}");
    }
}
