//! Since when somebody waits, and whether that was read off the precise clock.
//!
//! Waits begin by the cheapest clock there is, which moves on every few milliseconds: enough for ages and sums, and too
//! coarse for a distribution. So while somebody wants to know, some waits for room begin by the precise clock, and the
//! lowest bit of the moment says so; a nanosecond more or less is below what either clock can tell.

use std::time::Duration;

use super::tags::jitter;
use crate::clock;

/// Of so many waits for room about one is timed.
const WAITS_A_CLOCK: u64 = 8;

/// The bit that says so.
const PRECISE: u64 = 1;

/// The moment a wait began; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since(u64);

impl Since {
    /// By the clock of the integrals.
    pub(crate) fn coarsely(moment: u64) -> Self {
        Self((moment & !PRECISE).max(PRECISE << 1))
    }

    /// By the precise clock, now.
    pub(crate) fn precisely() -> Self {
        Self(clock::now() | PRECISE)
    }

    /// As a line keeps it.
    pub(crate) fn kept(self) -> u64 {
        self.0
    }

    /// As it was kept.
    pub(crate) fn of(kept: u64) -> Self {
        Self(kept)
    }

    pub(crate) fn is_precise(self) -> bool {
        self.0 & PRECISE != 0
    }

    /// For how long, by the clock that it was read off.
    pub(crate) fn ago(self) -> Duration {
        let now = if self.is_precise() { clock::now() | PRECISE } else { clock::moment() };
        Duration::from_nanos(now.saturating_sub(self.0))
    }
}

/// Whether the wait that is the `nth` is timed: the first one, and then one in eight, out of step with any rhythm of the
/// program.
pub(crate) fn is_timed(nth: u64) -> bool {
    nth <= 1 || jitter(nth) % WAITS_A_CLOCK == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_one_wait_in_eight_is_timed_and_the_first_one_is() {
        assert!(is_timed(1));
        let timed = (1..=80_000).filter(|nth| is_timed(*nth)).count();
        assert!((9_500..10_500).contains(&timed), "{timed} of 80000");
    }

    #[test]
    fn which_clock_a_wait_began_by_is_kept_with_it() {
        for (moment, precise) in [(Since::precisely(), true), (Since::coarsely(7), false), (Since::coarsely(0), false)]
        {
            let kept = Since::of(moment.kept());
            assert_eq!((kept.is_precise(), kept.kept() > 0), (precise, true), "{moment:?}");
        }
    }
}
