//! The lock: the one short critical section of a queue.
//!
//! A spin lock, because the section is a few dozen instructions: taking it is one compare-and-swap, leaving it a plain
//! store. Contention backs off for long (two quick tries, then hundreds of pauses), which keeps the cache line with
//! whoever holds it; a holder that was descheduled is waited for by yielding, then by sleeping.
//!
//! Nothing foreign runs inside: no waker, no hook, no destructor of an item. `Ord` of a priority item is the
//! exception, so a panic may unwind through a guard: it unlocks, and nothing is poisoned.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use crate::sync::{AtomicBool, Ordering, pause};

/// Guards `S` with a spinning flag.
pub(crate) struct Lock<S> {
    held: AtomicBool,
    state: UnsafeCell<S>,
}

// SAFETY: the state is reached through a `Guard` only, and `held` lets one guard exist at a time: acquiring it
// synchronises with the release of the guard before. So threads take turns, which needs `S: Send` and no more.
// Guarded by the model `the_lock_excludes` in tests/loom.rs.
unsafe impl<S: Send> Sync for Lock<S> {}

impl<S> Lock<S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            held: AtomicBool::new(false),
            state: UnsafeCell::new(state),
        }
    }

    /// Waits for the lock and takes it.
    #[inline]
    pub(crate) fn lock(&self) -> Guard<'_, S> {
        if !self.take() {
            self.wait();
        }
        Guard {
            lock: self,
            _stays_here: PhantomData,
        }
    }

    #[inline]
    fn take(&self) -> bool {
        self.held
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    #[cold]
    fn wait(&self) {
        let mut tries = 0_u32;
        loop {
            match tries {
                0 | 1 => pause(8),
                2..=9 => pause(100 + 40 * tries),
                10..=99 => std::thread::yield_now(),
                // The holder has been off its processor for long: leave it this one.
                _ => std::thread::sleep(Duration::from_micros(50)),
            }
            tries = tries.saturating_add(1);
            // Look before taking: a failed compare-and-swap would fetch the cache line from the holder for nothing.
            if !self.held.load(Ordering::Relaxed) && self.take() {
                return;
            }
        }
    }
}

/// The turn of one thread; unlocks when dropped.
#[must_use]
pub(crate) struct Guard<'a, S> {
    lock: &'a Lock<S>,
    _stays_here: PhantomData<*mut S>,
}

impl<S> Deref for Guard<'_, S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        // SAFETY: this guard exists, so `held` is set and no other guard does; see the model `the_lock_excludes`.
        unsafe { &*self.lock.state.get() }
    }
}

impl<S> DerefMut for Guard<'_, S> {
    #[inline]
    fn deref_mut(&mut self) -> &mut S {
        // SAFETY: as in `deref`, and `&mut self` makes this the only reference made from this guard.
        unsafe { &mut *self.lock.state.get() }
    }
}

impl<S> Drop for Guard<'_, S> {
    #[inline]
    fn drop(&mut self) {
        self.lock.held.store(false, Ordering::Release);
    }
}
