//! How long and how often.

use std::time::Duration;

/// The lengths of a contest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Rounds of each contender.
    pub(crate) rounds: usize,
    /// What a round should take.
    pub(crate) round: Duration,
    /// A scenario that wants more items in each round than this does not get them.
    pub(crate) fewest_items: u64,
}

impl Pace {
    /// What figures are taken with: long enough for a start to be noise, so many that two modes show in the quartiles.
    pub(crate) const MEASURING: Self = Self { rounds: 31, round: Duration::from_millis(4), fewest_items: u64::MAX };

    /// What only shows that everything runs.
    pub(crate) const TINY: Self = Self { rounds: 1, round: Duration::from_nanos(1), fewest_items: 200 };
}
