//! The lock of the registry's short turns.
//!
//! A queue that comes and goes takes one three times, each for some twenty instructions. The standard library's mutex takes
//! two atomic read-modify-writes a turn, since whoever leaves has to learn whether somebody sleeps; here leaving is a plain
//! store, and whoever finds it taken looks again: after a pause, then after letting others run, then after a sleep. A panic
//! unlocks it, and poisons nothing.

#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::sync::{AtomicBool, Ordering, UnsafeCell, pause, thread};

/// Guards `S`.
pub(super) struct Latch<S> {
    taken: AtomicBool,
    inside: UnsafeCell<S>,
}

// SAFETY: what is inside is reached through a `Turn` only, of which there is one at a time: taking one synchronises with the
// end of the one before. So threads take turns, which needs `S: Send` and no more. Guarded by the model below.
unsafe impl<S: Send> Sync for Latch<S> {}

impl<S> Latch<S> {
    pub(super) fn new(inside: S) -> Self {
        Self { taken: AtomicBool::new(false), inside: UnsafeCell::new(inside) }
    }

    /// Waits for a turn.
    #[inline]
    pub(super) fn lock(&self) -> Turn<'_, S> {
        if !self.take() {
            self.wait();
        }
        Turn { latch: self, of: PhantomData }
    }

    #[inline]
    fn take(&self) -> bool {
        self.taken.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self) {
        for tries in 0_usize.. {
            match tries {
                0..=9 => pause(20 + 20 * tries),
                10..=99 => thread::yield_now(),
                // Whoever has it is off its processor: leave it this one.
                _ => std::thread::sleep(Duration::from_micros(50)),
            }
            // Looked at before it is taken, which would fetch the cache line from whoever has it.
            if !self.taken.load(Ordering::Relaxed) && self.take() {
                return;
            }
        }
    }
}

impl<S> fmt::Debug for Latch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Latch(..)")
    }
}

/// The turn of one thread; it ends when this is dropped.
#[must_use]
pub(super) struct Turn<'a, S> {
    latch: &'a Latch<S>,
    /// It may be shared, and sent, where what is inside may be: it is a reference to that.
    of: PhantomData<&'a mut S>,
}

impl<S> Deref for Turn<'_, S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        // SAFETY: there is one turn at a time, and this is it. Guarded by the model below.
        unsafe { &*self.latch.inside.get() }
    }
}

impl<S> DerefMut for Turn<'_, S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        // SAFETY: as above, and `&mut self` makes this the only reference made from this turn.
        unsafe { &mut *self.latch.inside.get() }
    }
}

impl<S> Drop for Turn<'_, S> {
    #[inline]
    fn drop(&mut self) {
        self.latch.taken.store(false, Ordering::Release);
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::Arc;
    use loom::thread;

    use super::Latch;

    #[test]
    fn threads_take_turns_and_see_what_was_done_in_the_one_before() {
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let latch = Arc::new(Latch::new(0));
            let other = Arc::clone(&latch);
            let thread = thread::spawn(move || (0..2).for_each(|_| *other.lock() += 1));
            *latch.lock() += 1;
            thread.join().expect("no panic");
            assert_eq!(*latch.lock(), 3);
        });
    }
}

#[cfg(all(test, not(any(loom, shuttle))))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::thread;

    use super::Latch;

    #[test]
    fn no_turn_is_lost_among_many_threads() {
        let latch = Arc::new(Latch::new(0_u32));
        let threads = [(); 4].map(|()| {
            let latch = Arc::clone(&latch);
            thread::spawn(move || (0..10_000).for_each(|_| *latch.lock() += 1))
        });
        threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
        assert_eq!(*latch.lock(), 40_000);
    }

    #[test]
    fn a_panic_ends_the_turn() {
        let latch = Latch::new(1);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let mut turn = latch.lock();
            *turn += 1;
            std::panic::resume_unwind(Box::new(()));
        }));
        assert!(panicked.is_err());
        assert_eq!(*latch.lock(), 2);
    }
}
