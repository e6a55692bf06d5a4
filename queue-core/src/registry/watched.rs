//! A source among the queues of a family: what it told last, in the family's words.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::family::Family;
use super::settings::Panics;
use super::source::{Levels, Source};
use crate::observe::outlook::Roll;
use crate::queue::Look;
use crate::stats::member::{Member, Tuning};
use crate::stats::{Known, QueueStats, Totals};

/// Keeps a [`Source`] watched. Dropped, the source is gone and its totals stay with the name.
#[must_use = "what is watched is gone when the guard is dropped"]
pub struct SourceGuard {
    family: Arc<Family>,
    seat: u32,
    watched: Look<Watched>,
}

impl SourceGuard {
    pub(super) fn new(family: Arc<Family>, seat: u32, watched: Look<Watched>) -> Self {
        Self { family, seat, watched }
    }
}

impl Drop for SourceGuard {
    fn drop(&mut self) {
        // What it is told after this would be in no sum, and a total would fall.
        self.watched.told().ended = true;
        drop(self.family.strike(self.seat));
    }
}

impl fmt::Debug for SourceGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceGuard").field("name", &self.family.name).finish_non_exhaustive()
    }
}

/// One source, and what it told.
pub(super) struct Watched {
    /// There until it is dropped.
    source: Option<Box<dyn Source>>,
    asking: AtomicBool,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    /// Levels as of the last time it was asked, and its totals.
    stats: QueueStats,
    living: bool,
    /// Which levels it told last.
    levels: Known,
    /// Which totals it ever told.
    counts: Known,
    /// Its counters as it told them last: what they grew by is added to the totals.
    counters: [u64; COUNTERS.len()],
    ended: bool,
}

/// A counter of a source, and where it goes.
struct Counter {
    known: Known,
    read: fn(&Levels) -> Option<u64>,
    total: fn(&mut Totals) -> &mut u64,
}

const COUNTERS: [Counter; 9] = [
    Counter { known: Known::PUT, read: |l| l.put, total: |t| &mut t.put },
    Counter { known: Known::GOT, read: |l| l.got, total: |t| &mut t.got },
    Counter { known: Known::REJECTED, read: |l| l.rejected, total: |t| &mut t.rejected },
    Counter { known: Known::DROPPED_OLDEST, read: |l| l.dropped_oldest, total: |t| &mut t.dropped_oldest },
    Counter { known: Known::DROPPED_NEWEST, read: |l| l.dropped_newest, total: |t| &mut t.dropped_newest },
    Counter { known: Known::DROPPED_SHUTDOWN, read: |l| l.dropped_shutdown, total: |t| &mut t.dropped_shutdown },
    Counter { known: Known::DONE_OK, read: |l| l.done_ok, total: |t| &mut t.done_ok },
    Counter { known: Known::DONE_FAILED, read: |l| l.done_failed, total: |t| &mut t.done_failed },
    Counter { known: Known::DONE_ABANDONED, read: |l| l.done_abandoned, total: |t| &mut t.done_abandoned },
];

impl Watched {
    /// Takes over a source and asks it for the first time.
    pub(super) fn new(source: impl Source) -> Self {
        let told = Told { levels: Known::NONE, counts: Known::NONE, ..Told::default() };
        let watched = Self { source: Some(Box::new(source)), asking: AtomicBool::new(false), told: Mutex::new(told) };
        watched.ask();
        watched
    }

    /// Asks the source how it stands. Called with no lock held: this is foreign code.
    pub(super) fn ask(&self) {
        // Not twice at a time: two answers could come in the wrong order, and a source that reads the registry would
        // ask itself for ever.
        if self.asking.swap(true, Ordering::Acquire) {
            return;
        }
        let mut panics = Panics::default();
        let levels = panics.catch(|| self.source.as_ref().and_then(|source| source.levels())).flatten();
        panics.forgive();
        self.told().take(levels);
        self.asking.store(false, Ordering::Release);
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Told {
    fn take(&mut self, levels: Option<Levels>) {
        if self.ended {
            return;
        }
        self.living = levels.is_some();
        let levels = levels.unwrap_or_default();
        let totals = self.count(&levels);
        self.levels = Known::NONE;
        self.stats = QueueStats {
            capacity: levels.capacity,
            depth: self.level(Known::DEPTH, levels.depth),
            unfinished: self.level(Known::UNFINISHED, levels.unfinished),
            in_flight: self.level(Known::IN_FLIGHT, levels.in_flight),
            waiting_putters: self.level(Known::WAITING_PUTTERS, levels.waiting_putters),
            waiting_getters: self.level(Known::WAITING_GETTERS, levels.waiting_getters),
            oldest_age: levels.oldest_age,
            totals,
            ..QueueStats::default()
        };
        if levels.oldest_age.is_some() {
            self.levels |= Known::OLDEST_AGE;
        }
    }

    fn level(&mut self, known: Known, level: Option<usize>) -> usize {
        if level.is_some() {
            self.levels |= known;
        }
        level.unwrap_or_default()
    }

    /// The totals, with what the counters grew by since they were told last.
    fn count(&mut self, levels: &Levels) -> Totals {
        let mut totals = std::mem::take(&mut self.stats.totals);
        for (counter, before) in COUNTERS.iter().zip(&mut self.counters) {
            let Some(now) = (counter.read)(levels) else { continue };
            // One that fell began anew.
            let grown = now.checked_sub(*before).unwrap_or(now);
            let total = (counter.total)(&mut totals);
            *total = total.saturating_add(grown);
            *before = now;
            self.counts |= counter.known;
        }
        totals
    }
}

impl Member for Watched {
    fn stats(&self) -> QueueStats {
        self.told().stats.clone()
    }

    fn totals(&self) -> Option<Totals> {
        Some(self.told().stats.totals.clone())
    }

    fn lives_by_itself(&self) -> bool {
        self.told().living
    }

    fn known(&self) -> Known {
        let told = self.told();
        told.levels | told.counts
    }

    fn tune(&self, _tuning: Tuning) {}
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut panics = Panics::default();
        let source = self.source.take();
        // It may be a reader that lets go of it last, who has no part in it.
        panics.catch(|| drop(source));
        panics.forgive();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_begins_anew_adds_to_what_was_counted() {
        let mut told = Told { levels: Known::NONE, counts: Known::NONE, ..Told::default() };
        let puts = [(Some(5), 5), (Some(7), 7), (None, 7), (Some(2), 9), (Some(0), 9), (Some(3), 12)];
        for (put, total) in puts {
            told.take(Some(Levels { put, ..Levels::default() }));
            assert_eq!(told.stats.totals.put, total, "told {put:?}");
        }
        told.take(None);
        assert_eq!((told.living, told.stats.totals.put, told.counts), (false, 12, Known::PUT));
    }

    #[test]
    fn what_is_told_after_the_end_is_in_no_sum() {
        let mut told = Told { levels: Known::NONE, counts: Known::NONE, ..Told::default() };
        told.take(Some(Levels { put: Some(5), ..Levels::default() }));
        told.ended = true;
        told.take(Some(Levels { put: Some(9), ..Levels::default() }));
        assert_eq!(told.stats.totals.put, 5, "the family has these, and would fall back to them");
    }

    #[test]
    fn numbers_beyond_all_bounds_stay_at_the_largest() {
        let mut told = Told { levels: Known::NONE, counts: Known::NONE, ..Told::default() };
        for put in [u64::MAX, 3, u64::MAX] {
            told.take(Some(Levels { put: Some(put), ..Levels::default() }));
        }
        assert_eq!(told.stats.totals.put, u64::MAX);
    }
}
