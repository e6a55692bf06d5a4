//! Why nothing is taken from a queue that has items: nobody is there, or somebody is and does not come back.

use std::fmt;

use queue_core::FamilyStats;
use queue_core::stats::Known;

/// Why a queue stalls, where its numbers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing was ever taken.
    NeverTaken,
    /// All that was taken is done, and nobody comes for more.
    NoConsumer,
    /// So many were taken and are not done.
    Wedged(usize),
    /// So many getters wait although there are items: they are not polled.
    NotPolled(usize),
}

/// Why nothing is taken. `None` where consumers do not say what is done, so that nobody can know.
pub(crate) fn cause(stats: &FamilyStats) -> Option<Cause> {
    let known = |part| stats.known.contains(part);
    if known(Known::WAITING_GETTERS) && stats.waiting_getters > 0 {
        return Some(Cause::NotPolled(stats.waiting_getters));
    }
    if known(Known::GOT) && stats.totals.got == 0 {
        return Some(Cause::NeverTaken);
    }
    // Who never finishes anything has everything in flight.
    if !known(Known::IN_FLIGHT) || !known(Known::DONE_OK) || stats.totals.done() == 0 {
        return None;
    }
    Some(if stats.in_flight == 0 { Cause::NoConsumer } else { Cause::Wedged(stats.in_flight) })
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverTaken => f.write_str("no consumer: nothing was ever taken"),
            Self::NoConsumer => f.write_str("no consumer: all that was taken is done, and nobody takes more"),
            Self::Wedged(items) => write!(f, "consumers hang: {items} taken and not done"),
            Self::NotPolled(getters) => write!(f, "consumers hang: {getters} wait here and are not polled"),
        }
    }
}

#[cfg(test)]
mod tests {
    use queue_core::Totals;

    use super::*;
    use crate::testing::family;

    #[test]
    fn no_consumer_is_told_from_one_that_hangs() {
        let stats = |waiting_getters, got, done_ok, in_flight| FamilyStats {
            waiting_getters,
            in_flight,
            totals: Totals { got, done_ok, ..Totals::default() },
            ..family("a", 5)
        };
        for (stats, expected) in [
            (stats(0, 0, 0, 0), Some(Cause::NeverTaken)),
            (stats(0, 7, 7, 0), Some(Cause::NoConsumer)),
            (stats(0, 7, 5, 2), Some(Cause::Wedged(2))),
            (stats(0, 7, 0, 7), None),
            (stats(1, 7, 7, 0), Some(Cause::NotPolled(1))),
        ] {
            assert_eq!(cause(&stats), expected, "{stats:?}");
        }
        let foreign = FamilyStats { known: Known::DEPTH, ..stats(0, 0, 0, 0) };
        assert_eq!(cause(&foreign), None, "0 is not known");
        for known in [Known::DONE_OK, Known::IN_FLIGHT] {
            let foreign = FamilyStats { known, ..stats(0, 7, 7, 0) };
            assert_eq!(cause(&foreign), None, "it takes both to tell who is there: {known:?}");
        }
    }
}
