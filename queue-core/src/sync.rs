//! The synchronisation primitives: the standard ones, or those of a model checker.
//!
//! Everything that two threads of a queue may touch at once comes from here, so that `--cfg loom` (every order, bounded)
//! and `--cfg shuttle` (random orders of longer programs) check the code that ships and no copy of it.

#[cfg(loom)]
use loom as primitives;
#[cfg(shuttle)]
use shuttle as primitives;
#[cfg(not(any(loom, shuttle)))]
use std as primitives;

#[cfg(any(loom, shuttle))]
pub(crate) use primitives::sync::atomic::fence;
pub(crate) use primitives::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering,
};
pub(crate) use primitives::thread::{self, Thread};
pub(crate) use primitives::thread_local;

#[cfg(not(loom))]
pub(crate) use std::cell::UnsafeCell;

#[cfg(loom)]
pub(crate) use tracked::UnsafeCell;

/// How often a thread looks again before it parks: `often`, or once where every look is one more order to try.
pub(crate) const fn looks(often: usize) -> usize {
    if cfg!(any(loom, shuttle)) { 1 } else { often }
}

#[cfg(not(any(loom, shuttle)))]
pub(crate) use crate::pause::pause;

/// Under a model checker every wait is a chance for the other threads.
#[cfg(any(loom, shuttle))]
pub(crate) fn pause(_units: usize) {
    thread::yield_now();
}

/// Parks this thread for `limit` at most.
#[cfg(not(any(loom, shuttle)))]
pub(crate) fn park_timeout(limit: std::time::Duration) {
    thread::park_timeout(limit);
}

/// Model checkers have no time: whoever limits a wait there limits it to none at all, and never comes here.
#[cfg(any(loom, shuttle))]
pub(crate) fn park_timeout(_limit: std::time::Duration) {
    thread::yield_now();
}

#[cfg(any(loom, shuttle))]
pub(crate) use blocking::{Blocking, BlockingTurn};

/// A door that is waited for by blocking, which model checkers understand.
#[cfg(any(loom, shuttle))]
mod blocking {
    use super::primitives::sync::{Mutex, MutexGuard};

    pub(crate) struct Blocking(Mutex<()>);

    pub(crate) type BlockingTurn<'a> = MutexGuard<'a, ()>;

    impl Blocking {
        pub(crate) fn new() -> Self {
            Self(Mutex::new(()))
        }

        pub(crate) fn lock(&self, _foreign: bool) -> BlockingTurn<'_> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }

        /// It leans to nobody.
        pub(crate) fn lock_alone<A>(&self, _foreign: bool) -> Option<(BlockingTurn<'_>, A)> {
            None
        }

        /// Nobody has tried to have it so.
        pub(crate) fn leave_among_others(&self) {}

        /// It leans to nobody.
        pub(crate) fn lean(&self) -> bool {
            false
        }

        /// Nor did it.
        pub(crate) fn stop_leaning(&self) {}

        /// Nothing ended.
        pub(crate) fn was_hard_to_end(&self) -> bool {
            false
        }

        /// What one tries quickly one tries again in a turn like any other.
        pub(crate) fn lock_unless(&self, _: impl FnOnce() -> bool) -> Option<BlockingTurn<'_>> {
            None
        }

        /// As if no other thread were at work: whoever has to wait joins the line at once, as there is no time to wait for.
        pub(crate) fn is_shared(&self) -> bool {
            false
        }

        /// Nobody keeps count.
        pub(crate) fn is_untaken(&self) -> bool {
            false
        }

        /// As any other: that an owner stays one is a matter of its own model.
        pub(crate) fn visit(&self, foreign: bool) -> BlockingTurn<'_> {
            self.lock(foreign)
        }

        /// Its turn ends with the guard.
        pub(crate) fn leave(&self, _: &BlockingTurn<'_>) {}
    }
}

/// A cell for which loom sees whether two accesses are ordered.
#[cfg(loom)]
mod tracked {
    pub(crate) struct UnsafeCell<T>(loom::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub(crate) fn new(inside: T) -> Self {
            Self(loom::cell::UnsafeCell::new(inside))
        }

        /// Counts as writing, now: the model fails unless every access before it is ordered before it.
        pub(crate) fn get(&self) -> *mut T {
            self.0.with_mut(|inside| inside)
        }
    }
}
