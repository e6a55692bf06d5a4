//! Which of a family's numbers mean something.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// Which numbers of a [`FamilyStats`](crate::FamilyStats) are known: a bit set.
///
/// Queues of this crate know all of theirs. A [source](crate::registry::Source) of a queue that is not ours may know
/// few: what it leaves out is 0 in the numbers and missing here, so that an adapter leaves the series out.
///
/// # Examples
/// ```
/// use queue_core::stats::Known;
/// let known = Known::DEPTH | Known::PUT;
/// assert!(known.contains(Known::PUT) && !known.contains(Known::GOT));
/// assert!(Known::default().contains(known), "all of ours");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize), serde(transparent))]
pub struct Known(u32);

impl Known {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Everything: what queues of this crate know of themselves.
    pub const ALL: Self = Self(u32::MAX);
    /// `depth`.
    pub const DEPTH: Self = Self(1);
    /// `unfinished`.
    pub const UNFINISHED: Self = Self(1 << 1);
    /// `in_flight`.
    pub const IN_FLIGHT: Self = Self(1 << 2);
    /// `waiting_putters`.
    pub const WAITING_PUTTERS: Self = Self(1 << 3);
    /// `waiting_getters`.
    pub const WAITING_GETTERS: Self = Self(1 << 4);
    /// `totals.depth_time` covers every living queue of the name, so that it may be held against their capacity.
    pub const MEANS: Self = Self(1 << 5);
    /// `oldest_age`.
    pub const OLDEST_AGE: Self = Self(1 << 6);
    /// `totals.put`.
    pub const PUT: Self = Self(1 << 7);
    /// `totals.got`.
    pub const GOT: Self = Self(1 << 8);
    /// `totals.rejected`.
    pub const REJECTED: Self = Self(1 << 9);
    /// `totals.dropped_oldest`.
    pub const DROPPED_OLDEST: Self = Self(1 << 10);
    /// `totals.dropped_newest`.
    pub const DROPPED_NEWEST: Self = Self(1 << 11);
    /// `totals.dropped_shutdown`.
    pub const DROPPED_SHUTDOWN: Self = Self(1 << 12);
    /// `totals.done_ok`.
    pub const DONE_OK: Self = Self(1 << 13);
    /// `totals.done_failed`.
    pub const DONE_FAILED: Self = Self(1 << 14);
    /// `totals.done_abandoned`.
    pub const DONE_ABANDONED: Self = Self(1 << 15);
    /// What only the queue itself can measure: peaks, stalls, handoffs, waits and every integral over time.
    pub const INSIDE: Self = Self(1 << 16);

    /// Levels that are summed: without one queue's part the sum would be wrong.
    const SUMMED: Self = Self((1 << 6) - 1);

    /// Whether everything in `asked` is known.
    #[must_use]
    pub const fn contains(self, asked: Self) -> bool {
        self.0 & asked.0 == asked.0
    }
}

impl Default for Known {
    fn default() -> Self {
        Self::ALL
    }
}

impl BitOr for Known {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Known {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ALL { f.write_str("Known::ALL") } else { write!(f, "Known({:#b})", self.0) }
    }
}

/// What is known of a name: a sum of levels if every living queue knows its part, as with the capacity; a total or
/// what is the worst of them, if any does or did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownTogether {
    any: Known,
    every: Known,
}

impl KnownTogether {
    /// Begins with what those told that are gone.
    pub(crate) fn since(gone: Known) -> Self {
        Self { any: gone, every: Known::ALL }
    }

    /// One that lives.
    pub(crate) fn add(&mut self, one: Known) {
        self.any |= one;
        self.every.0 &= one.0;
    }

    /// One that has only totals left.
    pub(crate) fn add_ending(&mut self, one: Known) {
        self.any |= one;
    }

    pub(crate) fn known(self) -> Known {
        let summed = Known::SUMMED.0;
        Known((self.any.0 & !summed) | (self.every.0 & summed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_needs_every_part_and_a_total_any() {
        let told = Known::DEPTH | Known::PUT;
        let mut together = KnownTogether::since(Known::NONE);
        together.add(Known::ALL);
        together.add(told);
        let known = together.known();
        assert!(known.contains(Known::DEPTH | Known::PUT | Known::GOT | Known::INSIDE | Known::OLDEST_AGE));
        assert!(!known.contains(Known::IN_FLIGHT) && !known.contains(Known::MEANS));
    }

    #[test]
    fn what_is_gone_leaves_its_totals_known() {
        let mut together = KnownTogether::since(Known::PUT);
        together.add_ending(Known::GOT);
        together.add(Known::DEPTH);
        let known = together.known();
        assert!(known.contains(Known::PUT | Known::GOT | Known::DEPTH) && !known.contains(Known::REJECTED));
    }

    #[test]
    fn ours_together_know_everything() {
        let mut together = KnownTogether::since(Known::NONE);
        together.add(Known::ALL);
        assert_eq!(together.known(), Known::ALL);
    }
}
