//! How long a value has been on which side of its threshold: `ok → pending → firing → resolving → ok`.

use std::time::Duration;

use queue_core::AlertPhase;

use crate::config::Threshold;

/// How long an alert without data is kept where its definition gives no `keep_firing_for`.
const FORGET_AFTER: Duration = Duration::from_secs(5 * 60);

/// What one level of an alert is judged by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Terms {
    pub(crate) threshold: Threshold,
    /// Sustained this long before it fires.
    pub(crate) hold: Duration,
    /// Clear this long before it resolves.
    pub(crate) keep_firing_for: Duration,
}

/// Where one level of one alert on one queue is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Life {
    pub(crate) phase: AlertPhase,
    /// Monotonic time at which it entered the phase.
    pub(crate) since: Duration,
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Beyond the threshold.
    Over,
    /// Not beyond it, and not clear either: hysteresis keeps things as they are.
    Between,
    /// On the good side, or no value at all.
    Clear,
}

impl Life {
    /// Judges one value. Returns the phase that it left, if it left one.
    ///
    /// Each step is at most one transition: without `for`, ok goes straight to firing, and without
    /// `keep_firing_for`, firing goes straight to ok.
    pub(crate) fn step(&mut self, terms: &Terms, now: Duration, value: Option<f64>) -> Option<AlertPhase> {
        let held = now.saturating_sub(self.since);
        let next = match (self.phase, side(terms.threshold, value)) {
            // After a time without data nothing of the past counts: it is judged as if it were new.
            (AlertPhase::Ok | AlertPhase::NoData, Side::Over) if terms.hold.is_zero() => AlertPhase::Firing,
            (AlertPhase::Ok | AlertPhase::NoData, Side::Over) => AlertPhase::Pending,
            (AlertPhase::Ok | AlertPhase::NoData, _) => AlertPhase::Ok,
            (AlertPhase::Pending, Side::Over) if held >= terms.hold => AlertPhase::Firing,
            (AlertPhase::Pending, Side::Over) => AlertPhase::Pending,
            (AlertPhase::Pending, _) => AlertPhase::Ok,
            (AlertPhase::Firing, Side::Clear) if terms.keep_firing_for.is_zero() => AlertPhase::Ok,
            (AlertPhase::Firing, Side::Clear) => AlertPhase::Resolving,
            (AlertPhase::Resolving, Side::Clear) if held >= terms.keep_firing_for => AlertPhase::Ok,
            (AlertPhase::Resolving, Side::Clear) => AlertPhase::Resolving,
            (AlertPhase::Firing | AlertPhase::Resolving, _) => AlertPhase::Firing,
        };
        self.enter(next, now)
    }

    /// The samples of its queue have stopped. Returns the phase that it left, if it left one.
    ///
    /// What was firing or resolving is neither any more: nobody knows. What was pending has not held.
    pub(crate) fn lose(&mut self, terms: &Terms, now: Duration) -> Option<AlertPhase> {
        let forget_after = if terms.keep_firing_for.is_zero() { FORGET_AFTER } else { terms.keep_firing_for };
        let next = match self.phase {
            AlertPhase::Firing | AlertPhase::Resolving => AlertPhase::NoData,
            AlertPhase::NoData if now.saturating_sub(self.since) < forget_after => AlertPhase::NoData,
            AlertPhase::NoData | AlertPhase::Pending | AlertPhase::Ok => AlertPhase::Ok,
        };
        self.enter(next, now)
    }

    /// Its definition is gone or another one. Returns the phase that it left, if it left one.
    pub(crate) fn end(&mut self, now: Duration) -> Option<AlertPhase> {
        self.enter(AlertPhase::Ok, now)
    }

    fn enter(&mut self, next: AlertPhase, now: Duration) -> Option<AlertPhase> {
        if next == self.phase {
            return None;
        }
        self.since = now;
        Some(std::mem::replace(&mut self.phase, next))
    }
}

fn side(threshold: Threshold, value: Option<f64>) -> Side {
    // A NaN is on no side of anything: it counts as no value.
    let Some(value) = value.filter(|value| !value.is_nan()) else {
        return Side::Clear;
    };
    let (over, clear) = match threshold {
        Threshold::Above { fire, clear } => (value > fire, value <= clear),
        Threshold::Below { fire, clear } => (value < fire, value >= clear),
    };
    match (over, clear) {
        (true, _) => Side::Over,
        (false, true) => Side::Clear,
        (false, false) => Side::Between,
    }
}

#[cfg(test)]
mod tests {
    use AlertPhase::{Firing, NoData, Ok, Pending, Resolving};

