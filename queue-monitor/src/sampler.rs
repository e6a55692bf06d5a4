//! Snapshots become samples: rates, means and growth over the time between two looks at the registry.
//!
//! Pure: the time of a snapshot is an argument. Deliberately absent: thresholds, and any number that one snapshot
//! alone can tell (levels stay in `Sample::stats`). Where the data goes next: [`rule`](crate::rule) reads signals
//! off the samples.

use std::sync::Arc;
use std::time::Duration;

use queue_core::stats::Known;
use queue_core::{FamilyStats, Sample, Totals};

/// Remembers the last snapshot and compares the next one with it.
#[derive(Debug, Default)]
pub(crate) struct Sampler {
    /// Sorted by name, as the registry gives them.
    before: Arc<[Sample]>,
    before_at: Duration,
}

impl Sampler {
    /// Compares `families` (sorted by name, taken at `at`) with the snapshot before.
    ///
    /// A name that was not in the snapshot before has no rates yet: the time since it began is not known.
    pub(crate) fn sample(&mut self, at: Duration, mut families: Vec<FamilyStats>) -> Arc<[Sample]> {
        families.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let interval = at.saturating_sub(self.before_at);
        let mut rest = &self.before[..];
        let samples = families.into_iter().map(|now| match find(&mut rest, &now.name) {
            Some(before) if !interval.is_zero() => between(before, now, at, interval),
            _ => Sample { stats: now, at, ..Sample::default() },
        });
        let samples: Arc<[_]> = samples.collect();
        self.before = Arc::clone(&samples);
        self.before_at = at;
        samples
    }
}

/// The one of this name. Names are asked for in their order: what comes before it is passed over for good.
fn find<'s>(rest: &mut &'s [Sample], name: &str) -> Option<&'s FamilyStats> {
    let passed = rest.iter().take_while(|sample| *sample.stats.name < *name).count();
    *rest = &rest[passed..];
    rest.first().map(|sample| &sample.stats).filter(|stats| *stats.name == *name)
}

/// What happened from one snapshot to the next.
fn between(before: &FamilyStats, now: FamilyStats, at: Duration, interval: Duration) -> Sample {
    // A total that fell was forgotten and began anew: what it shows now was counted since.
    let forgotten = fell(&before.totals, &now.totals).then(Totals::default);
    let from = forgotten.as_ref().unwrap_or(&before.totals);
    let to = &now.totals;
    let seconds = interval.as_secs_f64();
    let rate = |from: u64, to: u64| Some(count(to.saturating_sub(from)) / seconds);
    let depth_time = (to.depth_time - from.depth_time).max(0.0);
    let got = to.got.saturating_sub(from.got);
    let done = to.done().saturating_sub(from.done());
    let failed = to.done_failed.saturating_sub(from.done_failed);
    let blocked = to.put_blocked.saturating_sub(from.put_blocked);
    // A queue that is not ours may not know all of it, and a number that nobody knows is no zero.
    let known = |part: Known| now.known.contains(part);
    let drops = [Known::DROPPED_OLDEST, Known::DROPPED_NEWEST, Known::DROPPED_SHUTDOWN].into_iter().all(known);
    let utilization = room(before, &now).filter(|_| known(Known::MEANS)).map(|room| share(depth_time / seconds, room));
    Sample {
        at,
        interval,
        utilization,
        dwell: (got > 0 && known(Known::MEANS))
            .then(|| Duration::try_from_secs_f64(depth_time / count(got)).unwrap_or(Duration::MAX)),
        put_rate: rate(from.put, to.put).filter(|_| known(Known::PUT)),
        get_rate: rate(from.got, to.got).filter(|_| known(Known::GOT)),
        drop_rate: rate(from.dropped(), to.dropped()).filter(|_| drops),
        reject_rate: rate(from.rejected, to.rejected).filter(|_| known(Known::REJECTED)),
        growth: known(Known::DEPTH).then(|| (level(now.depth) - level(before.depth)) / seconds),
        // Several queues of one name can block at the same time; their sum is more than a share.
        blocked_ratio: known(Known::MEANS).then(|| share(blocked.as_secs_f64(), seconds)),
        failed_ratio: (done > 0).then(|| share(count(failed), count(done))),
        stats: now,
    }
}

