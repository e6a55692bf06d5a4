//! The numbers that need time: integrals, ages, peaks. Time is an argument.
//!
//! [`Meter::advance`] is called under the queue's lock when the tick has changed, before the operation that saw it
//! changes a level; so the levels it is given held since the advance before, to a tick.

use std::time::Duration;

use crate::stats::Totals;
use crate::stats::ages::Ages;
use crate::stats::member::Tuning;
use crate::stats::peak::Peak;

/// What a queue counts and measures about itself: here what is counted for many items, the rest in its past.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    pub(crate) handed_off: u64,
    pub(crate) put_waits: u64,
    pub(crate) get_waits: u64,
    pub(crate) done_ok: u64,
    seen: u64,
    /// Made when there is something to remember: a queue that nobody has used yet is small.
    past: Option<Box<Past>>,
}

/// What happens seldom, and what time does.
#[derive(Debug)]
pub(crate) struct Past {
    /// Integrals, and those counters that no other field has.
    pub(crate) totals: Totals,
    /// Items that were let go as they came, without a number.
    pub(crate) unnumbered: u64,
    /// Moments at which items came in.
    pub(crate) ages: Ages,
    /// The highest depth.
    pub(crate) peak: Peak,
    /// Share of the capacity from which on the queue counts as saturated.
    saturation: f64,
    advanced: u64,
    got_then: u64,
    was_empty: bool,
    progress: u64,
}

/// How a queue stands; what the integrals are made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Levels {
    pub(crate) depth: usize,
    pub(crate) capacity: Option<usize>,
    pub(crate) putters: usize,
    pub(crate) getters: usize,
    /// The number that the next item will have.
    pub(crate) next: u64,
    /// Items got so far.
    pub(crate) got: u64,
}

impl Meter {
    /// Takes over settings.
    pub(crate) fn tune(&mut self, tuning: Tuning) {
        if self.past.is_some() || is_unusual(tuning) {
            let past = self.past();
            past.saturation = tuning.saturation;
            past.peak.set_window(tuning.peak_window);
        }
    }

    /// The tick that was seen last.
    #[inline]
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }

    /// What is rare, to be changed.
    #[cold]
    pub(crate) fn past(&mut self) -> &mut Past {
        self.past.get_or_insert_with(|| Box::new(Past::new(Tuning::default())))
    }

    /// Item `number` is buffered, in a queue that serves out of order.
    #[inline]
    pub(crate) fn came(&mut self, number: u64) {
        if let Some(past) = &mut self.past {
            past.ages.came(number);
        }
    }

    /// Item `number` is not buffered any more, in a queue that serves out of order.
    #[inline]
    pub(crate) fn went(&mut self, number: u64) {
        if let Some(past) = &mut self.past {
            past.ages.went(number);
        }
    }

    /// No item is buffered any more, nor will be.
    pub(crate) fn forget_ages(&mut self) {
        if let Some(past) = &mut self.past {
            past.ages.forget_all();
        }
    }

    /// Items that were let go as they came, without a number.
    pub(crate) fn unnumbered(&self) -> u64 {
        self.past.as_ref().map_or(0, |past| past.unnumbered)
    }

    /// Items let go.
    pub(crate) fn dropped(&self) -> u64 {
        self.past.as_ref().map_or(0, |past| past.totals.dropped())
    }

    /// Items finished.
    pub(crate) fn done(&self) -> u64 {
        self.done_ok + self.past.as_ref().map_or(0, |past| past.totals.done())
    }

    /// Whether nothing has been counted here so far.
    pub(crate) fn is_untouched(&self) -> bool {
        let Self { handed_off, put_waits, get_waits, done_ok, .. } = *self;
        handed_off | put_waits | get_waits | done_ok == 0 && self.past.is_none()
    }

    /// All totals, but for items put and got.
    pub(crate) fn totals(&self) -> Totals {
        let Self { handed_off, put_waits, get_waits, done_ok, .. } = *self;
        let past = self.past.as_ref().map(|past| past.totals.clone()).unwrap_or_default();
        Totals { handed_off, put_waits, get_waits, done_ok, ..past }
    }

    /// Whether a look at the clock now would find time to account for: not before the first one.
    pub(crate) fn is_running(&self) -> bool {
        self.past.as_ref().is_some_and(|past| past.advanced > 0)
    }

    /// Brings everything up to `now`.
    ///
    /// A `now` before the last one changes nothing: no number ever falls.
    #[cold]
    pub(crate) fn advance(&mut self, tick: u64, now: u64, levels: Levels) {
        // The ticker has run since the last look: what came in meanwhile is known to a tick.
        let ticking = tick != 0 && self.seen != 0;
        self.seen = tick;
        self.past().advance(ticking, now, levels);
    }
}

