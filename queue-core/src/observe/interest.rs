//! What an observer wants to be told.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// A set of kinds of events.
///
/// A queue keeps the union of its observers' interests in one word and tests one bit: an event that nobody asked for
/// costs a predictable branch.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Interest(u32);

impl Interest {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Every item's events: put, got, done.
    pub const ITEMS: Self = Self(1);
    /// Waits that begin and end.
    pub const BLOCKING: Self = Self(1 << 1);
    /// Items that the queue lets go.
    pub const DROPS: Self = Self(1 << 2);
    /// Queues that are created, shut down and closed; names that ran out; observers that were detached.
    pub const LIFECYCLE: Self = Self(1 << 3);
    /// The monitor's samples.
    pub const SAMPLES: Self = Self(1 << 4);
    /// The monitor's alerts.
    pub const ALERTS: Self = Self(1 << 5);
    /// What was measured: the items among [`ITEMS`](Self::ITEMS) that carry a time, waits for room that were timed,
    /// sizes of batches. It is what distributions are made of, and costs next to nothing: items without a clock, which
    /// are nearly all, go the short way.
    pub const MEASURED: Self = Self(1 << 6);
    /// Everything.
    pub const ALL: Self = Self((1 << 7) - 1);
    /// Not an event: puts ask a context source. It shares the word, so that a put tests once.
    pub(crate) const CONTEXT: Self = Self(1 << 31);

    /// Whether any of `other` is in this set.
    #[inline]
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether all of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets, as one.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

impl BitOr for Interest {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.union(other)
    }
}

impl BitOrAssign for Interest {
    fn bitor_assign(&mut self, other: Self) {
        *self = self.union(other);
    }
}

impl fmt::Debug for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [(Interest, &str); 7] = [
            (Interest::ITEMS, "ITEMS"),
            (Interest::BLOCKING, "BLOCKING"),
            (Interest::DROPS, "DROPS"),
            (Interest::LIFECYCLE, "LIFECYCLE"),
            (Interest::SAMPLES, "SAMPLES"),
            (Interest::ALERTS, "ALERTS"),
            (Interest::MEASURED, "MEASURED"),
        ];
        let names: Vec<_> = NAMES.iter().filter(|(kind, _)| self.contains(*kind)).map(|(_, name)| *name).collect();
        write!(f, "Interest({})", names.join(" | "))
    }
}
