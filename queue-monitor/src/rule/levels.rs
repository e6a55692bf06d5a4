//! Several severities as one alert: each level has a life of its own, and the highest that fires is the one that is told.
//!
//! A level is held to `for` and to `keep_firing_for` as an alert of its own would be, so that a spike that is too short
//! for `critical` does not become it, and one that swings around `critical` does not flap between two severities.

use std::time::Duration;

use queue_core::AlertPhase;

use super::threshold::{Life, Terms};
use crate::config::AlertRule;

/// Where one alert on one queue stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Standing {
    lives: Box<[Life]>,
    pub(crate) phase: AlertPhase,
    /// Monotonic time at which it entered the phase.
    pub(crate) since: Duration,
    /// The level that is told, or that was told last.
    pub(crate) level: usize,
}

impl Standing {
    /// An alert of so many levels that is ok.
    pub(crate) fn new(levels: usize) -> Self {
        Self { lives: vec![Life::default(); levels].into(), phase: AlertPhase::Ok, since: Duration::ZERO, level: 0 }
    }

    /// Judges one value. Returns the phase that it left, if there is something to tell: another phase, or another level
    /// that fires.
    pub(crate) fn step(&mut self, rule: &AlertRule, now: Duration, value: Option<f64>) -> Option<AlertPhase> {
        for (life, terms) in self.lives.iter_mut().zip(terms(rule)) {
            life.step(&terms, now, value);
        }
        self.settle(now)
    }

    /// The samples of its queue have stopped.
    pub(crate) fn lose(&mut self, rule: &AlertRule, now: Duration) -> Option<AlertPhase> {
        for (life, terms) in self.lives.iter_mut().zip(terms(rule)) {
            life.lose(&terms, now);
        }
        self.settle(now)
    }

    /// Its definition is gone or another one.
    pub(crate) fn end(&mut self, now: Duration) -> Option<AlertPhase> {
        self.lives.iter_mut().for_each(|life| {
            life.end(now);
        });
        self.settle(now)
    }

    fn settle(&mut self, now: Duration) -> Option<AlertPhase> {
        let highest = |phases: &[AlertPhase]| self.lives.iter().rposition(|life| phases.contains(&life.phase));
        let (phase, level) = if highest(&[AlertPhase::Firing]).is_some() {
            // A level that is resolving is still told, as an alert of its own would be.
            let told = highest(&[AlertPhase::Firing, AlertPhase::Resolving]);
            (AlertPhase::Firing, told.unwrap_or(self.level))
        } else if highest(&[AlertPhase::Resolving]).is_some() {
            (AlertPhase::Resolving, self.level)
        } else if highest(&[AlertPhase::NoData]).is_some() {
            (AlertPhase::NoData, self.level)
        } else if let Some(pending) = highest(&[AlertPhase::Pending]) {
            (AlertPhase::Pending, pending)
        } else {
            // What ends, ends under the severity that it had.
            (AlertPhase::Ok, self.level)
        };
        let left = std::mem::replace(&mut self.phase, phase);
        let was = std::mem::replace(&mut self.level, level);
        if left != phase {
            self.since = now;
            return Some(left);
        }
        (phase == AlertPhase::Firing && was != level).then_some(left)
    }
}

fn terms(rule: &AlertRule) -> impl Iterator<Item = Terms> + '_ {
    let (hold, keep_firing_for) = (rule.hold, rule.keep_firing_for);
    rule.levels.iter().map(move |level| Terms { threshold: level.threshold, hold, keep_firing_for })
}

#[cfg(test)]
mod tests {
    use AlertPhase::{Firing, NoData, Ok, Pending, Resolving};

    use super::*;
    use crate::config::{Level, Threshold};
    use crate::testing::rule;

    /// Warning above 0.8 (clear at 0.7), critical above 0.9 (clear at 0.8).
    fn two(hold: u64, keep: u64) -> AlertRule {
        let level = |severity: &str, fire: f64| Level {
            severity: severity.into(),
            threshold: Threshold::Above { fire, clear: fire - 0.1 },
        };
        let levels = vec![level("warning", 0.8), level("critical", 0.9)];
        let (hold, keep_firing_for) = (Duration::from_secs(hold), Duration::from_secs(keep));
        AlertRule { levels, hold, keep_firing_for, ..rule() }
    }

    /// What is told over these values, one every ten seconds.
    fn told(rule: &AlertRule, values: &[f64]) -> Vec<(AlertPhase, AlertPhase, usize)> {
        let mut standing = Standing::new(rule.levels.len());
        let steps = values.iter().zip(0..).filter_map(|(value, pass)| {
            let left = standing.step(rule, Duration::from_secs(10 * pass), Some(*value))?;
            Some((left, standing.phase, standing.level))
        });
        steps.collect()
    }

    #[test]
    fn the_highest_level_that_holds_is_told_and_another_level_is_one_transition() {
        let story = told(&two(0, 0), &[0.85, 0.85, 0.95, 0.99, 0.75, 0.5]);
        assert_eq!(story, [(Ok, Firing, 0), (Firing, Firing, 1), (Firing, Firing, 0), (Firing, Ok, 0)]);
    }

    #[test]
    fn what_jumps_over_both_is_told_once_and_ends_under_its_severity() {
        assert_eq!(told(&two(0, 0), &[0.95, 0.1]), [(Ok, Firing, 1), (Firing, Ok, 1)]);
    }

    #[test]
    fn a_level_has_to_hold_for_as_long_as_for_says() {
        let story = told(&two(20, 0), &[0.85, 0.85, 0.85, 0.95, 0.85, 0.95, 0.95, 0.95]);
        assert_eq!(story, [(Ok, Pending, 0), (Pending, Firing, 0), (Firing, Firing, 1)]);
    }

    #[test]
    fn a_value_that_swings_around_a_level_does_not_flap_between_severities() {
        let swing: Vec<_> = (0..100).map(|pass| if pass % 2 == 0 { 0.95 } else { 0.82 }).collect();
        assert_eq!(told(&two(0, 0), &swing), [(Ok, Firing, 1)], "0.82 is not clear of critical");
        let wider: Vec<_> = (0..100).map(|pass| if pass % 2 == 0 { 0.95 } else { 0.75 }).collect();
        assert_eq!(told(&two(0, 60), &wider), [(Ok, Firing, 1)], "not clear of it for long enough");
    }

    #[test]
    fn while_it_resolves_it_is_what_was_told_last() {
        let story = told(&two(0, 20), &[0.95, 0.75, 0.1, 0.1, 0.1, 0.1, 0.1]);
        assert_eq!(story, [(Ok, Firing, 1), (Firing, Resolving, 1), (Resolving, Ok, 1)]);
    }

    #[test]
    fn levels_without_data_are_one_alert_without_data() {
        let (rule, mut standing) = (two(0, 60), Standing::new(2));
        standing.step(&rule, Duration::ZERO, Some(0.95));
        assert_eq!(standing.lose(&rule, Duration::from_secs(10)), Some(Firing));
        assert_eq!((standing.phase, standing.level), (NoData, 1));
        assert_eq!(standing.step(&rule, Duration::from_secs(20), Some(0.85)), Some(NoData));
        assert_eq!((standing.phase, standing.level), (Firing, 0), "judged afresh");
    }

    #[test]
    fn an_alert_without_levels_never_fires() {
        let never = AlertRule { levels: Vec::new(), ..rule() };
        assert_eq!(told(&never, &[1.0, 1.0, 1.0]), []);
    }
}
