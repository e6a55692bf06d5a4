//! What several of the tests need.
#![allow(dead_code, reason = "each test file uses a part of it")]

use queue_core::{Queue, QueueStats};

/// Law 1: what was put was got, dropped, is buffered or is on its way.
pub(crate) fn assert_conserved(stats: &QueueStats) {
    let totals = &stats.totals;
    let there = (stats.depth + stats.in_transit) as u64;
    assert_eq!(totals.put, totals.got + totals.dropped() + there, "something is missing in {stats:#?}");
}

/// A queue of numbers that nobody else sees.
pub(crate) fn queue(capacity: usize) -> Queue<u32> {
    Queue::builder("test").capacity(capacity).unregistered().build().unwrap()
}

/// Random numbers that are the same in every run.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
