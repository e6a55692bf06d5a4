//! Who is to be woken after unlocking.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

use crate::canary;

/// Wake-ups collected under the lock; nearly always none or one, so that one costs no allocation.
#[derive(Default)]
#[must_use = "whoever is not woken waits for ever"]
pub(crate) struct Wakes {
    first: Option<Waker>,
    more: Vec<Waker>,
}

impl Wakes {
    pub(crate) fn add(&mut self, waker: Option<Waker>) {
        if self.first.is_none() {
            self.first = waker;
        } else {
            self.more.extend(waker);
        }
    }

    /// Wakes all of them, in the order in which they were added. Call it unlocked.
    #[inline]
    pub(crate) fn wake(self) {
        wake(self.first);
        if !self.more.is_empty() {
            self.more.into_iter().for_each(|waker| wake(Some(waker)));
        }
    }
}

/// Wakes one task. A waker is foreign code: if it panics, that is its executor's matter and stops nobody here.
#[inline]
pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
            // The payload's destructor may panic as well.
            std::mem::forget(payload);
        }
    }
}

/// Drops a waker that is not needed any more; its destructor is foreign code like its wake-up.
#[inline]
pub(crate) fn forget(waker: Option<Waker>) {
    if let Some(waker) = waker {
        if canary::sings("waker") {
            return std::mem::forget(waker);
        }
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(waker))) {
            std::mem::forget(payload);
        }
    }
}