    use super::*;

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn above(fire: f64, clear: f64, hold: u64, keep: u64) -> Terms {
        let threshold = Threshold::Above { fire, clear };
        Terms { threshold, hold: seconds(hold), keep_firing_for: seconds(keep) }
    }

    /// The phases after each value, one every ten seconds.
    fn phases(terms: &Terms, values: &[Option<f64>]) -> Vec<AlertPhase> {
        let mut life = Life::default();
        let judged = values.iter().zip(0..).map(|(value, pass)| {
            life.step(terms, seconds(10 * pass), *value);
            life.phase
        });
        judged.collect()
    }

    /// How often it came to fire out of calm, over a wave of `high` values over the threshold and `low` clear ones.
    fn times_fired(terms: &Terms, high: usize, low: usize, waves: usize) -> usize {
        let mut life = Life::default();
        let wave = [vec![1.0; high], vec![0.0; low]].concat();
        let values = (0..waves).flat_map(|_| wave.iter());
        let left = values.zip(0..).filter_map(|(value, pass)| {
            let left = life.step(terms, seconds(10 * pass), Some(*value))?;
            (life.phase == Firing && left != Resolving).then_some(left)
        });
        left.count()
    }

    #[test]
    fn it_fires_strictly_above_and_clears_at_or_below() {
        let terms = above(0.8, 0.7, 0, 0);
        let cases: &[(f64, f64, AlertPhase)] = &[
            // Its value before, its value now, its phase now.
            (0.0, 0.8, Ok),
            (0.0, 0.800_001, Firing),
            (0.9, 0.75, Firing),
            (0.9, 0.7, Ok),
            (0.0, 0.75, Ok),
        ];
        for (before, now, phase) in cases {
            assert_eq!(phases(&terms, &[Some(*before), Some(*now)])[1], *phase, "{before} then {now}");
        }
    }

    #[test]
    fn below_is_the_mirror_of_above() {
        let terms = Terms { threshold: Threshold::Below { fire: 10.0, clear: 20.0 }, ..above(0.0, 0.0, 0, 0) };
        let values = [30.0, 10.0, 9.9, 10.0, 19.9, 20.0, 5.0].map(Some);
        assert_eq!(phases(&terms, &values), [Ok, Ok, Firing, Firing, Firing, Ok, Firing]);
    }

    #[test]
    fn for_counts_from_the_first_sample_above() {
        let terms = above(0.8, 0.8, 30, 0);
        let values = [0.1, 0.9, 0.9, 0.9, 0.9, 0.1].map(Some);
        assert_eq!(phases(&terms, &values), [Ok, Pending, Pending, Pending, Firing, Ok]);
    }

    #[test]
    fn a_whole_life_goes_through_each_phase_and_can_begin_again() {
        let terms = above(0.8, 0.7, 10, 20);
        let values = [0.9, 0.9, 0.75, 0.7, 0.7, 0.7, 0.9, 0.9].map(Some);
        let life = [Pending, Firing, Firing, Resolving, Resolving, Ok, Pending, Firing];
        assert_eq!(phases(&terms, &values), life);
    }

    #[test]
    fn a_resolving_alert_that_is_not_clear_any_more_fires_on() {
        let terms = above(0.8, 0.7, 0, 60);
        for back in [0.75, 0.9] {
            let values = [0.9, 0.5, back, 0.5].map(Some);
            assert_eq!(phases(&terms, &values), [Firing, Resolving, Firing, Resolving], "back at {back}");
        }
    }

    #[test]
    fn hysteresis_is_for_what_fires_and_not_for_what_is_pending() {
        let terms = above(0.8, 0.2, 30, 0);
        assert_eq!(phases(&terms, &[0.9, 0.5, 0.9].map(Some)), [Pending, Ok, Pending]);
    }

    #[test]
    fn a_spike_shorter_than_for_never_fires() {
        for hold in 1..20 {
            let terms = above(0.5, 0.5, hold * 10, 0);
            for high in 1..=usize::try_from(hold).unwrap() {
                assert_eq!(times_fired(&terms, high, 1, 1), 0, "for {}s, above for {high} samples", hold * 10);
            }
            assert_eq!(times_fired(&terms, usize::try_from(hold).unwrap() + 1, 1, 1), 1);
        }
    }

    #[test]
    fn a_square_wave_faster_than_for_never_fires() {
        let terms = above(0.5, 0.5, 60, 120);
        for (high, low) in [(1, 1), (3, 1), (6, 1), (6, 9)] {
            assert_eq!(times_fired(&terms, high, low, 500), 0, "{high} up, {low} down");
        }
    }

