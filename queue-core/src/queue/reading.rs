//! How a queue stands, and what time does to its numbers.

use std::num::NonZeroUsize;

use super::discipline::{Discipline, Kind};
use super::since::{Since, is_timed};
use super::state::{Life, State};
use crate::clock;
use crate::observe::Side;
use crate::stats::meter::Levels;
use crate::stats::{QueueStats, Totals};

impl<T, K: Kind<T>> State<T, K> {
    pub(crate) fn depth(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn capacity(&self) -> Option<usize> {
        self.capacity.map(NonZeroUsize::get)
    }

    /// How many items may be buffered at a time.
    pub(crate) fn room(&self) -> usize {
        self.capacity().unwrap_or(usize::MAX)
    }

    /// Whether there is no room for an item that comes now; slots that were granted are taken.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.capacity().is_some_and(|capacity| self.items.len().saturating_add(self.granted as usize) >= capacity)
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.life != Life::Open
    }

    /// Whether it was shut down at once: nothing goes out any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.life == Life::Ended
    }

    /// Items put so far.
    fn put(&self) -> u64 {
        self.next + self.meter.unnumbered()
    }

    /// Items put and not yet done.
    pub(crate) fn unfinished(&self) -> usize {
        count(self.put() - self.meter.dropped() - self.meter.done())
    }

    pub(super) fn in_flight(&self) -> usize {
        count(self.got - self.meter.done())
    }

    // Time.

    /// Brings the integrals up to date if the coarse tick has changed.
    #[inline]
    pub(super) fn tick(&mut self) {
        let tick = clock::tick();
        if tick != self.meter.seen() {
            self.advance(tick, tick);
        }
    }

    #[cold]
    fn advance(&mut self, tick: u64, now: u64) {
        let past = self.meter.past();
        if K::Buffer::OUT_OF_ORDER {
            past.ages.begin(self.items.len());
            past.ages.forget_empty();
        } else {
            match self.items.oldest() {
                Some(oldest) => past.ages.forget_before(oldest),
                None => past.ages.forget_all(),
            }
        }
        past.peak.current = past.peak.current.max(self.high);
        let levels = Levels {
            depth: self.items.len(),
            // One that has ended is full of nothing: what its name counts stays from here on, whoever looks meanwhile.
            capacity: self.capacity().filter(|_| !self.has_ended()),
            putters: self.putters.len(),
            getters: self.getters.len() + self.watchers.len(),
            next: self.next,
            got: self.got,
        };
        self.high = levels.depth;
        self.meter.advance(tick, now, levels);
    }

    /// Somebody is about to wait: since when, by the cheapest clock there is.
    pub(crate) fn begin_wait(&mut self, side: Side) -> u64 {
        self.count_wait(side);
        let moment = self.stand_since();
        let precise = self.measured && side == Side::Put && is_timed(self.meter.put_waits);
        let since = if precise { Since::precisely() } else { Since::coarsely(moment) };
        since.kept()
    }

    pub(crate) fn count_wait(&mut self, side: Side) {
        match side {
            Side::Put => self.meter.put_waits += 1,
            Side::Get => self.meter.get_waits += 1,
        }
    }

    /// Somebody is about to join a line: since when, with the integrals up to date before it grows.
    pub(crate) fn stand_since(&mut self) -> u64 {
        let moment = clock::moment();
        if clock::tick() == 0 {
            self.advance(0, moment);
        } else {
            self.tick();
        }
        moment
    }

    /// Brings the integrals up to now, by the cheapest clock there is.
    pub(super) fn look(&mut self) {
        self.advance(clock::tick(), clock::moment());
    }

    pub(super) fn count_dropped_oldest(&mut self) {
        self.meter.past().totals.dropped_oldest += 1;
    }

    /// Whether dropping it changes nothing for anybody: it is empty, and so are its lines.
    pub(crate) fn is_bare(&self) -> bool {
        let nobody_waits = self.putters.is_empty() && self.getters.is_empty() && self.watchers.is_empty();
        self.items.len() == 0
            && self.in_transit == 0
            && nobody_waits
            && self.seldom.as_ref().is_none_or(|seldom| seldom.joiners.is_empty() && seldom.closers.is_empty())
    }

    /// Whether nothing has been counted so far.
    pub(crate) fn is_untouched(&self) -> bool {
        self.next == 0 && self.got == 0 && self.meter.is_untouched()
    }

    /// What has been counted so far.
    pub(crate) fn totals(&self) -> Totals {
        Totals { put: self.put(), got: self.got, ..self.meter.totals() }
    }

    /// A snapshot as of `now`; its name is left to the caller.
    pub(crate) fn stats(&mut self, now: u64) -> QueueStats {
        self.advance(clock::tick(), now);
        let depth = self.items.len();
        let filled = depth > 0;
        let (unfinished, in_flight, totals) = (self.unfinished(), self.in_flight(), self.totals());
        let capacity = self.capacity();
        let past = self.meter.past();
        let oldest = past.ages.oldest().filter(|_| filled);
        let since = |first: Option<u64>| first.map(|since| past.ago(since)).unwrap_or_default();
        QueueStats {
            name: std::sync::Arc::default(),
            capacity,
            depth,
            in_transit: self.in_transit as usize,
            depth_peak: past.peak.highest().max(depth),
            unfinished,
            in_flight,
            waiting_putters: self.putters.len(),
            waiting_getters: self.getters.len() + self.watchers.len(),
            oldest_age: oldest.map(|oldest| past.ago(oldest)),
            stalled: filled.then(|| past.stalled()),
            longest_put_wait: since(self.putters.first_since()),
            longest_get_wait: since(self.getters.first_since()).max(since(self.watchers.first_since())),
            totals,
        }
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
