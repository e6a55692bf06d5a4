//! The synchronisation primitives: the standard ones, or those of the model checker.
//!
//! Everything that two threads of a queue may touch at once comes from here, so that `--cfg loom` checks the code that
//! ships and no copy of it.

#[cfg(not(loom))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

/// Waits a little for another thread: about `pauses` times ten nanoseconds.
#[cfg(not(loom))]
pub(crate) fn pause(pauses: usize) {
    for _ in 0..pauses {
        std::hint::spin_loop();
    }
}

/// Under the model checker every wait is a chance for the other threads.
#[cfg(loom)]
pub(crate) fn pause(_pauses: usize) {
    loom::thread::yield_now();
}

#[cfg(loom)]
pub(crate) use blocking::{Blocking, BlockingTurn};

/// A door that is waited for by blocking, which the model checker understands.
#[cfg(loom)]
mod blocking {
    pub(crate) struct Blocking(loom::sync::Mutex<()>);

    pub(crate) type BlockingTurn<'a> = loom::sync::MutexGuard<'a, ()>;

    impl Blocking {
        pub(crate) fn new() -> Self {
            Self(loom::sync::Mutex::new(()))
        }

        pub(crate) fn lock(&self) -> BlockingTurn<'_> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }

        /// Its turn ends with the guard.
        pub(crate) fn leave(&self) {}
    }
}
