//! Who may still put, and who may still get, once a queue is split.
//!
//! A claim is added only by somebody who has one, or by a split; so a count that came down to nothing stays there, but
//! for a split of a queue that is shut down by then.

use super::Shutdown;
use super::discipline::Kind;
use super::shared::Shared;
use crate::sync::{AtomicU32, Ordering};

/// The queue was split: with the last claim to put, nothing comes in any more. Before, only permits have claims.
///
/// Each claim has a handle, of which there are fewer than that.
const SPLIT: u32 = 1 << 31;

/// How many may put, and how many may get.
pub(crate) struct Claims {
    /// Producers and permits, and whether the queue was split.
    producers: AtomicU32,
    consumers: AtomicU32,
}

impl Default for Claims {
    fn default() -> Self {
        Self { producers: AtomicU32::new(0), consumers: AtomicU32::new(0) }
    }
}

impl Claims {
    /// One producer and one consumer more.
    pub(super) fn split(&self) {
        self.add_producer();
        self.add_consumer();
        // In this order, or a permit that is dropped meanwhile would think that it was the last to put.
        self.producers.fetch_or(SPLIT, Ordering::AcqRel);
    }

    pub(super) fn add_producer(&self) {
        self.producers.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn add_consumer(&self) {
        self.consumers.fetch_add(1, Ordering::Relaxed);
    }
}

impl<T, K: Kind<T>> Shared<T, K> {
    /// A producer or a permit is gone; with the last one nothing comes in any more.
    pub(super) fn drop_producer(&self) {
        let before = self.claims.producers.fetch_sub(1, Ordering::AcqRel);
        if before == SPLIT + 1 && !self.glance().is_shut_down() {
            self.shut_down(Shutdown::Drain);
        }
    }

    /// A consumer is gone; with the last one nobody is left to get what is buffered.
    pub(super) fn drop_consumer(&self) {
        let before = self.claims.consumers.fetch_sub(1, Ordering::AcqRel);
        if before == 1 && !self.glance().has_ended() {
            self.shut_down(Shutdown::Immediate);
        }
    }
}