impl Past {
    fn new(tuning: Tuning) -> Self {
        Self {
            totals: Totals::default(),
            unnumbered: 0,
            ages: Ages::default(),
            peak: Peak::new(tuning.peak_window),
            saturation: tuning.saturation,
            advanced: 0,
            got_then: 0,
            was_empty: true,
            progress: 0,
        }
    }

    fn advance(&mut self, ticking: bool, now: u64, levels: Levels) {
        let now = now.max(self.advanced);
        // Before the first advance nothing is known about the time, so nothing is made up.
        let passed = if self.advanced == 0 { 0 } else { now - self.advanced };
        self.integrate(Duration::from_nanos(passed), levels);
        self.peak.roll(now, levels.depth);
        let emptiness_ended = self.was_empty && !ticking;
        if levels.depth == 0 || emptiness_ended || levels.got != self.got_then {
            self.progress = now;
        }
        self.was_empty = levels.depth == 0;
        self.got_then = levels.got;
        self.ages.mark(levels.next, now, ticking);
        self.advanced = now;
    }

    #[allow(clippy::cast_precision_loss)]
    fn integrate(&mut self, passed: Duration, levels: Levels) {
        let totals = &mut self.totals;
        totals.depth_time += levels.depth as f64 * passed.as_secs_f64();
        totals.put_waited += times(passed, levels.putters);
        totals.get_waited += times(passed, levels.getters);
        if levels.putters > 0 {
            totals.put_blocked += passed;
        }
        if levels.getters > 0 {
            totals.get_blocked += passed;
        }
        let saturated =
            levels.capacity.is_some_and(|capacity| levels.depth as f64 >= capacity as f64 * self.saturation);
        if saturated {
            totals.saturated += passed;
        }
    }

    /// How long, until the last advance, items have waited while none was taken.
    pub(crate) fn stalled(&self) -> Duration {
        Duration::from_nanos(self.advanced.saturating_sub(self.progress))
    }

    /// The time from `since` to the last advance.
    pub(crate) fn ago(&self, since: u64) -> Duration {
        Duration::from_nanos(self.advanced.saturating_sub(since))
    }
}

/// Whether a past has to be told of these settings: those that it begins with need none.
fn is_unusual(tuning: Tuning) -> bool {
    tuning != Tuning { capacity: tuning.capacity, ..Tuning::default() }
}

/// `passed` for each of `waiters`, without overflow.
fn times(passed: Duration, waiters: usize) -> Duration {
    passed.saturating_mul(u32::try_from(waiters).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn levels(depth: usize, putters: usize) -> Levels {
        Levels { depth, capacity: Some(10), putters, getters: 0, next: 0, got: 0 }
    }

    fn meter() -> Meter {
        let mut meter = Meter::default();
        meter.advance(SECOND, SECOND, levels(0, 0));
        meter
    }

    #[test]
    fn integrals_are_level_times_time() {
        let mut meter = meter();
        meter.advance(3 * SECOND, 3 * SECOND, levels(8, 2));
        meter.advance(4 * SECOND, 4 * SECOND, levels(7, 0));
        assert!((meter.totals().depth_time - 23.0).abs() < 1e-9);
        assert_eq!(meter.totals().put_waited, Duration::from_secs(4));
        assert_eq!(meter.totals().put_blocked, Duration::from_secs(2));
        assert_eq!(meter.totals().saturated, Duration::from_secs(2));
    }

    #[test]
    fn time_before_the_first_look_is_not_made_up() {
        let mut meter = Meter::default();
        meter.advance(0, 500 * SECOND, levels(10, 3));
        assert_eq!(meter.totals(), Totals::default());
    }

    #[test]
    fn a_clock_that_goes_backwards_takes_nothing_back() {
        let mut meter = meter();
        meter.advance(9 * SECOND, 9 * SECOND, levels(5, 1));
        let before = meter.totals();
        meter.advance(4 * SECOND, 4 * SECOND, levels(5, 1));
        assert_eq!(meter.totals(), before);
        meter.advance(10 * SECOND, 10 * SECOND, levels(5, 1));
        assert_eq!(meter.totals().put_blocked, Duration::from_secs(9));
    }

    #[test]
    fn a_stall_begins_with_the_last_get_or_the_put_that_ended_emptiness() {
        let mut meter = meter();
        meter.advance(5 * SECOND, 5 * SECOND, levels(0, 0));
        meter.advance(7 * SECOND, 7 * SECOND, levels(3, 0));
        assert_eq!(meter.past().stalled(), Duration::from_secs(2));
        meter.advance(8 * SECOND, 8 * SECOND, Levels { got: 1, ..levels(2, 0) });
        assert_eq!(meter.past().stalled(), Duration::ZERO);
        meter.advance(18 * SECOND, 18 * SECOND, Levels { got: 1, ..levels(2, 0) });
        assert_eq!(meter.past().stalled(), Duration::from_secs(10));
    }
}