/// The capacity that the mean depth is held against; `None` when unbounded.
///
/// Where it changed in between, the larger one: the integral knows depths, not what they were a share of, and the
/// smaller one would let a queue that shrank after a full minute look fuller than it ever was.
fn room(before: &FamilyStats, now: &FamilyStats) -> Option<f64> {
    let now = now.capacity?;
    Some(level(now.max(before.capacity.unwrap_or(0))))
}

fn fell(before: &Totals, now: &Totals) -> bool {
    now.put < before.put
        || now.got < before.got
        || now.rejected < before.rejected
        || now.dropped() < before.dropped()
        || now.done() < before.done()
}

/// Held within 0..=1, and 0 rather than NaN.
fn share(part: f64, whole: f64) -> f64 {
    let share = part / whole;
    if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
}

#[allow(clippy::cast_precision_loss)]
fn count(number: u64) -> f64 {
    number as f64
}

#[allow(clippy::cast_precision_loss)]
fn level(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_a_queue_does_not_know_has_no_value() {
        let mut sampler = Sampler::default();
        let watched = FamilyStats {
            name: "channel".into(),
            instances: 1,
            capacity: Some(10),
            depth: 4,
            ..FamilyStats::default()
        };
        let watched = FamilyStats { known: Known::DEPTH, ..watched };
        sampler.sample(SECOND, vec![watched.clone()]);
        let sample = sampler.sample(2 * SECOND, vec![watched])[0].clone();
        assert_eq!((sample.utilization, sample.put_rate, sample.drop_rate), (None, None, None));
        assert_eq!((sample.growth, sample.blocked_ratio), (Some(0.0), None));
    }

    fn bounded(name: &str, totals: Totals) -> FamilyStats {
        FamilyStats { name: name.into(), instances: 1, capacity: Some(10), totals, ..FamilyStats::default() }
    }

    /// The second of two samples, ten seconds apart.
    fn second(before: FamilyStats, now: FamilyStats) -> Sample {
        let mut sampler = Sampler::default();
        sampler.sample(SECOND, vec![before]);
        sampler.sample(SECOND * 11, vec![now])[0].clone()
    }

    #[test]
    fn the_first_sample_of_a_name_has_levels_and_no_rates() {
        let mut sampler = Sampler::default();
        let mut old = bounded("b", Totals { put: 7, depth_time: 3.0, ..Totals::default() });
        old.depth = 4;
        for (at, families) in [(1, vec![old.clone()]), (2, vec![bounded("a", Totals::default()), old])] {
            let first = sampler.sample(SECOND * at, families)[0].clone();
            assert_eq!((first.utilization, first.put_rate, first.growth), (None, None, None), "{first:?}");
            assert_eq!((first.at, first.interval), (SECOND * at, Duration::ZERO));
        }
    }

    #[test]
    fn rates_are_what_was_counted_in_between_by_the_time_it_took() {
        let before = Totals { put: 100, got: 90, rejected: 5, done_ok: 50, ..Totals::default() };
        let now = Totals {
            put: 150,
            got: 120,
            rejected: 6,
            dropped_oldest: 2,
            dropped_shutdown: 1,
            done_ok: 55,
            done_failed: 5,
            put_blocked: SECOND * 5 / 2,
            ..Totals::default()
        };
        let sample = second(bounded("a", before), bounded("a", now));
        assert_eq!((sample.put_rate, sample.get_rate), (Some(5.0), Some(3.0)));
        assert_eq!((sample.drop_rate, sample.reject_rate), (Some(0.3), Some(0.1)));
        assert_eq!((sample.failed_ratio, sample.blocked_ratio), (Some(0.5), Some(0.25)));
        assert_eq!(sample.interval, SECOND * 10);
    }

    #[test]
    fn utilization_is_the_time_weighted_mean_and_not_the_level_at_the_end() {
        // Full (10 of 10) for 9 of 10 seconds, and empty when somebody looks.
        let now = bounded("a", Totals { depth_time: 1090.0, ..Totals::default() });
        let before = bounded("a", Totals { depth_time: 1000.0, ..Totals::default() });
        assert_eq!(now.depth, 0);
        assert_eq!(second(before, now).utilization, Some(0.9));
    }

    #[test]
    fn utilization_stays_a_share_whatever_the_integral_says() {
        for depth_time in [0.0, 1e9, f64::NAN, f64::INFINITY] {
            let sample =
                second(bounded("a", Totals::default()), bounded("a", Totals { depth_time, ..Totals::default() }));
            let mean = sample.utilization.expect("bounded");
            assert!((0.0..=1.0).contains(&mean), "{depth_time}: {mean}");
        }
    }

    #[test]
    fn an_unbounded_queue_has_no_utilization() {
        let mut now = bounded("a", Totals { depth_time: 1e6, ..Totals::default() });
        now.capacity = None;
        assert_eq!(second(bounded("a", Totals::default()), now).utilization, None);
    }

    #[test]
    fn a_capacity_that_shrank_does_not_make_the_past_look_full() {
        let mut before = bounded("a", Totals::default());
        before.capacity = Some(100);
        let now = bounded("a", Totals { depth_time: 100.0, ..Totals::default() });
        assert_eq!(second(before, now).utilization, Some(0.1), "10 items deep, of 100");
    }

    #[test]
    fn dwell_is_littles_law_and_absent_when_nothing_was_got() {
        let cases = [(0, None), (50, Some(SECOND * 2))];
        for (got, dwell) in cases {
            let now = bounded("a", Totals { put: got, got, depth_time: 100.0, ..Totals::default() });
            assert_eq!(second(bounded("a", Totals::default()), now).dwell, dwell);
        }
    }

    #[test]
    fn growth_is_the_change_of_depth_and_negative_while_draining() {
        let mut full = bounded("a", Totals::default());
        full.depth = 50;
        assert_eq!(second(bounded("a", Totals::default()), full.clone()).growth, Some(5.0));
        assert_eq!(second(full, bounded("a", Totals::default())).growth, Some(-5.0));
    }

    #[test]
    fn a_counter_that_fell_began_anew_and_is_no_negative_rate() {
        let before =
            Totals { put: 1_000, got: 1_000, depth_time: 500.0, put_blocked: SECOND * 90, ..Totals::default() };
        let now = Totals { put: 20, got: 10, depth_time: 10.0, put_blocked: SECOND, ..Totals::default() };
        let sample = second(bounded("a", before), bounded("a", now));
        assert_eq!((sample.put_rate, sample.get_rate), (Some(2.0), Some(1.0)));
        assert_eq!((sample.utilization, sample.blocked_ratio), (Some(0.1), Some(0.1)));
        assert_eq!(sample.dwell, Some(SECOND));
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_gives_no_rates() {
        let mut sampler = Sampler::default();
        sampler.sample(SECOND * 10, vec![bounded("a", Totals::default())]);
        for at in [10, 10, 9] {
            let now = bounded("a", Totals { put: 9, ..Totals::default() });
            assert_eq!(sampler.sample(SECOND * at, vec![now])[0].clone().put_rate, None);
        }
    }

    #[test]
    fn names_are_compared_with_themselves_also_when_others_come_and_go() {
        let mut sampler = Sampler::default();
        let named = |name: &str, put| bounded(name, Totals { put, ..Totals::default() });
        sampler.sample(SECOND, vec![named("a", 1), named("c", 10)]);
        let samples = sampler.sample(SECOND * 2, vec![named("b", 5), named("c", 12)]);
        let rates: Vec<_> = samples.iter().map(|sample| (&*sample.stats.name, sample.put_rate)).collect();
        assert_eq!(rates, [("b", None), ("c", Some(2.0))]);
    }
}