    #[test]
    fn a_square_wave_that_never_clears_for_long_fires_once() {
        let terms = above(0.5, 0.5, 60, 120);
        for (high, low) in [(7, 1), (7, 12), (20, 5)] {
            assert_eq!(times_fired(&terms, high, low, 500), 1, "{high} up, {low} down");
        }
        assert_eq!(times_fired(&terms, 7, 13, 500), 500, "clear for longer than keep_firing_for each time");
    }

    /// Whatever the values: what fires was over all along, what is over was clear all along, and neither comes late.
    #[test]
    fn phases_follow_from_what_was_seen_and_from_nothing_else() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for (hold, keep) in [(0, 0), (1, 0), (0, 1), (3, 2), (2, 5)] {
            let (terms, mut life, mut sides) = (above(0.8, 0.5, hold * 10, keep * 10), Life::default(), Vec::new());
            for pass in 0..20_000 {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                // Runs long enough for every phase: the side changes every third time.
                let value = match random % 9 {
                    0 => Some(0.9),
                    1 => Some(0.6),
                    2 => [Some(0.1), None, Some(f64::NAN)][pass % 3],
                    _ => match sides.last() {
                        Some(Side::Over) => Some(0.9),
                        Some(Side::Between) => Some(0.6),
                        _ => Some(0.1),
                    },
                };
                sides.push(side(terms.threshold, value));
                let left = life.step(&terms, seconds(10 * pass as u64), value);
                let all = |wanted, last: u64| {
                    let last = usize::try_from(last).unwrap() + 1;
                    sides.len() >= last && sides[sides.len() - last..].iter().all(|side| *side == wanted)
                };
                match (left, life.phase) {
                    (Some(Ok | Pending), Firing) => assert!(all(Side::Over, hold), "fired early"),
                    (Some(Firing | Resolving), Ok) => assert!(all(Side::Clear, keep), "resolved early"),
                    (_, Ok | Pending) => assert!(!all(Side::Over, hold), "should fire"),
                    (_, Firing | Resolving) => assert!(!all(Side::Clear, keep), "should have resolved"),
                    (_, NoData) => panic!("there were data"),
                }
            }
        }
    }

    #[test]
    fn no_value_and_no_number_never_fire_and_do_clear() {
        for nothing in [None, Some(f64::NAN)] {
            for threshold in [Threshold::Above { fire: 0.0, clear: 0.0 }, Threshold::Below { fire: 9.0, clear: 9.0 }] {
                let terms = Terms { threshold, ..above(0.0, 0.0, 0, 0) };
                assert_eq!(phases(&terms, &[nothing; 3]), [Ok; 3]);
                assert_eq!(phases(&terms, &[Some(5.0), nothing]), [Firing, Ok]);
            }
        }
    }

    #[test]
    fn a_clock_that_goes_back_changes_nothing_early() {
        let terms = above(0.5, 0.5, 30, 30);
        let mut life = Life::default();
        life.step(&terms, seconds(100), Some(1.0));
        life.step(&terms, seconds(0), Some(1.0));
        assert_eq!(life, Life { phase: Pending, since: seconds(100) });
    }

    #[test]
    fn losing_the_samples_says_so_for_what_was_firing_and_drops_the_rest() {
        let cases = [(Ok, Ok), (Pending, Ok), (Firing, NoData), (Resolving, NoData), (NoData, NoData)];
        for (phase, after) in cases {
            let mut life = Life { phase, since: seconds(100) };
            life.lose(&above(0.5, 0.5, 0, 60), seconds(101));
            assert_eq!(life.phase, after, "{phase}");
        }
    }

    #[test]
    fn no_data_ends_after_keep_firing_for_or_five_minutes() {
        for (keep, ends) in [(60, 60), (0, 300), (600, 600)] {
            let terms = above(0.5, 0.5, 0, keep);
            let mut life = Life { phase: NoData, since: seconds(100) };
            assert_eq!(life.lose(&terms, seconds(100 + ends - 1)), None);
            assert_eq!(life.lose(&terms, seconds(100 + ends)), Some(NoData), "keep_firing_for {keep}s");
        }
    }

    #[test]
    fn data_that_is_back_is_judged_afresh() {
        for (hold, value, after) in [(30, 1.0, Pending), (0, 1.0, Firing), (0, 0.1, Ok)] {
            let mut life = Life { phase: NoData, since: seconds(0) };
            life.step(&above(0.5, 0.5, hold, 600), seconds(1000), Some(value));
            assert_eq!(life, Life { phase: after, since: seconds(1000) });
        }
    }
}
